"""The image formats that are read and written: one entry here and one codec module for each.

Imports no codec: a folder is walked and planned without numpy and without any image library.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from imgclean.errors import InvalidSetting, nearest_names
from imgclean.images.signatures import HEAD_BYTES, UNSUPPORTED_SUFFIXES, unsupported_format

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.images.picture import Picture


class Codec(Protocol):
    """What the module of a format offers. Messages of its errors do not name the file.

    Any other exception of `decode` means that the file is damaged.
    """

    def decode(self, data: bytes) -> Picture:
        """Return the image of a file's content.

        Raises:
            UnreadableImage: the content is damaged.
            UnsupportedImage: the content is sound, but of a kind that is not handled.
        """

    def encode(self, picture: Picture, quality: int | None) -> bytes:
        """Return the content of a file that holds the picture.

        Args:
            picture: of a type and size that the format's entry allows.
            quality: 1 to 100, or None for that of the file which the picture was read from.
                Formats that lose nothing ignore it.

        Raises:
            UnwritableImage: the format cannot hold the picture.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One image format.

    Attributes:
        name: what `--format` takes.
        suffixes: in lower case, the preferred one first.
        starts: what its files begin with.
        module: where its codec lives.
        dtypes: sample types that it holds.
        alpha: whether it holds alpha.
        longest_side: pixels.
    """

    name: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...]
    module: str
    dtypes: tuple[str, ...]
    alpha: bool
    longest_side: int

    @property
    def title(self) -> str:
        """The name as people write it."""
        return self.name.upper()

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins so is of this format."""
        return head.startswith(self.starts)

    def codec(self) -> Codec:
        """Import and return the codec."""
        return cast("Codec", importlib.import_module(self.module))


FORMATS: tuple[Format, ...] = (
    Format(
        name="png",
        suffixes=(".png", ".apng"),
        starts=(b"\x89PNG\r\n\x1a\n",),
        module="imgclean.images.png",
        dtypes=("uint8", "uint16"),
        alpha=True,
        longest_side=2**31 - 1,
    ),
    Format(
        name="jpeg",
        suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
        starts=(b"\xff\xd8\xff",),
        module="imgclean.images.jpeg",
        dtypes=("uint8",),
        alpha=False,
        longest_side=65_500,  # libjpeg's own limit, a little below the format's
    ),
    Format(
        name="tiff",
        suffixes=(".tif", ".tiff"),
        starts=(b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
        module="imgclean.images.tiff",
        dtypes=("uint8", "uint16", "float32"),
        alpha=True,
        longest_side=2**32 - 1,
    ),
)

IMAGE_SUFFIXES: frozenset[str] = UNSUPPORTED_SUFFIXES.union(*(each.suffixes for each in FORMATS))
"""Suffixes that name images, supported or not, in lower case."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file's first bytes say.

    Attributes:
        title: the format as people name it.
        format: its entry, or None if it is not supported.
    """

    title: str
    format: Format | None


def recognise_bytes(head: bytes) -> Recognised | None:
    """Say which image format a file's first `HEAD_BYTES` bytes belong to; None if to none."""
    if head.startswith(b"II*\x00") and head[8:10] == b"CR":
        return Recognised("Canon raw photo (CR2)", None)
    for each in FORMATS:
        if each.recognises(head):
            return Recognised(each.title, each)
    title = unsupported_format(head)
    return None if title is None else Recognised(title, None)


def recognise(path: Path) -> Recognised | None:
    """Say which image format a file is of by its first bytes.

    None if of none, if it cannot be read, or if it is no regular file (a pipe would not end).
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            return recognise_bytes(stream.read(HEAD_BYTES))
    except OSError:
        return None


def format_of_suffix(path: Path) -> Format | None:
    """Return the format that a path's suffix names, in any case; None if none."""
    suffix = path.suffix.lower()
    return next((each for each in FORMATS if suffix in each.suffixes), None)


def format_by_name(name: str) -> Format:
    """Return the format of that name or suffix (`jpeg`, `jpg` and `.jpg` alike).

    Raises:
        InvalidSetting: there is none.
    """
    wanted = name.lower().removeprefix(".")
    for each in FORMATS:
        if wanted == each.name or f".{wanted}" in each.suffixes:
            return each
    known = [each.name for each in FORMATS]
    nearest = nearest_names(wanted, known)
    raise InvalidSetting(
        f"unknown image format: {name}",
        hint=f"did you mean {nearest[0]}?" if nearest else f"formats: {', '.join(known)}",
    )
