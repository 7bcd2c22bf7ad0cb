"""TIFF of one image: 8 and 16 bits and float32, compressed without loss or not at all.

tifffile decodes and encodes the pixels. It writes neither EXIF and GPS directories nor tags as
they stood; so the directory that it wrote is replaced by one of its structural tags and of the
source's others.
"""

from __future__ import annotations

import logging
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from tifffile import TiffFile, TiffWriter

from imgclean.errors import UnreadableImage
from imgclean.images.limits import check_size
from imgclean.images.picture import Picture
from imgclean.images.tiff_directory import Layout, read_directory, read_header, write_directory
from imgclean.images.tiff_record import (
    FLOATING_POINT,
    HORIZONTAL,
    MIN_IS_WHITE,
    NO_COMPRESSION,
    NO_PREDICTOR,
    PLANAR,
    STRUCTURE,
    TiffRecord,
    metadata_of,
    record_for,
    record_of_page,
)
from imgclean.images.tiff_refusals import refuse_raw_and_stacks, refuse_unsupported, require_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

# tifffile reports oddities of files through logging, which prints where nothing is set up.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_LARGEST_CLASSIC = 4_000_000_000  # pixels beyond this need BigTIFF's offsets
_TILE_MULTIPLE = 16


def decode(data: bytes) -> Picture:
    """Return the image in a TIFF file, not turned by its orientation tag."""
    header = read_header(data)
    tags = read_directory(data, header.first, header.layout).tags
    refuse_raw_and_stacks(data, header, tags)
    with TiffFile(BytesIO(data), is_ome=False) as file:
        page = file.pages.first
        check_size(page.imagewidth, page.imagelength)
        refuse_unsupported(file, page)
        require_whole(page, len(data))
        stored = page.asarray(squeeze=False, maxworkers=1)
        record = record_of_page(page, header.layout, tags)
    # Planes, depth, rows, columns, interleaved samples: planes or samples are one.
    samples = stored[0, 0] if stored.shape[0] == 1 else np.moveaxis(stored[:, 0, :, :, 0], 0, 2)
    samples = np.ascontiguousarray(samples, samples.dtype.newbyteorder("="))
    if record.photometric == MIN_IS_WHITE:
        samples = _inverted(samples)
    alpha = record.extra_sample is not None
    if samples.shape[2] not in ((2, 4) if alpha else (1, 3)):
        raise UnreadableImage("damaged: its tags contradict each other on the channels")
    return Picture(samples, alpha=alpha, format="tiff", metadata=metadata_of(record))


def encode(picture: Picture, quality: int | None) -> bytes:  # noqa: ARG001 - nothing is lost
    """Return a TIFF file; without a TIFF to follow, one with deflate and a predictor."""
    own = picture.metadata.own
    record = own if isinstance(own, TiffRecord) else record_for(picture)
    samples = picture.samples
    if record.photometric == MIN_IS_WHITE:
        samples = _inverted(samples)
    big = record.layout.big or samples.nbytes > _LARGEST_CLASSIC
    stream = BytesIO()
    with TiffWriter(stream, bigtiff=big, byteorder=record.layout.order) as writer:
        writer.write(_as_stored(samples, record), **_settings(record, samples.dtype))
    return _with_tags(stream, record, Layout(record.layout.order, big))


def _as_stored(samples: NDArray[Any], record: TiffRecord) -> NDArray[Any]:
    if samples.shape[2] == 1:
        return samples[:, :, 0]
    if record.planar == PLANAR:
        return np.ascontiguousarray(np.moveaxis(samples, 2, 0))
    return np.ascontiguousarray(samples)


def _settings(record: TiffRecord, dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return tifffile's arguments."""
    predictor = record.predictor
    if record.compression == NO_COMPRESSION:
        predictor = NO_PREDICTOR  # tifffile has no other way to write such a file
    elif predictor == HORIZONTAL and dtype.kind == "f":
        predictor = FLOATING_POINT
    tile = record.tile
    if tile and (tile[0] % _TILE_MULTIPLE or tile[1] % _TILE_MULTIPLE):
        tile = None
    extra = record.extra_sample
    several = record.photometric != MIN_IS_WHITE and False
    return {
        "photometric": record.photometric,
        "planarconfig": record.planar if several else None,
        "extrasamples": None if extra is None else (extra,),
        "compression": record.compression,
        "predictor": predictor,
        "tile": tile,
        "rowsperstrip": None if tile else record.rows_per_strip,
        "metadata": None,
        "software": False,
        "maxworkers": 1,
    }
