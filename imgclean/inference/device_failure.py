"""Tells a device that fails from a file that does."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from imgclean.errors import ImageError
from imgclean.inference.device import synchronise

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import torch

    from imgclean.extension.model_info import Precision
    from imgclean.extension.requests import Raster
    from imgclean.images.picture import Picture
    from imgclean.images.rasters import Sink
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.jobs import Job
    from imgclean.inference.treatment import RasterFunction, Tool, Treatment


class DeviceFailed(BaseException):
    """The device computes nothing any more in this process.

    It is no `Exception`, so that nothing on its way takes it for the failure of one file.
    """


class Watched:
    """A treatment that ends with `DeviceFailed` where the device is what fails.

    Otherwise a GPU with a driver error would fail every file that it is given, and fast.

    Args:
        treatment: what is done with each image.
        device: where.
        probe: raises if the device is of no use any more.
    """

    def __init__(
        self,
        treatment: Treatment,
        device: torch.device,
        probe: Callable[[torch.device], None] = synchronise,
    ) -> None:
        self._treatment = treatment
        self._device = device
        self._probe = probe

    @property
    def denoisers(self) -> tuple[Denoiser, ...]:
        """The treatment's."""
        return self._treatment.denoisers

    @property
    def scale(self) -> int:
        """The treatment's."""
        return self._treatment.scale

    def choose(self, job: Job, like: Picture, page: int) -> Tool:
        """Return the treatment's tool, watched."""
        tool = self._treatment.choose(job, like, page)
        return dataclasses.replace(tool, function=self._watched(tool.function))

    def _watched(self, function: RasterFunction) -> RasterFunction:
        def watched(
            raster: Raster,
            sink: Sink,
            *,
            dtype: np.dtype[np.generic],
            on_pixels: Callable[[int], None],
        ) -> Precision | None:
            try:
                return function(raster, sink, dtype=dtype, on_pixels=on_pixels)
            except ImageError:
                self._require_device()
                raise

        return watched

    def _require_device(self) -> None:
        try:
            self._probe(self._device)
        except Exception as error:  # torch has no class of its own for it before 2.8
            first, *_ = str(error).splitlines() or [""]  # CUDA adds a page of advice
            raise DeviceFailed(f"{type(error).__name__}: {first}") from error
