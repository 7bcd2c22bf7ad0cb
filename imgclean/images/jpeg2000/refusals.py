"""The kinds of JPEG 2000 images that are not handled, by name; and what its channels are."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.boxes.box import first_body
from imgclean.images.jpeg2000.record import ENUMERATED, GRAY, SRGB

if TYPE_CHECKING:
    from imgclean.images.jpeg2000.codestream import MainHeader
    from imgclean.images.jpeg2000.record import Jpeg2000Record
    from imgclean.images.picture import AlphaKind

_TO_RGB = "convert it to RGB or gray first"
_SPACES = {12: "CMYK", 13: "YCCK", 14: "CIELab", 15: "bilevel", 0: "bilevel", 18: "sYCC"}
_ALPHA_KINDS: dict[int, AlphaKind] = {1: "straight", 2: "premultiplied", 65535: "unknown"}
_MOST_BITS = 16


def refuse_components(header: MainHeader) -> None:
    """Refuse what imagecodecs cannot decode, and more channels than RGB and alpha.

    Raises:
        UnsupportedImage: it is such an image.
    """
    components = header.components
    if len(components) > 4:
        raise UnsupportedImage(f"JPEG 2000 with {len(components)} channels", hint=_TO_RGB)
    if any(each.signed for each in components):
        raise UnsupportedImage("JPEG 2000 with signed samples", hint="convert it to TIFF first")
    if any((each.step_x, each.step_y) != (1, 1) for each in components):
        raise UnsupportedImage("JPEG 2000 with sub-sampled channels", hint=_TO_RGB)
    bits = {each.bits for each in components}
    if len(bits) > 1:
        raise UnsupportedImage("JPEG 2000 with channels of different bit depths", hint=_TO_RGB)
    if max(bits) > _MOST_BITS:
        raise UnsupportedImage(
            f"JPEG 2000 of {max(bits)} bits a sample", hint="convert it to 16 bits first"
        )
    if max(bits) == 1:
        raise UnsupportedImage(
            "JPEG 2000 of 1 bit: it holds no noise to clean", hint="convert it to 8-bit gray first"
        )


def refuse_boxes(record: Jpeg2000Record, header: MainHeader) -> None:
    """Refuse palettes and colours other than gray, RGB and what an RGB or gray profile says.

    Raises:
        UnsupportedImage: it is such an image.
    """
    boxes = record.header or ()
    if first_body(boxes, b"pclr") is not None or first_body(boxes, b"cmap") is not None:
        raise UnsupportedImage("JPEG 2000 with a palette", hint=_TO_RGB)
    colour = first_body(boxes, b"colr") or b""
    colours = 1 if len(header.components) < 3 else 3
    if colour[:1] == bytes((ENUMERATED,)) and len(colour) >= 7:
        (space,) = struct.unpack_from(">I", colour, 3)
        if space != (GRAY if colours == 1 else SRGB):
            name = _SPACES.get(space, f"of colour space {space}")
            raise UnsupportedImage(f"{name} JPEG 2000", hint=_TO_RGB)
    elif colour[:1] in (b"\x02", b"\x03"):
        space_of_profile = colour[3 + 16 : 3 + 20]
        if space_of_profile != (b"GRAY" if colours == 1 else b"RGB "):
            name = space_of_profile.decode("latin-1").strip()
            raise UnsupportedImage(f"JPEG 2000 with a profile of {name} colours", hint=_TO_RGB)


def stated_alpha(record: Jpeg2000Record, channels: int) -> AlphaKind | None:
    """Return of what kind the last channel is; None if it is a colour.

    Raises:
        UnsupportedImage: channels are in another order, or the last one is for one colour only.
        UnreadableImage: the `cdef` box is damaged.
    """
    expected = channels in (2, 4)
    body = first_body(record.header or (), b"cdef")
    if body is None:
        return "unknown" if expected else None
    if len(body) < 2 or len(body) != 2 + 6 * struct.unpack_from(">H", body)[0]:
        raise UnreadableImage("damaged: its cdef box is not as long as it says")
    entries = sorted(struct.iter_unpack(">HHH", body[2:]))
    colours = [(number, 0, number + 1) for number in range(channels - expected)]
    last = entries[len(colours) :]
    sound = not last if not expected else len(last) == 1 and last[0][0] == channels - 1
    if entries[: len(colours)] != colours or not sound:
        raise UnsupportedImage("JPEG 2000 with channels in another order", hint=_TO_RGB)
    if not expected:
        return None
    _, kind, of_colour = last[0]
    if kind not in _ALPHA_KINDS or of_colour not in (0, 65535):
        raise UnsupportedImage("JPEG 2000 whose fourth channel is a colour", hint=_TO_RGB)
    return _ALPHA_KINDS[kind]
