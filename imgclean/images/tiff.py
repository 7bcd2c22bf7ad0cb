"""TIFF of one image: 8 and 16 bits and float32, compressed without loss or not at all.

tifffile decodes and encodes the pixels. It writes neither EXIF and GPS directories nor tags as
they stood; so the directory that it wrote is replaced by one of its structural tags and of the
source's others.
"""

from __future__ import annotations

import logging
from io import SEEK_END, BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from tifffile import TiffFile, TiffWriter

from imgclean.errors import UnreadableImage
from imgclean.images.limits import check_size
from imgclean.images.picture import Picture
from imgclean.images.tiff_directory import read_directory, read_header, write_directory
from imgclean.images.tiff_record import (
    FLOATING_POINT,
    HORIZONTAL,
    MIN_IS_WHITE,
    NO_COMPRESSION,
    NO_PREDICTOR,
    PLANAR,
    PREMULTIPLIED_ALPHA,
    STRAIGHT_ALPHA,
    STRUCTURE,
    UNSPECIFIED,
    TiffRecord,
    metadata_of,
    record_for,
    record_of_page,
)
from imgclean.images.tiff_refusals import refuse_raw_and_stacks, refuse_unsupported, require_whole
from imgclean.images.tiff_tags import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from imgclean.images.limits import ReadRules
    from imgclean.images.picture import AlphaKind

# tifffile reports oddities of files through logging, which prints where nothing is set up.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_LARGEST_CLASSIC = 4_000_000_000  # pixels beyond this need BigTIFF's offsets
_TILE_MULTIPLE = 16
_ALPHA_KINDS: Mapping[int | None, AlphaKind] = {
    None: "straight",
    UNSPECIFIED: "unknown",
    PREMULTIPLIED_ALPHA: "premultiplied",
    STRAIGHT_ALPHA: "straight",
}


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image in a TIFF file, not turned by its orientation tag."""
    header = read_header(data)
    tags = read_directory(data, header.first, header.layout).tags
    refuse_raw_and_stacks(data, header, tags)
    with TiffFile(BytesIO(data), is_ome=False) as file:
        page = file.pages.first
        check_size(page.imagewidth, page.imagelength, rules)
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
    alpha_kind = _ALPHA_KINDS[record.extra_sample]
    if samples.shape[2] not in ((2, 4) if alpha else (1, 3)):
        raise UnreadableImage("damaged: its tags contradict each other on the channels")
    metadata = metadata_of(record)
    return Picture(samples, alpha, format="tiff", metadata=metadata, alpha_kind=alpha_kind)


def encode(picture: Picture, quality: int | None) -> bytes:  # noqa: ARG001 - nothing is lost
    """Return a TIFF file; without a TIFF to follow, one with deflate and a predictor."""
    own = picture.metadata.own
    record = own if isinstance(own, TiffRecord) else record_for(picture)
    samples = picture.samples
    if record.photometric == MIN_IS_WHITE:
        samples = _inverted(samples)
    big = record.layout.big or samples.nbytes > _LARGEST_CLASSIC
    planar = record.planar if samples.shape[2] > 1 else None
    stream = BytesIO()
    with TiffWriter(stream, bigtiff=big, byteorder=record.layout.order) as writer:
        writer.write(_as_stored(samples, planar), **_settings(record, samples.dtype, planar))
    return _with_tags(stream, record, Layout(record.layout.order, big))


def _as_stored(samples: NDArray[Any], planar: int | None) -> NDArray[Any]:
    if planar is None:
        return samples[:, :, 0]
    return np.ascontiguousarray(np.moveaxis(samples, 2, 0) if planar == PLANAR else samples)


def _settings(record: TiffRecord, dtype: np.dtype[Any], planar: int | None) -> dict[str, Any]:
    """Return tifffile's arguments."""
    predictor = record.predictor
    if record.compression == NO_COMPRESSION:
        predictor = NO_PREDICTOR  # tifffile writes none without compression
    elif predictor == HORIZONTAL and dtype.kind == "f":
        predictor = FLOATING_POINT  # nor integers' differences of floats
    tile = record.tile
    if tile and any(side % _TILE_MULTIPLE for side in tile):
        tile = None
    return {
        "photometric": record.photometric,
        "planarconfig": planar,
        "extrasamples": None if record.extra_sample is None else (record.extra_sample,),
        "compression": record.compression,
        "predictor": predictor,
        "tile": tile,
        "rowsperstrip": None if tile else record.rows_per_strip,
        "metadata": None,
        "software": False,
        "maxworkers": 1,
    }


def _with_tags(stream: BytesIO, record: TiffRecord, layout: Layout) -> bytes:
    """Return the file with another directory at its end in place of the one that it has."""
    with stream.getbuffer() as view:
        header = read_header(view)
        written = read_directory(view, header.first, layout).tags
    structure = [tag for tag in written if tag.code in STRUCTURE]
    end = stream.seek(0, SEEK_END)
    start = end + end % 2
    directory = write_directory((*structure, *record.tags), layout, start)
    stream.write(bytes(start - end) + directory)
    stream.seek(layout.offset.size)  # the header keeps it behind as many bytes
    stream.write(layout.offset.pack(start))
    return stream.getvalue()


def _inverted(gray: NDArray[Any]) -> NDArray[Any]:
    """Return gray samples with black and white exchanged, alpha as it is."""
    inverted = gray.copy()
    np.invert(gray[:, :, 0], out=inverted[:, :, 0])
    return inverted
