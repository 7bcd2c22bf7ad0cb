"""What is measured: a model with its weights, or a classical method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from imgclean.images.rasters import ArrayRaster, ArraySink

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgclean.inference.denoiser import Denoiser


class Restorer(Protocol):
    """Anything that makes a clean image of a degraded one."""

    @property
    def name(self) -> str:
        """Name of the model or of the method."""

    @property
    def weights(self) -> str:
        """Name of the weight set; of a method without weights its own."""

    def restore(
        self,
        planes: NDArray[np.float32],
        dtype: np.dtype[np.generic],
        truth: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Return the clean image.

        Args:
            planes: float32[C, H, W], nominally in [0, 1].
            dtype: sample type of the image's file.
            truth: what should come out, of the shape of `planes`, for a model that shows what
                could be reached if it were known.

        Raises:
            ImageError: it cannot be cleaned.
        """


class ModelRestorer:
    """A model, at its own precision for images of their type.

    Args:
        denoiser: the model with its weights.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        self.denoiser = denoiser

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.denoiser.info.name

    @property
    def weights(self) -> str:
        """Name of the weight set."""
        return self.denoiser.weights.name

    def restore(
        self,
        planes: NDArray[np.float32],
        dtype: np.dtype[np.generic],
        truth: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Return the clean float32[C, H, W].

        Raises:
            ImageError: it cannot be cleaned.
        """
        channels, height, width = planes.shape
        sink = ArraySink((channels, height, width))
        known = None if truth is None else ArrayRaster(truth)
        self.denoiser.denoise(ArrayRaster(planes), sink, dtype=dtype, clean=known)
        return sink.values
