"""What a TIFF file says besides its pixels, and what the same would be for other pictures."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from imgclean.images.exif import exif_block, exif_tags
from imgclean.images.picture import Metadata, Resolution
from imgclean.images.tiff_tags import BYTE, RATIONAL, SHORT, UNDEFINED, Layout, Tag, reordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tifffile import TiffPage

    from imgclean.images.picture import LengthUnit, Picture

MIN_IS_WHITE, MIN_IS_BLACK, RGB = 0, 1, 2
NO_COMPRESSION, DEFLATE = 1, 8
NO_PREDICTOR, HORIZONTAL, FLOATING_POINT = 1, 2, 3
INTERLEAVED, PLANAR = 1, 2
UNSPECIFIED, PREMULTIPLIED_ALPHA, STRAIGHT_ALPHA = 0, 1, 2

STRUCTURE = frozenset(
    (256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339)
)
"""Tags on how the pixels are stored; a file that is written has its own."""

# Other images of the source (previews, layers, masks) and tags of kinds that are refused.
_DROPPED = frozenset((288, 289, 320, 330, 347, 400, 37724, *range(512, 522)))
_XMP, _ICC = 700, 34675
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_LARGEST_DENOMINATOR = 10_000
_LOWEST_DENSITY, _HIGHEST_DENSITY = 0.001, 400_000.0  # what such fractions of 32 bits hold
_UNITS: Mapping[int, LengthUnit] = {2: "inch", 3: "centimetre"}


@dataclass(frozen=True, slots=True)
class TiffRecord:
    """What a TIFF file says besides its pixels, and how it holds them.

    Attributes:
        layout: byte order and size of offsets.
        tags: all tags but those of the structure.
        photometric: `MIN_IS_WHITE`, `MIN_IS_BLACK` or `RGB`.
        compression, predictor: numbers, as TIFF has them.
        planar: `INTERLEAVED` or `PLANAR`.
        tile: height and width, or None for strips.
        rows_per_strip: None for tifffile's choice.
        extra_sample: what the last channel is: `UNSPECIFIED`, `PREMULTIPLIED_ALPHA` (the colours
            are multiplied with it) or `STRAIGHT_ALPHA`; None if it is a colour.
    """

    layout: Layout
    tags: tuple[Tag, ...]
    photometric: int
    compression: int = DEFLATE
    predictor: int = HORIZONTAL
    planar: int = INTERLEAVED
    tile: tuple[int, int] | None = None
    rows_per_strip: int | None = None
    extra_sample: int | None = None


def record_of_page(page: TiffPage, layout: Layout, tags: tuple[Tag, ...]) -> TiffRecord:
    """Return the record of a page of a file.

    Args:
        page: the image.
        layout: the file's.
        tags: all tags of the image's directory.
    """
    extra = page.samplesperpixel > (3 if page.photometric == RGB else 1)
    stated = int(page.extrasamples[0]) if page.extrasamples else UNSPECIFIED
    known = stated if stated in (PREMULTIPLIED_ALPHA, STRAIGHT_ALPHA) else UNSPECIFIED
    return TiffRecord(
        layout,
        tuple(tag for tag in tags if tag.code not in STRUCTURE | _DROPPED),
        photometric=int(page.photometric),
        compression=int(page.compression),
        predictor=int(page.predictor),
        planar=int(page.planarconfig or INTERLEAVED),
        tile=(page.tilelength, page.tilewidth) if page.is_tiled else None,
        rows_per_strip=None if page.is_tiled else int(page.rowsperstrip),
        extra_sample=known if extra else None,
    )


def record_for(picture: Picture) -> TiffRecord:
    """Return a record that says what the picture's metadata say in general."""
    metadata = picture.metadata
    layout, exif = exif_tags(metadata.exif or b"")
    tags = {tag.code: tag for tag in exif if tag.code not in STRUCTURE | _DROPPED}
    if metadata.icc:
        tags[_ICC] = Tag(_ICC, UNDEFINED, metadata.icc)
    if metadata.xmp:
        tags[_XMP] = Tag(_XMP, BYTE, metadata.xmp)
    if metadata.resolution:
        tags |= {tag.code: tag for tag in _resolution_tags(metadata.resolution, layout)}
    return TiffRecord(
        layout,
        tuple(tags.values()),
        photometric=MIN_IS_BLACK if picture.channels == 1 else RGB,
        predictor=HORIZONTAL if picture.dtype.kind == "u" else FLOATING_POINT,
        extra_sample=STRAIGHT_ALPHA if picture.alpha else None,
    )


def metadata_of(record: TiffRecord) -> Metadata:
    """Return what the record says, in general terms too."""
    values = {tag.code: tag.value for tag in record.tags}
    layout = record.layout
    return Metadata(
        icc=values.get(_ICC),
        exif=exif_block(record.tags, layout),
        xmp=values.get(_XMP),
        resolution=_resolution({tag.code: tag for tag in record.tags}, layout),
        own=record,
    )


def _resolution(tags: Mapping[int, Tag], layout: Layout) -> Resolution | None:
    unit = 2  # inch, where the file does not say
    if _RESOLUTION_UNIT in tags:
        unit = tags[_RESOLUTION_UNIT].numbers(layout)[0]
    densities = []
    for code in (_X_RESOLUTION, _Y_RESOLUTION):
        if code in tags and tags[code].type == RATIONAL:
            numerator, denominator = tags[code].numbers(layout)[:2]
            densities.append(numerator / denominator if denominator else 0.0)
    if unit not in _UNITS or len(densities) < 2 or not all(densities):
        return None
    return Resolution(densities[0], densities[1], _UNITS[unit])


def _resolution_tags(resolution: Resolution, layout: Layout) -> tuple[Tag, ...]:
    unit: LengthUnit = "centimetre" if resolution.unit == "centimetre" else "inch"
    densities = resolution.per(unit)
    if not all(_LOWEST_DENSITY < each < _HIGHEST_DENSITY for each in densities):
        return ()
    number = 3 if unit == "centimetre" else 2
    little = [Tag(_RESOLUTION_UNIT, SHORT, number.to_bytes(2, "little"))]
    for code, density in zip((_X_RESOLUTION, _Y_RESOLUTION), densities, strict=True):
        exact = Fraction(density).limit_denominator(_LARGEST_DENOMINATOR)
        value = exact.numerator.to_bytes(4, "little") + exact.denominator.to_bytes(4, "little")
        little.append(Tag(code, RATIONAL, value))
    return reordered(little, Layout("<"), layout)
