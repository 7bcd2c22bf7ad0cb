"""AVIF: 8, 10 and 12 bits.

imagecodecs (libavif) decodes and encodes the pixels of all depths. It sees nothing but pixels;
what else there is in the file is carried across by `record`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagecodecs
import numpy as np

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.avif.reading import has_alpha, metadata_of, read_configuration
from imgclean.images.avif.record import (
    UNSPECIFIED,
    AvifRecord,
    Colour,
    general_record,
    numbered,
    orientation_properties,
    with_xmp,
)
from imgclean.images.avif.writing import write_items
from imgclean.images.boxes.box import first_body, read_boxes
from imgclean.images.boxes.items import read_items
from imgclean.images.boxes.orientation import orientation_in
from imgclean.images.limits import check_size
from imgclean.images.picture import Picture

if TYPE_CHECKING:
    from imgclean.images.boxes.box import Box
    from imgclean.images.boxes.items import ItemFile
    from imgclean.images.limits import ReadRules

_STILL = b"avif\x00\x00\x00\x00avifmif1miaf"
_QUALITY = 90
_SPEED = 8  # of 0 to 10, the fastest
_BT709, _SRGB, _BT601 = 1, 13, 6
_LOSSY_MATRICES = (1, 4, 5, 6, 7, 9)  # that libavif encodes with
_DEPTHS = (8, 10, 12)


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image in an AVIF file, not turned by its orientation properties.

    They hold, whatever EXIF says; the EXIF block of the result says the same.
    """
    boxes = read_boxes(data)
    file = read_items(data, boxes)
    size = file.shown.described(b"ispe")
    if size is None or len(size) != 12:
        raise UnreadableImage("damaged: it does not state its size")
    width, height = int.from_bytes(size[4:8]), int.from_bytes(size[8:12])
    check_size(width, height, rules)
    _refuse_unsupported(boxes, file, rules)
    depth, gray, subsampling = read_configuration(file)
    samples = imagecodecs.avif_decode(_still(data, boxes, file))
    if samples.ndim == 2:
        samples = samples[:, :, np.newaxis]
    alpha = has_alpha(file)
    if samples.shape != (height, width, (1 if gray else 3) + alpha):
        raise UnreadableImage("damaged: the decoder disagrees with the header on the size")
    return Picture(
        samples,
        alpha,
        "avif",
        metadata_of(file, gray=gray, subsampling=subsampling),
        highest=None if depth == 8 else (1 << depth) - 1,
    )


def encode(picture: Picture, quality: int | None) -> bytes:
    """Return an AVIF file.

    Without loss if the source was so and no quality is asked for; a lossy source's quality is
    not known, and 90 stands for it. Gray images never lose anything: imagecodecs cannot else.
    """
    own = picture.metadata.own
    record = own if isinstance(own, AvifRecord) else _record_for(picture)
    lossless = quality is None and record.lossless
    encoded = _encode_pixels(picture, record.colour, None if lossless else quality or _QUALITY)
    if record.properties is None:
        record = general_record(record, picture.metadata)
    record = with_xmp(record, picture.metadata.xmp)
    boxes = read_boxes(encoded)
    file = read_items(encoded, boxes)
    file.shown.properties += [
        *(record.properties or ()),
        *orientation_properties(orientation_in(picture.metadata.exif)),
    ]
    described = numbered(record, max(file.items) + 1, file.primary)
    file_type = first_body(boxes, b"ftyp") or b""
    return write_items(file_type, file.primary, [*file.items.values(), *described])


def _still(data: bytes, boxes: list[Box], file: ItemFile) -> bytes:
    """Return a file without a film beside its image.

    Asked for one image out of several, imagecodecs writes all of them into memory for one.
    """
    if first_body(boxes, b"moov") is None:
        return data
    return write_items(_STILL, file.primary, list(file.items.values()))


def _encode_pixels(picture: Picture, colour: Colour, quality: int | None) -> bytes:
    """Return a file as imagecodecs writes it, without loss if quality is None."""
    highest = picture.highest or np.iinfo(picture.dtype).max
    depth = next(each for each in _DEPTHS if highest < 1 << each)
    samples = np.ascontiguousarray(picture.samples)
    height, width, channels = samples.shape
    lossy = quality is not None and channels > 2
    matrix = colour.matrix if colour.matrix in _LOSSY_MATRICES else _BT601
    return bytes(
        imagecodecs.avif_encode(
            samples.reshape((height, width) if channels == 1 else (height, width, channels)),
            bitspersample=depth,
            speed=_SPEED,
            primaries=colour.primaries,
            transfer=colour.transfer,
            level=quality if lossy else None,
            pixelformat=colour.subsampling if lossy else None,
            matrix=matrix if lossy else None,
        )
    )


def _record_for(picture: Picture) -> AvifRecord:
    """Return how a picture from another format is held: sRGB, unless its profile says else."""
    profile = picture.metadata.icc is not None
    primaries, transfer = (UNSPECIFIED, UNSPECIFIED) if profile else (_BT709, _SRGB)
    return AvifRecord(
        True,
        Colour(primaries=primaries, transfer=transfer, matrix=_BT601, subsampling="yuv444"),
    )


def _refuse_unsupported(boxes: list[Box], file: ItemFile, rules: ReadRules) -> None:
    brands = first_body(boxes, b"ftyp") or b""
    if b"avis" in brands and first_body(boxes, b"moov") is not None and not rules.first_page:
        raise UnsupportedImage("an animated AVIF", hint="choose the first image with --pages first")
    if file.shown.kind not in (b"av01", b"grid"):
        kind = file.shown.kind.decode("latin-1")
        raise UnsupportedImage(
            f"AVIF whose image is made of others ({kind})", hint="convert it to PNG first"
        )
