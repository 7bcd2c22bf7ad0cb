"""The opposite of cleaning: a run that degrades each image."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from imgclean.degradation.image import degrade_image
from imgclean.errors import ImgcleanError, UnsupportedImage, one_line
from imgclean.extension.requests import Window
from imgclean.images.limits import READ_ALL, check_size
from imgclean.inference.treatment import Tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from imgclean.degradation.base import Degradation
    from imgclean.extension.requests import Raster
    from imgclean.images.picture import Picture
    from imgclean.images.rasters import Sink
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.jobs import Job


class Degrading:
    """Each image is degraded, with noise of its own.

    Args:
        degradation: what is applied; of a range each image draws its level.
        seed: of all that is drawn. A file that was named draws with the seed itself, as an
            evaluation does; a file of a folder, and each further page, with one that is made of
            the seed and its name.
        folder: the folder that is degraded; None for a file.
    """

    def __init__(self, degradation: Degradation, seed: int, folder: Path | None) -> None:
        self._degradation = degradation
        self._seed = seed
        self._folder = folder

    @property
    def denoisers(self) -> tuple[Denoiser, ...]:
        """None."""
        return ()

    @property
    def scale(self) -> int:
        """1: also what was shrunk is shown at its old size."""
        return 1

    def choose(self, job: Job, like: Picture, page: int) -> Tool:
        """Return what degrades the image; channels that are no colours go one by one."""
        name = "" if self._folder is None else job.input.relative_to(self._folder).as_posix()
        seed = self._seed
        if name or page > 1:
            digest = hashlib.sha256(f"{seed} {page} {name}".encode("utf-8", "surrogateescape"))
            seed = int.from_bytes(digest.digest()[:4])
        together = like.space in ("gray", "rgb")
        return Tool(partial(self._degrade, seed=seed, together=together), None)

    def _degrade(
        self,
        raster: Raster,
        sink: Sink,
        *,
        dtype: np.dtype[np.generic],
        on_pixels: Callable[[int], None],
        seed: int,
        together: bool,
    ) -> None:
        channels, height, width = raster.shape
        check_size(width, height, READ_ALL)
        whole = Window(0, 0, width, height)
        samples = raster.read(whole)
        groups = (
            [range(channels)]
            if together
            else [range(index, index + 1) for index in range(channels)]
        )
        parts = [
            self._degraded(samples[group.start : group.stop], dtype, seed + index)
            for index, group in enumerate(groups)
        ]
        sink.write(whole, np.concatenate(parts))
        on_pixels(height * width)

    def _degraded(
        self, samples: NDArray[np.float32], dtype: np.dtype[np.generic], seed: int
    ) -> NDArray[np.float32]:
        """Return float32[C, H, W] degraded.

        Integers go through exactly. To floats the change is added that their nearest 16-bit
        values undergo, so that what lies outside [0, 1], and the finest steps, are kept.
        """
        kind, top = (np.uint8, 255) if dtype == np.uint8 else (np.uint16, 65535)
        image = np.rint(samples.clip(0, 1) * top).astype(kind).transpose(1, 2, 0)
        try:
            noisy = degrade_image(image, self._degradation, seed=seed).noisy
        except ImgcleanError:
            raise
        except Exception as error:  # codecs raise anything
            raise UnsupportedImage(f"cannot be degraded: {one_line(error)}") from error
        if dtype.kind == "f":
            noisy = noisy - image / top + samples.transpose(1, 2, 0)
        return noisy.transpose(2, 0, 1).astype(np.float32)
