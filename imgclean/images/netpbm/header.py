"""The headers of PBM, PGM, PPM and PAM files (netpbm.sourceforge.net/doc/pnm.html and pam.html)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imgclean.errors import UnreadableImage

PLAIN = frozenset((b"P1", b"P2", b"P3"))
"""Magic numbers of files whose samples are written in decimal."""

BILEVEL = frozenset((b"P1", b"P4"))
"""Magic numbers of files with one bit a sample, which state no largest value."""

PAM = b"P7"

_DEPTHS = {b"P1": 1, b"P2": 1, b"P3": 3, b"P4": 1, b"P5": 1, b"P6": 3}
_GAP = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*")
_COMMENT = re.compile(rb"#([^\r\n]*)")
_NUMBER = re.compile(rb"\d{1,10}(?!\d)")
_PAM_HEADER = re.compile(rb"P7\s*\n(.*?^)ENDHDR[ \t\r]*\n", re.DOTALL | re.MULTILINE)
_LARGEST_MAXVAL = 65_535


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says before its samples.

    Attributes:
        magic: P1 to P7.
        width, height: pixels.
        depth: channels.
        maxval: the largest sample value, 1 to 65535.
        kind: PAM's tuple type, such as RGB_ALPHA; empty in other files, or where it is not said.
        comments: without the sign that begins them.
        end: the byte that the samples begin at.
    """

    magic: bytes
    width: int
    height: int
    depth: int
    maxval: int
    kind: bytes
    comments: tuple[bytes, ...]
    end: int


def read_header(data: bytes) -> Header:
    """Return the header that a file begins with.

    Raises:
        UnreadableImage: it is cut or malformed.
    """
    header = _pam_header(data) if data[:2] == PAM else _plain_header(data)
    if not 0 < header.maxval <= _LARGEST_MAXVAL:
        raise UnreadableImage(f"damaged: {header.maxval} as its largest sample value")
    return header


def write_header(header: Header) -> bytes:
    """Return a header as it stands in a file; `end` is not looked at."""
    lines = [header.magic, *(b"#" + comment for comment in header.comments)]
    if header.magic == PAM:
        named = (b"WIDTH", header.width), (b"HEIGHT", header.height), (b"DEPTH", header.depth)
        lines += [b"%s %d" % pair for pair in (*named, (b"MAXVAL", header.maxval))]
        lines += [b"TUPLTYPE " + header.kind, b"ENDHDR"]
    else:
        lines += [b"%d %d" % (header.width, header.height), b"%d" % header.maxval]
    return b"\n".join(lines) + b"\n"


def _plain_header(data: bytes) -> Header:
    magic = data[:2]
    numbers: list[int] = []
    comments: list[bytes] = []
    position = len(magic)
    for _ in range(2 if magic in BILEVEL else 3):
        gap = _GAP.match(data, position)
        number = _NUMBER.match(data, gap.end()) if gap else None
        if gap is None or number is None:
            raise UnreadableImage("truncated or damaged: its header is not whole")
        comments += _COMMENT.findall(gap[0])
        numbers.append(int(number[0]))
        position = number.end()
    if not data[position : position + 1].isspace():
        raise UnreadableImage("truncated or damaged: its header is not whole")
    width, height, maxval = numbers if len(numbers) == 3 else (*numbers, 1)
    depth = _DEPTHS[magic]
    return Header(magic, width, height, depth, maxval, b"", tuple(comments), position + 1)


def _pam_header(data: bytes) -> Header:
    whole = _PAM_HEADER.match(data)
    if whole is None:
        raise UnreadableImage("truncated or damaged: its header is not whole")
    said: dict[bytes, list[bytes]] = {}
    comments = []
    for line in whole[1].splitlines():
        if line.startswith(b"#"):
            comments.append(line[1:])
        elif line.strip():
            name, *values = line.split(None, 1)
            said.setdefault(name, []).extend(each.rstrip() for each in values)
    try:
        width, height, depth, maxval = (
            int(said[name][-1]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
        )
    except (LookupError, ValueError) as error:
        raise UnreadableImage("damaged: a number is missing in its header") from error
    kind = b" ".join(said.get(b"TUPLTYPE", ()))
    return Header(PAM, width, height, depth, maxval, kind, tuple(comments), whole.end())
