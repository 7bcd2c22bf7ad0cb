"""What becomes of a model's output on its way to where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from imgclean.images.luminance import gray_planes
from imgclean.inference.detail import DetailKept
from imgclean.inference.float_store import hand_on
from imgclean.inference.tile_functions import followed_by

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster, Window
    from imgclean.images.rasters import Sink
    from imgclean.inference.tile_functions import TileFunction

_Planes = TypeVar("_Planes", "NDArray[np.float32]", "torch.Tensor")


class Combine(Protocol):
    """Makes an image of the noisy and the clean one, pixel by pixel."""

    def __call__(self, noisy: _Planes, clean: _Planes) -> _Planes:
        """Return float[..., C, h, w] of two such, of numpy or of torch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What is done to a model's output, in the order of the attributes.

    Attributes:
        keep_detail: share of fine luminance that textured places get back, 0 to 1.
        one_tone: red, green and blue are made one, as they were before.
        chroma_only: the luma of red, green and blue stays as it was.
        strength: share of the whole change that is applied, 0 to 1.
        colours: whether channels are red, green and blue; nothing is done for it alone.
    """

    keep_detail: float = 0.0
    one_tone: bool = False
    chroma_only: bool = False
    strength: float = 1.0
    colours: bool = False

    @property
    def is_by_pixel(self) -> bool:
        """Whether a pixel of the result depends on nothing around it."""
        return self.keep_detail == 0

    def around(self, function: TileFunction) -> TileFunction:
        """Return a model's function with all that is done to single pixels."""
        return followed_by(function, self._combine) if self._combines else function

    def into(self, sink: Sink, noisy: Raster) -> Sink:
        """Return a sink for a model's output that does all that is done to single pixels."""
        return Combined(sink, noisy, self._combine) if self._combines else sink

    def hand_on(self, clean: Raster, noisy: Raster, sink: Sink) -> None:
        """Write a model's output to where it goes, finished.

        Raises:
            NonFiniteOutput: there is a NaN or an infinity in it.
        """
        if self.keep_detail:
            clean = DetailKept(clean, noisy, self.keep_detail, colours=self.colours)
        hand_on(clean, self.into(sink, noisy))

    @property
    def _combines(self) -> bool:
        return self.one_tone or self.chroma_only or self.strength != 1

    def _combine(self, noisy: _Planes, clean: _Planes) -> _Planes:
        if self.one_tone:
            clean = gray_planes(clean)[..., [0, 0, 0], :, :]
        if self.chroma_only:
            clean = clean + gray_planes(noisy - clean)
        return clean if self.strength == 1 else noisy + self.strength * (clean - noisy)


class Combined:
    """A sink for a clean image, of which another one gets what it makes with the noisy one.

    Args:
        sink: gets that.
        noisy: the noisy image.
        combine: makes it.
    """

    def __init__(self, sink: Sink, noisy: Raster, combine: Combine) -> None:
        self._sink = sink
        self._noisy = noisy
        self._combine = combine

    def write(self, window: Window, values: NDArray[np.float32]) -> None:
        """Take float32[C, h, w]."""
        self._sink.write(window, self._combine(self._noisy.read(window), values))
