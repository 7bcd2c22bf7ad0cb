"""The text chunks of PNG that hold XMP packets, and profiles in the form of ImageMagick.

XMP has a chunk iTXt of its own (XMP specification part 3, section 1.1.5). Before PNG had a chunk
for EXIF, ImageMagick and ExifTool put profiles as hexadecimal digits into texts whose keyword
begins with "Raw profile type"; for IPTC there is no other place.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from imgclean.images.metadata.iptc import iptc_of_resources, resources_with
from imgclean.images.png.chunks import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_XMP_KEYWORD = b"XML:com.adobe.xmp\x00"
_RAW_KEYWORD = b"Raw profile type "
_RAW = re.compile(rb"\s*\w+\s+(\d+)\s+([0-9A-Fa-f\s]*)", re.ASCII)
_HEX_PER_LINE = 72
_LARGEST_TEXT = 1 << 24
_LONGEST_KEYWORD = 80
_PREFIXES = (b"Exif\x00\x00", b"Photoshop 3.0\x00", b"http://ns.adobe.com/xap/1.0/\x00")


def inflate(stream: bytes) -> bytes | None:
    """Return what a zlib stream holds; None if it is damaged or a bomb."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(stream, _LARGEST_TEXT)
    except zlib.error:
        return None
    return content if inflater.eof else None


def xmp_of(chunks: Iterable[Chunk]) -> bytes | None:
    """Return the XMP packet that a file's chunks hold."""
    packets = [each for each in chunks if _is_packet(each)]
    return next(filter(None, map(_text_or_profile, packets)), None)


def xmp_chunk(xmp: bytes) -> Chunk:
    """Return a chunk that holds an XMP packet as it is, without a language."""
    return Chunk(b"iTXt", _XMP_KEYWORD + bytes(4) + xmp)


def with_packet(chunks: Sequence[Chunk], xmp: bytes) -> tuple[Chunk, ...] | None:
    """Return chunks in which `xmp` stands for the packet that was there, compressed as it was.

    None if there was none.
    """
    at = next((i for i, each in enumerate(chunks) if _is_packet(each)), None)
    if at is None:
        return None
    compressed, head, _ = _international(bytes(chunks[at].body))
    new = Chunk(b"iTXt", head + (zlib.compress(xmp) if compressed else xmp))
    if not head.startswith(_XMP_KEYWORD) or _text(new) != xmp:  # of another kind, or damaged
        new = xmp_chunk(xmp)
    return (*chunks[:at], new, *chunks[at + 1 :])


def without_packet(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """Return chunks but those that hold XMP."""
    return tuple(each for each in chunks if not _is_packet(each))


def exif_of(chunks: Iterable[Chunk]) -> bytes | None:
    """Return the EXIF block among raw profiles."""
    for block in _raw_profiles(chunks, b"exif", b"APP1"):
        if block.startswith((b"II", b"MM")):  # XMP goes by the name APP1 too
            return block
    return None


def iptc_of(chunks: Iterable[Chunk]) -> bytes | None:
    """Return the IPTC-IIM records among raw profiles, without Photoshop's wrapping."""
    for profile in _raw_profiles(chunks, b"iptc"):
        return profile if profile.startswith(b"\x1c") else iptc_of_resources(profile)
    return None


def iptc_chunk(iptc: bytes) -> Chunk:
    """Return a chunk that holds IPTC-IIM records as ImageMagick and ExifTool write them."""
    digits = resources_with(iptc=iptc).hex()
    lines = [digits[at : at + _HEX_PER_LINE] for at in range(0, len(digits), _HEX_PER_LINE)]
    text = "\niptc\n{:8d}\n{}\n".format(len(digits) // 2, "\n".join(lines))
    return Chunk(b"zTXt", _RAW_KEYWORD + b"iptc\x00\x00" + zlib.compress(text.encode("ascii")))


def _is_packet(chunk: Chunk) -> bool:
    if chunk.kind == b"iTXt" and bytes(chunk.body[: len(_XMP_KEYWORD)]) == _XMP_KEYWORD:
        return True
    return chunk.kind in _TEXTS and _keyword(chunk) == _RAW_KEYWORD + b"xmp"


def _text_or_profile(chunk: Chunk) -> bytes | None:
    profile = next(_raw_profiles((chunk,), b"xmp"), None)
    return _text(chunk) if _keyword(chunk) == _XMP_KEYWORD[:-1] else profile


def _raw_profiles(chunks: Iterable[Chunk], *names: bytes) -> Iterator[bytes]:
    """Yield the sound raw profiles of some names, without the prefixes that JPEG has them with."""
    for chunk in chunks:
        if chunk.kind not in _TEXTS or _keyword(chunk).removeprefix(_RAW_KEYWORD) not in names:
            continue
        found = _RAW.match(_text(chunk) or b"")
        digits = b"".join(found[2].split()) if found else b""
        if found and digits and len(digits) == 2 * int(found[1]):
            content = bytes.fromhex(digits.decode("ascii"))
            for prefix in _PREFIXES:
                content = content.removeprefix(prefix)
            yield content


def _keyword(chunk: Chunk) -> bytes:
    return bytes(chunk.body[:_LONGEST_KEYWORD]).partition(b"\x00")[0]


def _text(chunk: Chunk) -> bytes | None:
    """Return the text of a text chunk, whatever its kind."""
    body = bytes(chunk.body)
    if chunk.kind == b"iTXt":
        compressed, _, text = _international(body)
        return inflate(text) if compressed else text
    text = body.partition(b"\x00")[2]
    return inflate(text[1:]) if chunk.kind == b"zTXt" else text


def _international(body: bytes) -> tuple[bool, bytes, bytes]:
    """Return whether the text of an iTXt is compressed, what stands before it, and the text."""
    _, _, rest = body.partition(b"\x00")
    text = rest[2:].split(b"\x00", 2)[-1]  # behind the language and the translated keyword
    return rest[:1] == b"\x01", body[: len(body) - len(text)], text
