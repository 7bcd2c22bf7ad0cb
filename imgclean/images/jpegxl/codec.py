"""JPEG XL: integers of up to 16 bits and floats of 16 and 32.

imagecodecs (libjxl) decodes and encodes the pixels. It neither reads nor writes colour profiles
and knows sRGB and linear sRGB only; files with other colours are refused, rather than changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from imgclean.errors import UnreadableImage, UnsupportedImage, UnwritableImage
from imgclean.images.boxes.orientation import orientation_in, with_orientation
from imgclean.images.jpegxl.header import ALPHA, read_header
from imgclean.images.jpegxl.patch import patched
from imgclean.images.jpegxl.profile import is_srgb
from imgclean.images.jpegxl.record import (
    JpegXlRecord,
    content,
    exif_in,
    general_boxes,
    is_made_of_jpeg,
    read_container,
    with_xmp,
    write_container,
)
from imgclean.images.limits import check_size
from imgclean.images.picture import Metadata, Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.jpegxl.colours import Transfer
    from imgclean.images.jpegxl.header import Header
    from imgclean.images.limits import ReadRules

_QUALITY = 90  # Butteraugli distance 1
_CONVERT = "convert it to PNG or TIFF first"
_EXTRA_KINDS = {1: "depth", 2: "a spot colour", 3: "a selection", 4: "black (CMYK)", 6: "thermal"}


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image in a JPEG XL file, not turned by the orientation in its header.

    That orientation holds, whatever EXIF says; the EXIF block of the result says the same.
    """
    codestream, before, after = read_container(data)
    header = read_header(codestream)
    check_size(header.width, header.height, rules)
    _refuse_unsupported(header, rules)
    samples = imagecodecs.jpegxl_decode(
        codestream, 0 if header.animated else None, keeporientation=True
    )
    if samples.ndim == 2:
        samples = samples[:, :, np.newaxis]
    channels = (1 if header.colours.gray else 3) + len(header.extra)
    if samples.shape != (header.height, header.width, channels):
        raise UnreadableImage("damaged: the decoder disagrees with the header on the size")
    lossless = header.lossless and not is_made_of_jpeg(data)
    boxes = (*before, *after)
    return Picture(
        samples,
        bool(header.extra),
        "jpegxl",
        Metadata(
            exif=with_orientation(exif_in(boxes), header.orientation),
            xmp=content(boxes, b"xml "),
            own=JpegXlRecord(lossless, header.colours.transfer or "sRGB", before, after),
        ),
        alpha_kind="premultiplied" if header.associated else "straight",
        highest=None if header.floating or header.bits in (8, 16) else (1 << header.bits) - 1,
    )


def encode(picture: Picture, quality: int | None) -> bytes:
    """Return a JPEG XL file: a codestream, in a container if there is anything else to hold.

    Without loss if the source was so and no quality is asked for; a lossy source's quality is
    not known, and 90 stands for it. Integers are stated to be sRGB, and floats to be linear
    sRGB, unless the source or its profile says otherwise.
    """
    own = picture.metadata.own
    record = own if isinstance(own, JpegXlRecord) else None
    transfer = _transfer(picture, record)
    lossless = quality is None and (record is None or record.lossless)
    encoded = _encode_pixels(picture, transfer, None if lossless else quality or _QUALITY)
    codestream = patched(
        read_container(encoded)[0],
        orientation=orientation_in(picture.metadata.exif),
        transfer=transfer,
        associated=picture.alpha and picture.alpha_kind == "premultiplied",
        half_floats=lossless and picture.dtype == np.float16,
    )
    if record is None or record.before is None:
        return write_container(encoded, codestream, general_boxes(picture.metadata), ())
    record = with_xmp(record, picture.metadata.xmp)
    return write_container(encoded, codestream, record.before or (), record.after)


def _encode_pixels(picture: Picture, transfer: Transfer, quality: int | None) -> bytes:
    """Return a file as imagecodecs writes it, without loss if quality is None.

    It takes all samples but those of 8 bits for linear ones. That does not matter without loss.
    Half floats are then written as the integers of the same bits.
    """
    samples = np.ascontiguousarray(picture.samples)
    if quality is None and picture.dtype == np.float16:
        samples = samples.view(np.uint16)
    bits: int | None = None
    if picture.highest is not None and picture.dtype.kind == "u":
        bits = picture.highest.bit_length()
    if quality is not None and transfer == "sRGB" and picture.dtype != np.uint8:
        samples = _linear(picture, (1 << bits) - 1 if bits else None)
    height, width, channels = samples.shape
    flat = samples.ravel()
    return bytes(
        imagecodecs.jpegxl_encode(
            flat.reshape((height, width) if channels == 1 else (height, width, channels)),
            level=quality,
            lossless=quality is None,
            bitspersample=bits,
            planar=False if channels > 1 else None,
        )
    )


def _linear(picture: Picture, highest: int | None) -> NDArray[Any]:
    """Return sRGB samples as linear ones of the same type (IEC 61966-2-1)."""
    floating = picture.dtype.kind == "f"
    scale = 1.0 if floating else float(highest or np.iinfo(picture.dtype).max)
    unit = picture.colour.astype(np.float32) / np.float32(scale)
    linear = np.where(unit <= 0.04045, unit / 12.92, ((np.maximum(unit, 0) + 0.055) / 1.055) ** 2.4)
    linear *= np.float32(scale)
    colour = linear if floating else np.rint(linear)
    return np.concatenate(
        [colour.astype(picture.dtype), picture.samples[:, :, picture.channels :]], axis=2
    )


def _transfer(picture: Picture, record: JpegXlRecord | None) -> Transfer:
    if record is not None:
        return record.transfer
    profile = picture.metadata.icc
    if profile is None:
        return "linear" if picture.dtype.kind == "f" else "sRGB"
    if not is_srgb(profile):
        raise UnwritableImage(
            "JPEG XL is written without colour profiles, and this one is not sRGB",
            hint="choose png or tiff with --format",
        )
    return "sRGB"


def _refuse_unsupported(header: Header, rules: ReadRules) -> None:
    if header.animated and not rules.first_page:
        raise UnsupportedImage(
            "an animated JPEG XL", hint="choose the first image with --pages first"
        )
    other = [kind for kind in header.extra if kind != ALPHA]
    if other or len(header.extra) > 1:
        kind = _EXTRA_KINDS.get(other[0], "another kind") if other else "two of alpha"
        raise UnsupportedImage(f"JPEG XL with an extra channel: {kind}", hint=_CONVERT)
    if header.bits == 1:
        raise UnsupportedImage(
            "JPEG XL of 1 bit: it holds no noise to clean", hint="convert it to 8-bit gray first"
        )
    allowed = (16, 32) if header.floating else range(2, 17)
    if header.bits not in allowed:
        form = "floats" if header.floating else "samples"
        raise UnsupportedImage(f"JPEG XL with {form} of {header.bits} bits", hint=_CONVERT)
    if header.colours.transfer is None or (
        header.colours.transfer == "linear" and not header.floating
    ):
        raise UnsupportedImage(
            f"JPEG XL with {header.colours.title}: only sRGB is handled",
            hint=_CONVERT,
        )
