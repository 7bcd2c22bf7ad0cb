"""What a file says of its image, for people and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.images.jpeg.quality import is_of_libjpeg
from imgclean.images.jpeg.record import JpegRecord

if TYPE_CHECKING:
    from imgclean.images.picture import ColourSpace, Picture

_BLOCKS = ("icc", "exif", "xmp", "iptc", "resolution")
_SCHEMES = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What a file says of its image.

    Attributes:
        format: its name.
        width, height: pixels.
        colours: what they are.
        channels: how many, without alpha.
        alpha: whether there is alpha.
        dtype: sample type.
        bits: of a sample.
        metadata: which of `icc`, `exif`, `xmp`, `iptc` and `resolution` there are.
        quality: 1 to 100, of a lossy file that tells.
        quality_exact: of a JPEG, whether its tables are libjpeg's of that quality.
        subsampling: of a JPEG in colour, as `4:2:0`.
    """

    format: str
    width: int
    height: int
    colours: ColourSpace
    channels: int
    alpha: bool
    dtype: str
    bits: int
    metadata: tuple[str, ...]
    quality: int | None
    quality_exact: bool | None
    subsampling: str | None


def facts_of(picture: Picture) -> ImageFacts:
    """Return what the file of a picture says of it."""
    metadata = picture.metadata
    own = metadata.own if isinstance(metadata.own, JpegRecord) else None
    exact = None
    if own is not None and metadata.quality is not None:
        exact = is_of_libjpeg(own.tables[0], metadata.quality)
    return ImageFacts(
        format=picture.format,
        width=picture.width,
        height=picture.height,
        colours=picture.space,
        channels=picture.channels,
        alpha=picture.alpha,
        dtype=str(picture.dtype),
        bits=(picture.highest or 0).bit_length() or 8 * picture.dtype.itemsize,
        metadata=tuple(name for name in _BLOCKS if getattr(metadata, name)),
        quality=metadata.quality,
        quality_exact=exact,
        subsampling=_subsampling(own) if own is not None else None,
    )


def _subsampling(own: JpegRecord) -> str | None:
    """Return how often chroma was sampled, as J:a:b; None for gray, `other` for rare ones."""
    if len(own.sampling) < 3:
        return None
    (wide, high), (less_wide, less_high) = own.sampling[:2]
    if wide % less_wide or high % less_high:
        return "other"
    return _SCHEMES.get((wide // less_wide, high // less_high), "other")
