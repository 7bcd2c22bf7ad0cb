"""The colour encoding in a JPEG XL codestream's header (ISO/IEC 18181-1, annex E)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from imgclean.images.jpegxl.bits import BitReader, Field

Transfer = Literal["sRGB", "linear"]

_RGB, _GRAY, _XYB = 0, 1, 2
_SPACES = {_XYB: "XYB", 3: "unknown"}
_D65, _SRGB_PRIMARIES, _CUSTOM = 1, 1, 2
_PRIMARIES = {_CUSTOM: "custom", 9: "BT.2100", 11: "P3"}
_WHITES = {_CUSTOM: "custom", 10: "E", 11: "DCI"}
_KNOWN_TRANSFERS: dict[int, Transfer] = {13: "sRGB", 8: "linear"}
_TRANSFERS = {1: "BT.709", 2: "unknown", 16: "PQ (HDR)", 17: "DCI", 18: "HLG (HDR)"}
_CHROMATICITY = ((19, 0), (19, 524_288), (20, 1_048_576), (21, 2_097_152))


@dataclass(frozen=True, slots=True)
class Colours:
    """What the colours are.

    Attributes:
        gray: whether there is one channel.
        transfer: that of sRGB or of linear sRGB, gray or RGB; None for other colours.
        title: what they are, in words.
        profile: whether an ICC profile says what they are.
    """

    gray: bool = False
    transfer: Transfer | None = "sRGB"
    title: str = "sRGB"
    profile: bool = False


def read_colours(reader: BitReader) -> Colours:
    """Read a colour encoding."""
    if reader.flag():
        return Colours()
    profile = reader.flag()
    space = reader.enum()
    if profile:
        return Colours(space == _GRAY, None, "the colours of an ICC profile", profile=True)
    if space in _SPACES:
        reader.u32(*((0, 0), (0, 1), (4, 2), (6, 18)))
        return Colours(False, None, f"{_SPACES[space]} colours")
    white = _read_points(reader, 1)
    primaries = _SRGB_PRIMARIES if space == _GRAY else _read_points(reader, 3)
    exponent = reader.u(24) / 1e7 if reader.flag() else None
    transfer = 0 if exponent is not None else reader.enum()
    reader.enum()  # the rendering intent
    names = [
        _WHITES.get(white, "") and f"white point {_WHITES[white]}",
        _PRIMARIES.get(primaries, "") and f"{_PRIMARIES[primaries]} primaries",
        f"gamma {exponent:.3f}" if exponent else f"{_TRANSFERS.get(transfer, 'another')} transfer",
    ]
    usual = white == _D65 and primaries == _SRGB_PRIMARIES and exponent is None
    known = _KNOWN_TRANSFERS.get(transfer) if usual else None
    return Colours(space == _GRAY, known, known or "colours of " + ", ".join(filter(None, names)))


def colour_fields(*, gray: bool, transfer: Transfer) -> tuple[Field, ...]:
    """Return the bits that say sRGB or linear sRGB, each as number and count."""
    number = next(code for code, name in _KNOWN_TRANSFERS.items() if name == transfer)
    space = (0b01, 2) if gray else (0b00, 2)
    primaries = () if gray else ((0b01, 2),)
    curve = ((0, 1), (0b10, 2), (number - 2, 4))
    return ((0, 1), (0, 1), space, (0b01, 2), *primaries, *curve, (0b01, 2))


def _read_points(reader: BitReader, count: int) -> int:
    """Read the white point or the primaries; return the number of their name."""
    name = reader.enum()
    if name == _CUSTOM:
        for _ in range(2 * count):
            reader.u32(*_CHROMATICITY)
    return name
