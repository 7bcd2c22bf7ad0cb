"""One device or several, and runs that several share."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import imgclean
from imgclean.errors import DeviceUnavailable, InvalidSetting
from imgclean.inference.devices import can_share, choose_devices, require_one_device
from imgclean.inference.jobs import STREAM, Job


def jobs(*names: str) -> list[Job]:
    return [Job(Path(name), Path("out", name), None, None) for name in names]


@pytest.fixture
def four_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)


def test_a_list_names_a_worker_for_each_part():
    assert choose_devices("cpu, cpu") == ("cpu", "cpu")
    assert choose_devices("cpu") == ("cpu",)


def test_auto_is_every_gpu_where_there_are_several(four_gpus):
    assert choose_devices("auto") == ("cuda:0", "cuda:1", "cuda:2", "cuda:3")
    assert choose_devices("cuda") == ("cuda",)
    assert choose_devices("cuda:1,cuda:3") == ("cuda:1", "cuda:3")


@pytest.mark.parametrize("count", [0, 1])
def test_auto_stays_auto_with_one_gpu_or_none(monkeypatch, count):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert choose_devices("auto") == ("auto",)


@pytest.mark.parametrize("text", ["cpu,", "cpu,auto", ",", "cpu,tpu", "tpu"])
def test_a_part_that_is_no_device_is_refused(text):
    with pytest.raises(InvalidSetting, match="is not a device"):
        choose_devices(text)


def test_a_gpu_that_is_not_there_is_refused(four_gpus):
    with pytest.raises(DeviceUnavailable, match="cuda:4 is not available"):
        choose_devices("cuda:0,cuda:4")


def test_where_one_device_is_needed_a_list_is_refused(small_set):
    require_one_device("cuda:1")
    array = torch.zeros(8, 8).numpy()
    with pytest.raises(InvalidSetting, match="names several devices"):
        imgclean.denoise(array, weights=str(small_set), device="cpu,cpu")


def test_a_single_image_and_a_pipe_stay_in_one_process():
    two = ("cpu", "cpu")
    assert can_share(jobs("a.png", "b.png"), two)
    assert not can_share(jobs("a.png", "b.png"), ("cpu",))
    assert not can_share(jobs("a.png"), two)
    assert not can_share([*jobs("a.png"), Job(STREAM, STREAM, None, None)], two)
