"""The headers of a JPEG XL codestream (ISO/IEC 18181-1, annex D), as far as imgclean needs them.

imagecodecs tells neither colours nor orientation, nor whether pixels are held without loss.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from imgclean.errors import UnreadableImage
from imgclean.images.jpegxl.bits import BitReader, Field, fixed
from imgclean.images.jpegxl.colours import Colours, read_colours

BEGIN = b"\xff\x0a"
ALPHA = 0
_HEADER_BYTES = 4096
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_SIDE = ((9, 1), (13, 1), (18, 1), (30, 1))
_PREVIEW_EIGHTHS = (fixed(16), fixed(32), (5, 1), (9, 33))
_PREVIEW_SIDE = ((6, 1), (8, 65), (10, 321), (12, 1345))
_SPOT_COLOUR, _CFA = 2, 5


@dataclass(slots=True)
class Header:
    """What the headers say; the values here are the format's defaults.

    Attributes:
        width, height: pixels as they are held, before they are turned.
        size: the bits up to the size.
        orientation: 1 to 8, as in EXIF.
        animated: whether it is a sequence of images.
        floating: whether samples are floats.
        bits: of a sample.
        depth: the bits on the bit depth.
        extra: kinds of the channels besides the colours.
        associated: whether colours are multiplied with alpha.
        channels: the bits on the extra channels.
        xyb: whether pixels are held in XYB, which loses something.
        colours: what the colours are.
        end: byte where the first frame begins; None if not known.
        modular: whether that frame is of the modular mode, as lossless ones are.
    """

    width: int
    height: int
    size: Field
    orientation: int = 1
    animated: bool = False
    floating: bool = False
    bits: int = 8
    depth: Field = (0b1000, 4)
    extra: tuple[int, ...] = ()
    associated: bool = False
    channels: Field = (0, 2)
    xyb: bool = True
    colours: Colours = field(default_factory=Colours)
    end: int | None = None
    modular: bool | None = None

    @property
    def lossless(self) -> bool:
        """Whether the pixels are held without loss, as far as that can be told."""
        return not self.xyb and self.modular is not False


def read_header(codestream: bytes) -> Header:
    """Return what a codestream's headers say.

    Raises:
        UnreadableImage: they are damaged.
    """
    if not codestream.startswith(BEGIN):
        raise UnreadableImage("damaged: no codestream begins where one should")
    reader = BitReader(codestream[:_HEADER_BYTES])
    reader.u(16)
    width, height = _size(reader)
    header = Header(width, height, reader.since(0))
    usual = reader.flag()
    preview = not usual and _read_description(reader, header)
    extended = not usual and reader.u(2) != 0
    if preview or extended or header.colours.profile or not reader.flag():
        return header  # what comes in between is not known
    header.end = (reader.position + 7) // 8
    reader.u(-reader.position % 8)
    header.modular = not reader.flag() and reader.u(3) >= 4  # two bits on the kind, one on the mode
    return header


def _size(reader: BitReader) -> tuple[int, int]:
    small = reader.flag()
    height = 8 * (reader.u(5) + 1) if small else reader.u32(*_SIDE)
    ratio = reader.u(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return height * across // down, height
    return 8 * (reader.u(5) + 1) if small else reader.u32(*_SIDE), height


def _read_description(reader: BitReader, header: Header) -> bool:
    """Read the image's description up to its extensions; return whether there is a preview."""
    further = reader.flag()
    preview = further and _read_further(reader, header)
    start = reader.position
    header.floating, header.bits = _depth(reader)
    reader.flag()  # whether 16 bits are enough for buffers
    header.depth = reader.since(start)
    start = reader.position
    count = reader.u32(fixed(0), fixed(1), (4, 2), (12, 1))
    header.extra = tuple(_read_channel(reader, header) for _ in range(count))
    header.channels = reader.since(start)
    header.xyb = reader.flag()
    header.colours = read_colours(reader)
    if further and not reader.flag():
        reader.u(49)  # how bright it is meant to be
    return preview


def _read_further(reader: BitReader, header: Header) -> bool:
    """Read what few files state; return whether there is a preview."""
    header.orientation = reader.u(3) + 1
    if reader.flag():
        _size(reader)  # at which it is meant to be shown
    preview = reader.flag()
    if preview:
        side = _PREVIEW_EIGHTHS if reader.flag() else _PREVIEW_SIDE
        reader.u32(*side)
        if reader.u(3) == 0:
            reader.u32(*side)
    header.animated = reader.flag()
    if header.animated:
        reader.u32(fixed(100), fixed(1000), (10, 1), (30, 1))
        reader.u32(fixed(1), fixed(1001), (8, 1), (10, 1))
        reader.u32(fixed(0), (3, 0), (16, 0), (32, 0))
        reader.flag()
    return preview


def _depth(reader: BitReader) -> tuple[bool, int]:
    """Return whether samples are floats, and their bits."""
    if not reader.flag():
        return False, reader.u32(fixed(8), fixed(10), fixed(12), (6, 1))
    bits = reader.u32(fixed(32), fixed(16), fixed(24), (6, 1))
    reader.u(4)  # of the exponent
    return True, bits


def _read_channel(reader: BitReader, header: Header) -> int:
    """Read what one extra channel is; return its kind."""
    if reader.flag():
        return ALPHA
    kind = reader.enum()
    _depth(reader)
    reader.u32(fixed(0), fixed(3), fixed(4), (3, 1))
    reader.u(8 * reader.u32(fixed(0), (4, 0), (5, 16), (10, 48)))  # its name
    if kind == ALPHA:
        header.associated |= reader.flag()
    elif kind == _SPOT_COLOUR:
        reader.u(4 * 16)
    elif kind == _CFA:
        reader.u32(fixed(1), (2, 0), (4, 3), (8, 19))
    return kind
