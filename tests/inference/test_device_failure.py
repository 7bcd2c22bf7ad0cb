"""A device that fails ends its worker; a file that fails does not."""

from __future__ import annotations

import pytest
import torch

from imgclean.errors import DenoiserFailed
from imgclean.inference.device_failure import DeviceFailed, Watched
from imgclean.inference.treatment import Tool

CPU = torch.device("cpu")


class Failing:
    """A treatment that fails every image."""

    denoisers = ()

    def choose(self, job, like, page):
        return Tool(self._fail, None)

    def _fail(self, raster, sink, *, dtype, on_pixels):
        raise DenoiserFailed("dncnn failed: RuntimeError: CUDA error")


def treat(watched):
    watched.choose(None, None, 1).function(None, None, dtype=None, on_pixels=lambda _: None)


def test_on_a_sound_device_the_file_is_what_fails():
    with pytest.raises(DenoiserFailed):
        treat(Watched(Failing(), CPU))


def test_a_device_of_no_more_use_is_no_failure_of_the_file():
    def probe(_device):
        raise RuntimeError("CUDA error: an illegal memory access\nand a page of advice")

    with pytest.raises(DeviceFailed) as caught:
        treat(Watched(Failing(), CPU, probe))
    assert str(caught.value) == "RuntimeError: CUDA error: an illegal memory access"
    assert not isinstance(caught.value, Exception), "one bad file must not stand for it"
