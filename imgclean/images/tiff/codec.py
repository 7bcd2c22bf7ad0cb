"""TIFF of one image: gray, RGB, CMYK, palettes and channels that are no colours.

tifffile decodes and encodes the pixels. It writes neither EXIF and GPS directories nor tags as
they stood; so the directory that it wrote is replaced by one of its structural tags and of the
source's others.
"""

from __future__ import annotations

import logging
from io import SEEK_END, BytesIO
from typing import TYPE_CHECKING, Any

from tifffile import TiffFile, TiffWriter

from imgclean.images.picture import Picture
from imgclean.images.tiff.directory import read_directory, read_header, write_directory
from imgclean.images.tiff.jpeg import require_end
from imgclean.images.tiff.loss import JPEGS
from imgclean.images.tiff.metadata import metadata_of, tags_to_write
from imgclean.images.tiff.page import (
    as_samples,
    as_stored,
    check_page,
    highest_sample,
    record_of_page,
    structure_tags,
    write_settings,
)
from imgclean.images.tiff.record import (
    PREMULTIPLIED_ALPHA,
    STRAIGHT_ALPHA,
    UNSPECIFIED,
    TiffRecord,
)
from imgclean.images.tiff.refusals import (
    check_page_size,
    refuse_raw,
    refuse_stacks,
    require_whole,
)
from imgclean.images.tiff.tags import Layout
from imgclean.images.tiff.target import record_for, samples_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from imgclean.images.limits import ReadRules
    from imgclean.images.picture import AlphaKind

# tifffile reports oddities of files through logging, which prints where nothing is set up.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_LARGEST_CLASSIC = 4_000_000_000  # pixels beyond this need BigTIFF's offsets
_ALPHA_KINDS: Mapping[int, AlphaKind] = {
    UNSPECIFIED: "unknown",
    PREMULTIPLIED_ALPHA: "premultiplied",
    STRAIGHT_ALPHA: "straight",
}


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image in a TIFF file, not turned by its orientation tag.

    Raises:
        UnreadableImage: the content is damaged.
        UnsupportedImage: it is a raw photo, a stack, or of a kind that is not handled.
    """
    header = read_header(data)
    tags = read_directory(data, header.first, header.layout).tags
    refuse_raw(data, header.layout, tags)
    with TiffFile(BytesIO(data), is_ome=False) as file:
        page = file.pages.first
        check_page(page)
        check_page_size(page, rules)
        if not rules.first_page:
            refuse_stacks(data, header, file)
        require_whole(page, len(data))
        if page.compression in JPEGS:
            for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
                require_end(data[offset : offset + count])
        record = record_of_page(page, header.layout, tags)
        stored = page.asarray(squeeze=False, maxworkers=1)
    return picture_of(as_samples(stored, record), record)


def encode(picture: Picture, quality: int | None) -> bytes:
    """Return a TIFF file; without a TIFF to follow, one with deflate and a predictor.

    A quality counts only where the source's compression loses something.
    """
    record = record_for(picture, quality)
    samples = samples_for(picture, record)
    big = record.layout.big or samples.nbytes > _LARGEST_CLASSIC
    stream = BytesIO()
    with TiffWriter(stream, bigtiff=big, byteorder=record.layout.order) as writer:
        settings = write_settings(record, samples.dtype, samples.shape[2])
        writer.write(as_stored(samples, record), **settings)
    return _with_tags(stream, record, picture, Layout(record.layout.order, big))


def picture_of(samples: NDArray[Any], record: TiffRecord) -> Picture:
    """Return the picture of samples as `as_samples` gives them."""
    at = record.alpha_at
    extra = STRAIGHT_ALPHA if at is None else record.extra_samples[at - record.colours]
    return Picture(
        samples,
        alpha=at is not None,
        format="tiff",
        metadata=metadata_of(record),
        alpha_kind=_ALPHA_KINDS[extra],
        separate=record.separate,
        highest=highest_sample(record),
    )


def _with_tags(stream: BytesIO, record: TiffRecord, picture: Picture, layout: Layout) -> bytes:
    """Return the file with another directory at its end in place of the one that it has."""
    with stream.getbuffer() as view:
        header = read_header(view)
        written = read_directory(view, header.first, layout).tags
    tags = (*structure_tags(written, record), *tags_to_write(record, picture.metadata))
    end = stream.seek(0, SEEK_END)
    start = end + end % 2
    directory = write_directory(tags, layout, start)
    stream.write(bytes(start - end) + directory)
    stream.seek(layout.offset.size)  # the header keeps it behind as many bytes
    stream.write(layout.offset.pack(start))
    return stream.getvalue()
