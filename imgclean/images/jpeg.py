"""JPEG, 8 bits, gray and colour.

Pillow decodes the pixels and imageio has them encoded, with the quantisation tables, the chroma
subsampling and the colour transform that the file had. Both see nothing but pixels; all
metadata segments are carried across by `jpeg_segments`, byte for byte.
"""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

import imageio.v3 as iio
import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.jpeg_metadata import gather_metadata, metadata_segments
from imgclean.images.jpeg_mpf import find_multi_picture, is_multi_picture
from imgclean.images.jpeg_record import (
    FULL_CHROMA,
    QUARTER_CHROMA,
    JpegRecord,
    component_tables,
    is_rgb,
    pillow_subsampling,
)
from imgclean.images.jpeg_segments import (
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

    from numpy.typing import NDArray

    from imgclean.images.limits import ReadRules

_DEFAULT_QUALITY = 95
_FULL_CHROMA_QUALITY = 90
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
    image = JpegImageFile(BytesIO(_pixel_segments(data, segments)))
    samples = np.asarray(image)
    if samples.ndim == 2:
        samples = samples[:, :, np.newaxis]
    if samples.shape != (frame.height, frame.width, len(frame.components)):
        raise UnreadableImage("damaged: the decoder disagrees with the header on the size")
    kept = tuple((each.marker, each.payload) for each in segments if each.is_metadata)
    record = JpegRecord(
        segments=kept,
        tables=component_tables(frame, image.quantization),
        subsampling=pillow_subsampling(frame),
        rgb=is_rgb(frame, kept),
        progressive=_PROGRESSIVE[frame.process],
        trailer=data[segments[-1].end :],
        pictures=pictures,
    )
    return Picture(samples, alpha=False, format="jpeg", metadata=gather_metadata(kept, record))


def encode(picture: Picture, quality: int | None) -> bytes:
    """Return a JPEG file. Without a quality, one from a JPEG file gets that file's tables."""
    own = picture.metadata.own
    record = own if isinstance(own, JpegRecord) else None
    encoded = _encode_pixels(picture.samples, record, quality)
    # The encoder's own APP0 and APP14 make room for the kept ones: on the transform they agree.
    body = next(e.start for e in read_segments(encoded) if e.marker not in (APP0, APP14))
    kept = record.segments if record else metadata_segments(picture.metadata)
    length = len(SOI) + sum(4 + len(payload) for _, payload in kept) + len(encoded) - body
    parts = [SOI]
    position = len(SOI)
    for marker, payload in kept:
        if record and record.pictures and is_multi_picture(marker, payload):
            payload = record.pictures.moved(payload, segment_start=position, end=length)
        parts.append(write_segment(marker, payload))
        position += len(parts[-1])
    return b"".join((*parts, memoryview(encoded)[body:], record.trailer if record else b""))


def _refuse_unsupported(frame: Frame) -> None:
    if frame.process not in _PROGRESSIVE or frame.precision != 8:
        raise UnsupportedImage(
            f"a JPEG of {frame.precision} bits and process {frame.process - 0xC0}, "
            "such as a lossless one",
            hint="convert it to PNG or TIFF first",
        )
    if len(frame.components) == 4:
        raise UnsupportedImage("a CMYK JPEG", hint="convert it to RGB first")
    if len(frame.components) not in (1, 3):
        raise UnsupportedImage(f"a JPEG of {len(frame.components)} components")


def _pixel_segments(data: bytes, segments: Sequence[Segment]) -> bytes:
    """Return the first image alone, without metadata that a decoder might stumble over."""
    view = memoryview(data)
    wanted = [e for e in segments if not e.is_metadata or e.marker in (APP0, APP14)]
    return b"".join((SOI, *(view[each.start : each.end] for each in wanted)))


def _encode_pixels(
    samples: NDArray[np.uint8], record: JpegRecord | None, quality: int | None
) -> bytes:
    pixels = samples[:, :, 0] if samples.shape[2] == 1 else samples
    settings: dict[str, Any] = {}
    if record is None:
        settings["quality"] = _DEFAULT_QUALITY if quality is None else quality
        full = settings["quality"] >= _FULL_CHROMA_QUALITY
        settings["subsampling"] = FULL_CHROMA if full else QUARTER_CHROMA
    else:
        settings |= {"subsampling": record.subsampling, "keep_rgb": record.rgb}
        settings |= {"qtables": record.tables} if quality is None else {"quality": quality}
    if record and record.progressive:
        # libjpeg needs the whole file in one buffer then, and Pillow's may be too small for it.
        with suppress(OSError):
            return _encode_jpeg(pixels, progressive=True, **settings)
    return _encode_jpeg(pixels, **settings)


def _encode_jpeg(pixels: NDArray[np.uint8], **settings: Any) -> bytes:
    encoded: bytes = iio.imwrite("<bytes>", pixels, plugin="pillow", extension=".jpg", **settings)
    return encoded
