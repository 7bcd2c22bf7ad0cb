"""An image in memory, with all that its file says about it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from imgclean.images.metadata.enlarged import enlarged_exif, enlarged_packet
from imgclean.images.metadata.exif import orientation_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

LengthUnit = Literal["inch", "centimetre", "metre"]
AlphaKind = Literal["straight", "premultiplied", "unknown"]
ColourSpace = Literal["gray", "rgb", "cmyk", "separate"]

_SPACES: dict[int, ColourSpace] = {1: "gray", 3: "rgb", 4: "cmyk"}
_UNITS_PER_METRE: dict[LengthUnit, float] = {"inch": 1 / 0.0254, "centimetre": 100.0, "metre": 1.0}


@dataclass(frozen=True, slots=True)
class Resolution:
    """How densely an image is meant to be shown or printed.

    Attributes:
        x, y: pixels per unit along the width and along the height, above 0.
        unit: the unit of length.
    """

    x: float
    y: float
    unit: LengthUnit

    def per(self, unit: LengthUnit) -> tuple[float, float]:
        """Return pixels per `unit` along the width and the height."""
        factor = _UNITS_PER_METRE[self.unit] / _UNITS_PER_METRE[unit]
        return self.x * factor, self.y * factor

    def enlarged(self, scale: int) -> Resolution:
        """Return the density of an image of so many times the sides on the same paper."""
        return Resolution(self.x * scale, self.y * scale, self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a file says about its image.

    The fields before `own` are what most formats can say, for writing to another format. `own` is
    everything, in the form of the format that the image was read from: written to the same
    format, it is taken as it is, except that `xmp` takes the place of the packet in it.

    Attributes:
        icc: colour profile.
        exif: EXIF block from its TIFF header on, without the prefix that JPEG puts before it.
        xmp: XMP packet.
        iptc: IPTC-IIM records, without Photoshop's wrapping.
        resolution: density, where the file states one with a unit.
        quality: 1 to 100, about, of pixels whose compression lost something, where the file tells.
        own: the record of the format's codec, or None.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    resolution: Resolution | None = None
    quality: int | None = None
    own: Record | None = None

    def stripped(self) -> Metadata:
        """Return what shows the image as it is meant: the profile and the orientation."""
        return Metadata(
            icc=self.icc,
            exif=orientation_block(self.exif),
            quality=self.quality,
            own=None if self.own is None else self.own.stripped(),
        )

    def enlarged(self, scale: int) -> Metadata:
        """Return what is to be said of the image with `scale` times as many pixels a side.

        On paper and under the microscope it is as large as before: its density grows.
        """
        return dataclasses.replace(
            self,
            exif=enlarged_exif(self.exif, scale),
            xmp=enlarged_packet(self.xmp, scale),
            resolution=None if self.resolution is None else self.resolution.enlarged(scale),
            own=None if self.own is None else self.own.enlarged(scale),
        )


class Record(Protocol):
    """How a file holds its image, and what it says besides, in the form of its format."""

    def stripped(self) -> Record:
        """Return how the file holds its image, without what it says.

        The format's codec then writes what the general fields say.
        """

    def enlarged(self, scale: int) -> Record:
        """Return the same of the image with `scale` times as many pixels a side."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One image.

    Attributes:
        samples: (H, W, C) in the file's own type (uint8, uint16, float16, float32 or float64) and
            in native byte order: gray (1), RGB (3), CMYK (4) or separate channels, then alpha if
            there is any. May be read-only.
        alpha: whether the last channel is alpha, or another channel that is no colour.
        format: name of the format, as in `formats.FORMATS`.
        metadata: what else the file says.
        alpha_kind: whether colours are as they are (`straight`) or multiplied with alpha; or
            `unknown`, where the file does not say what the last channel is. Means nothing
            without alpha.
        separate: whether each channel is a gray image of its own, such as a spectral band.
        highest: the largest value that integer samples can have by the file's bit depth, where
            that is below the type's: 4095 for 12 bits in uint16.
    """

    samples: NDArray[Any]
    alpha: bool
    format: str
    metadata: Metadata = field(default_factory=Metadata)
    alpha_kind: AlphaKind = "straight"
    separate: bool = False
    highest: int | None = None

    def __post_init__(self) -> None:
        if self.samples.ndim != 3 or not (self.separate or self.channels in _SPACES):
            raise ValueError(f"samples of shape {self.samples.shape} with alpha={self.alpha}")

    @property
    def space(self) -> ColourSpace:
        """What the colour channels mean."""
        return "separate" if self.separate else _SPACES[self.channels]

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.samples.shape[0])

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.samples.shape[1])

    @property
    def channels(self) -> int:
        """Channels without alpha."""
        return int(self.samples.shape[2]) - self.alpha

    @property
    def dtype(self) -> np.dtype[Any]:
        """Sample type."""
        return self.samples.dtype

    @property
    def colour(self) -> NDArray[Any]:
        """The samples without alpha, (H, W, C): a view."""
        return self.samples[:, :, : self.channels]

    def with_colour(self, colour: NDArray[Any]) -> Picture:
        """Return the picture with other colour samples beside the same alpha.

        Args:
            colour: (H, W, C), of the shape and type of `self.colour`.

        Raises:
            ValueError: the shape or the type differs.
        """
        if colour.shape != self.colour.shape or colour.dtype != self.dtype:
            raise ValueError(
                f"{colour.dtype}{colour.shape} in place of {self.dtype}{self.colour.shape}"
            )
        if self.alpha:
            colour = np.concatenate([colour, self.samples[:, :, -1:]], axis=2)
        return dataclasses.replace(self, samples=colour)
