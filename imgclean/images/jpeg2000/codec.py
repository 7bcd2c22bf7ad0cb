"""JPEG 2000: JP2 and JPX files and raw codestreams, 1 to 16 bits.

imagecodecs (OpenJPEG) decodes and encodes the codestream, and nothing but it: given the boxes, it
would apply colour profiles and palettes. The boxes are carried across by `record`.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.boxes.box import Box, first_body, read_boxes, write_boxes
from imgclean.images.jpeg2000.codestream import read_main_header, with_comments
from imgclean.images.jpeg2000.record import (
    SIGNATURE,
    Jpeg2000Record,
    metadata_of,
    record_for,
    record_of,
    with_xmp,
)
from imgclean.images.jpeg2000.refusals import refuse_boxes, refuse_components, stated_alpha
from imgclean.images.limits import check_size
from imgclean.images.picture import Picture

if TYPE_CHECKING:
    from imgclean.images.jpeg2000.codestream import MainHeader
    from imgclean.images.limits import ReadRules

_CODESTREAM_BEGIN = b"\xff\x4f\xff\x51"
_QUALITY = 90
_MOST_LEVELS = 6
_SMALLEST_SIDE = 32


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image in a JP2 file or in a codestream."""
    raw = data.startswith(_CODESTREAM_BEGIN)
    boxes = [] if raw else read_boxes(data)
    codestream = data if raw else _codestream(boxes, rules)
    header = read_main_header(codestream)
    check_size(header.width, header.height, rules)
    record = Jpeg2000Record(raw, header.reversible, header.comments, header=())
    if not raw:
        record = record_of(record, boxes)
        _check_box_on_size(boxes, header)
        refuse_boxes(record, header)
    refuse_components(header)
    alpha = stated_alpha(record, len(header.components))
    samples = imagecodecs.jpeg2k_decode(codestream, planar=False)
    if samples.ndim == 2:
        samples = samples[:, :, np.newaxis]
    if samples.shape != (header.height, header.width, len(header.components)):
        raise UnreadableImage("damaged: the decoder disagrees with the header on the size")
    bits = header.components[0].bits
    return Picture(
        samples,
        alpha is not None,
        "jpeg2000",
        metadata_of(record),
        alpha_kind=alpha or "straight",
        highest=None if bits in (8, 16) else (1 << bits) - 1,
    )


def encode(picture: Picture, quality: int | None) -> bytes:
    """Return a JP2 file, or a codestream if the picture was read from one.

    Without loss if the source was so (5-3 wavelet, or another format) and no quality is asked
    for; else by the 9-7 wavelet at a peak signal-to-noise ratio of 25 + 0.22 quality dB: 45 dB
    for quality 90, which also stands for the unknown one of a lossy source.
    """
    own = picture.metadata.own
    of_this_format = own if isinstance(own, Jpeg2000Record) else None
    lossless = quality is None and (of_this_format is None or of_this_format.reversible)
    codestream = _encode_pixels(picture, None if lossless else quality or _QUALITY)
    if of_this_format is not None and of_this_format.header is not None:
        record = with_xmp(of_this_format, picture.metadata.xmp)
        codestream = with_comments(codestream, record.comments)
    else:
        record = record_for(
            picture.metadata,
            channels=picture.channels,
            alpha=picture.alpha_kind if picture.alpha else None,
            reversible=lossless,
        )
    if of_this_format is not None and of_this_format.raw:
        return codestream
    header = read_main_header(codestream)
    parts = len(header.components)
    size = struct.pack(">IIHBBBB", header.height, header.width, parts, _bits(picture) - 1, 7, 0, 0)
    inner = (Box(b"ihdr", size), *(record.header or ()))
    file_type, *before = record.before
    return write_boxes(
        (SIGNATURE, file_type, *_with_header(before, Box(b"jp2h", write_boxes(inner))))
    ) + write_boxes((Box(b"jp2c", codestream), *record.after))


def _encode_pixels(picture: Picture, quality: int | None) -> bytes:
    """Return a codestream, without loss if quality is None."""
    height, width, channels = picture.samples.shape
    levels = 1
    while levels < _MOST_LEVELS and min(height, width) >> levels >= _SMALLEST_SIDE // 2:
        levels += 1
    flat = np.ascontiguousarray(picture.samples).ravel()
    return bytes(
        imagecodecs.jpeg2k_encode(
            flat.reshape((height, width) if channels == 1 else (height, width, channels)),
            level=None if quality is None else round(25 + 0.22 * quality),
            codecformat="J2K",
            planar=False if channels > 1 else None,
            bitspersample=_bits(picture),
            resolutions=levels,
            reversible=quality is None,
            mct=picture.channels == 3,
        )
    )


def _bits(picture: Picture) -> int:
    whole = picture.dtype.itemsize * 8
    return whole if picture.highest is None else min(picture.highest.bit_length(), whole)


def _with_header(before: list[Box], header: Box) -> list[Box]:
    """Return the boxes with `jp2h` where it was, or at the end."""
    at = next((i for i, box in enumerate(before) if box.kind == b"jp2h"), len(before))
    return [*before[:at], header, *before[at + 1 :]]


def _codestream(boxes: list[Box], rules: ReadRules) -> bytes:
    """Return the content of the only `jp2c` box, or of the first."""
    brand = (first_body(boxes, b"ftyp") or b"")[:4]
    if brand in (b"mjp2", b"mj2s", b"jpm "):
        raise UnsupportedImage(
            "a JPEG 2000 film or document of several images", hint="take single images out first"
        )
    found = [bytes(box.body) for box in boxes if box.kind == b"jp2c"]
    if not found:
        raise UnreadableImage("truncated or damaged: it holds no codestream")
    if len(found) > 1 and not rules.first_page:
        raise UnsupportedImage(
            f"a JPX file of {len(found)} images", hint="choose the first with --pages first"
        )
    return found[0]


def _check_box_on_size(boxes: list[Box], header: MainHeader) -> None:
    inner = read_boxes(first_body(boxes, b"jp2h") or b"")
    stated = first_body(inner, b"ihdr") or b""
    if len(stated) != 14:
        raise UnreadableImage("damaged: it has no well-formed ihdr box")
    if struct.unpack_from(">II", stated) != (header.height, header.width):
        raise UnreadableImage("damaged: its boxes and its codestream differ on the size")
