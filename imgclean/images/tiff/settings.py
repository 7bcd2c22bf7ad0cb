"""How tifffile is told to hold an image, and which of its tags a file keeps."""

from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING, Any

from imgclean.images.tiff.loss import (
    IMAGE_CODECS,
    JPEGS,
    WRITTEN_AS,
    compression_arguments,
    is_encodable,
)
from imgclean.images.tiff.record import (
    COLOURS,
    DEFLATE,
    FLOATING_POINT,
    HORIZONTAL,
    INTERLEAVED,
    MIN_IS_BLACK,
    NO_COMPRESSION,
    NO_PREDICTOR,
    PALETTE,
    PLANAR,
    RGB,
    SEPARATED,
    WRITTEN_STRUCTURE,
    YCBCR,
    TiffRecord,
)
from imgclean.images.tiff.tags import SHORT, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

NATIVE_ORDER = "<" if sys.byteorder == "little" else ">"

_TILE_MULTIPLE = 16
_PREDICTABLE = frozenset((5, 8, 32946, 34925, 34926, 50000, 50013))
_PHOTOMETRIC, _EXTRA_SAMPLES = 262, 338


def write_settings(record: TiffRecord, dtype: np.dtype[Any], channels: int) -> dict[str, Any]:
    """Return the arguments of `TiffWriter.write` for samples as `as_stored` gives them.

    Args:
        record: how the file is to hold its pixels.
        dtype: the samples' type.
        channels: samples of a pixel.
    """
    compression, predictor = written_compression(record, dtype, channels)
    bits = packed_bits(record)
    as_usual = record.colours == COLOURS[record.photometric]
    tile = record.tile
    if tile and any(side % _TILE_MULTIPLE for side in tile):
        tile = None
    settings: dict[str, Any] = {
        "photometric": _photometric(record),
        "planarconfig": record.written_planar if channels > 1 else None,
        "extrasamples": record.extra_samples if as_usual and record.extra_samples else None,
        "compression": compression,
        "compressionargs": compression_arguments(compression, record.loss, bits),
        "predictor": predictor,
        "bitspersample": bits,
        "tile": tile,
        "rowsperstrip": None if tile else record.rows_per_strip,
        "metadata": None,
        "software": False,
        "maxworkers": 1,
    }
    if "subsampling" in (chroma := _chroma(record, compression, tile)):
        settings["compressionargs"]["outcolorspace"] = record.photometric
    return settings | chroma


def written_compression(record: TiffRecord, dtype: np.dtype[Any], channels: int) -> tuple[int, int]:
    """Return the compression and the predictor that samples are written with.

    The compression is the record's where it can hold them, else deflate. Samples of 9 to 15 bits
    are packed without compression: tifffile cannot do both.
    """
    compression = WRITTEN_AS.get(record.compression, record.compression)
    bits = packed_bits(record)
    interleaved = channels if record.written_planar == INTERLEAVED else 1
    rgba_jpeg = compression in JPEGS and interleaved > 3 and record.photometric != SEPARATED
    foreign_order = dtype.itemsize > 1 and record.layout.order != NATIVE_ORDER
    if (
        rgba_jpeg
        or (foreign_order and compression in IMAGE_CODECS)
        or not is_encodable(compression, dtype, interleaved, bits)
    ):
        compression = DEFLATE if bits is None else NO_COMPRESSION
    if compression not in _PREDICTABLE:
        return compression, NO_PREDICTOR
    changed = compression != record.compression or record.palette is not None
    if record.predictor == NO_PREDICTOR and not changed:
        return compression, NO_PREDICTOR
    return compression, FLOATING_POINT if dtype.kind == "f" else HORIZONTAL


def packed_bits(record: TiffRecord) -> int | None:
    """Return how many bits samples are written with, where below those of their type."""
    return record.bits if record.bits is not None and record.bits > 8 else None


def structure_tags(written: Iterable[Tag], record: TiffRecord) -> tuple[Tag, ...]:
    """Return which of the tags that tifffile wrote a file keeps: those of the structure.

    tifffile counts samples as extra that the source does not, and knows no inks but CMYK.

    Args:
        written: in the byte order of the record's layout.
        record: how the file is to hold its pixels.
    """
    ours = {_EXTRA_SAMPLES: record.extra_samples}
    if record.photometric == SEPARATED:
        ours[_PHOTOMETRIC] = (SEPARATED,)
    kept = [tag for tag in written if tag.code in WRITTEN_STRUCTURE and tag.code not in ours]
    order = record.layout.order
    for code, values in ours.items():
        if values:
            kept.append(Tag(code, SHORT, struct.pack(f"{order}{len(values)}H", *values)))
    return tuple(kept)


def _photometric(record: TiffRecord) -> int:
    if record.photometric in (PALETTE, YCBCR):
        return RGB
    if record.photometric == SEPARATED and record.colours != COLOURS[SEPARATED]:
        return MIN_IS_BLACK
    return record.photometric


def _chroma(record: TiffRecord, compression: int, tile: tuple[int, int] | None) -> dict[str, Any]:
    """Return the arguments on how a JPEG holds RGB."""
    if compression not in JPEGS or _photometric(record) != RGB or record.planar == PLANAR:
        return {}
    subsampling = record.loss.subsampling if record.loss else (1, 1)
    block = 8 * max(subsampling)
    fits = tile is None or not any(side % block for side in tile)
    return {"subsampling": subsampling if fits and record.photometric == YCBCR else (1, 1)}
