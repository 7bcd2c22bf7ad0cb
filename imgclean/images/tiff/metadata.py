"""What a TIFF file says, in general terms, and what other pictures' metadata are in TIFF's."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from imgclean.images.metadata.exif import exif_block, exif_tags
from imgclean.images.metadata.iptc import iptc_of_resources
from imgclean.images.picture import Metadata, Resolution
from imgclean.images.tiff.record import WRITTEN_STRUCTURE
from imgclean.images.tiff.tags import BYTE, LONG, RATIONAL, SHORT, UNDEFINED, Layout, Tag, reordered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgclean.images.picture import LengthUnit
    from imgclean.images.tiff.record import TiffRecord

_XMP, _IPTC, _PHOTOSHOP, _ICC = 700, 33723, 34377, 34675
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_IMAGES = frozenset((288, 289, 320, 330, 347, 400, *range(512, 522)))  # other images' tags
_LARGEST_DENOMINATOR = 10_000
_LOWEST_DENSITY, _HIGHEST_DENSITY = 0.001, 400_000.0  # what such fractions of 32 bits hold
_UNITS: Mapping[int, LengthUnit] = {2: "inch", 3: "centimetre"}


def metadata_of(record: TiffRecord) -> Metadata:
    """Return what the record says, in general terms too."""
    tags = {tag.code: tag for tag in record.tags}
    layout = record.layout
    return Metadata(
        icc=tags[_ICC].value if _ICC in tags else None,
        exif=exif_block(record.tags, layout),
        xmp=tags[_XMP].value if _XMP in tags else None,
        iptc=_iptc(tags),
        resolution=_resolution(tags, layout),
        quality=record.loss.quality if record.loss else None,
        own=record,
    )


def tags_to_write(record: TiffRecord, metadata: Metadata) -> tuple[Tag, ...]:
    """Return the tags of a file besides those of its structure.

    They are the record's, and for one that is not complete what `metadata` says in general.
    `metadata.xmp` is the packet that counts: it takes the place of the record's.
    """
    tags = {tag.code: tag for tag in record.tags}
    if not record.complete:
        general = {tag.code: tag for tag in general_tags(metadata, record.layout)}
        tags = general | tags
    packet = tags.pop(_XMP, None)
    if metadata.xmp:
        same = packet is not None and packet.value == metadata.xmp
        tags[_XMP] = packet if packet is not None and same else Tag(_XMP, BYTE, metadata.xmp)
    return tuple(tags.values())


def general_tags(metadata: Metadata, layout: Layout) -> tuple[Tag, ...]:
    """Return tags that say what `metadata` says in general, with their values in `layout`."""
    source, exif = exif_tags(metadata.exif or b"")
    kept = [tag for tag in exif if tag.code not in WRITTEN_STRUCTURE | _IMAGES]
    tags = {tag.code: tag for tag in reordered(kept, source, layout)}
    for code, kind, value in (
        (_ICC, UNDEFINED, metadata.icc),
        (_XMP, BYTE, metadata.xmp),
        (_IPTC, UNDEFINED, metadata.iptc),
    ):
        if value:
            tags[code] = Tag(code, kind, value)
    if metadata.resolution:
        tags |= {tag.code: tag for tag in _resolution_tags(metadata.resolution, layout)}
    return tuple(tags.values())


def _iptc(tags: Mapping[int, Tag]) -> bytes | None:
    if _IPTC in tags:
        tag = tags[_IPTC]
        return tag.value.rstrip(b"\x00") if tag.type == LONG else tag.value  # filled up to longs
    return iptc_of_resources(tags[_PHOTOSHOP].value) if _PHOTOSHOP in tags else None


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
