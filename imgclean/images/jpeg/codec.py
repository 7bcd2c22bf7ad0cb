"""JPEG, 8 bits: gray, colour and CMYK.

imagecodecs decodes the pixels, Pillow those of CMYK, and `pixels` has them encoded with the
quantisation tables, the subsampling and the colour transform that the file had. They see nothing
but pixels; all metadata segments are carried across by `segments`, byte for byte.

Of CMYK, 0 is no ink, as in TIFF. Files hold 255 for none (ITU-T T.872, as Adobe's programs do);
those that do not say who wrote them are taken to do so too, as by Pillow.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.jpeg.metadata import gather_metadata, metadata_segments, with_packet
from imgclean.images.jpeg.mpf import find_multi_picture, is_multi_picture
from imgclean.images.jpeg.pixels import encode_pixels
from imgclean.images.jpeg.record import (
    DEFAULT_ENCODINGS,
    JpegRecord,
    component_tables,
    encoding_of,
    sampling_factors,
)
from imgclean.images.jpeg.segments import (
    APP0,
    APP14,
    FRAME_HEADERS,
    SOI,
    Frame,
    Segment,
    parse_frame,
    read_segments,
    write_segment,
)
from imgclean.images.limits import check_size
from imgclean.images.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.images.limits import ReadRules

_PROGRESSIVE = {0xC0: False, 0xC1: False, 0xC2: True, 0xC9: False, 0xCA: True}


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the (first) image in a JPEG file, not turned by its orientation tag."""
    segments = list(read_segments(data))
    header = next((each for each in segments if each.marker in FRAME_HEADERS), None)
    if header is None:
        raise UnreadableImage("damaged: it has no frame header")
    frame = parse_frame(header)
    _refuse_unsupported(frame)
    check_size(frame.width, frame.height, rules)
    pictures = find_multi_picture(segments, data)
    if pictures and pictures.photos and not rules.first_page:
        raise UnsupportedImage(
            "an MPO: a JPEG of several photos",
            hint="--pages first takes the first; or save its photos as single files",
        )
    stream = _pixel_segments(data, segments)
    image = JpegImageFile(BytesIO(stream))
    # Both are libjpeg; the one gives its rows away without copying them twice, the other knows
    # the conventions on inks.
    inks = len(frame.components) == 4
    samples = np.asarray(image) if inks else imagecodecs.jpeg8_decode(stream)
    if samples.ndim == 2:
        samples = samples[:, :, np.newaxis]
    if samples.shape != (frame.height, frame.width, len(frame.components)):
        raise UnreadableImage("damaged: the decoder disagrees with the header on the size")
    kept = tuple((each.marker, each.payload) for each in segments if each.is_metadata)
    record = JpegRecord(
        segments=kept,
        tables=component_tables(frame, image.quantization),
        sampling=sampling_factors(frame),
        encoding=encoding_of(frame, kept),
        progressive=_PROGRESSIVE[frame.process],
        trailer=data[segments[-1].end :],
        pictures=pictures,
    )
    if pictures and pictures.photos:
        record = _of_the_first(record, kept)
    return Picture(samples, alpha=False, format="jpeg", metadata=gather_metadata(kept, record))


def encode(picture: Picture, quality: int | None) -> bytes:
    """Return a JPEG file. Without a quality, one from a JPEG file gets that file's tables."""
    own, channels = picture.metadata.own, picture.channels
    record = own if isinstance(own, JpegRecord) and len(own.sampling) == channels else None
    encoded = encode_pixels(picture.samples, record, quality)
    if record and record.segments is not None:
        kept = with_packet(record.segments, picture.metadata.xmp)
    else:
        encoding = record.encoding if record else DEFAULT_ENCODINGS[channels]
        kept = metadata_segments(picture.metadata, encoding)
    # The encoder's own APP0 and APP14 make room for the kept ones: on the transform they agree.
    body = next(e.start for e in read_segments(encoded) if e.marker not in (APP0, APP14))
    length = len(SOI) + sum(4 + len(payload) for _, payload in kept) + len(encoded) - body
    parts = [SOI]
    position = len(SOI)
    for marker, payload in kept:
        if record and record.pictures and is_multi_picture(marker, payload):
            payload = record.pictures.moved(payload, segment_start=position, end=length)
        parts.append(write_segment(marker, payload))
        position += len(parts[-1])
    return b"".join((*parts, memoryview(encoded)[body:], record.trailer if record else b""))


def _of_the_first(record: JpegRecord, kept: Sequence[tuple[int, bytes]]) -> JpegRecord:
    alone = tuple(each for each in kept if not is_multi_picture(*each))
    return replace(record, segments=alone, trailer=b"", pictures=None)


def _refuse_unsupported(frame: Frame) -> None:
    if frame.process not in _PROGRESSIVE or frame.precision != 8:
        raise UnsupportedImage(
            f"a JPEG of {frame.precision} bits and process {frame.process - 0xC0}, "
            "such as a lossless one",
            hint="convert it to PNG or TIFF first",
        )
    if len(frame.components) not in DEFAULT_ENCODINGS:
        raise UnsupportedImage(
            f"a JPEG of {len(frame.components)} components", hint="convert it to PNG or TIFF first"
        )


def _pixel_segments(data: bytes, segments: Sequence[Segment]) -> bytes:
    """Return the first image alone, without metadata that a decoder might stumble over."""
    view = memoryview(data)
    wanted = [e for e in segments if not e.is_metadata or e.marker in (APP0, APP14)]
    return b"".join((SOI, *(view[each.start : each.end] for each in wanted)))
