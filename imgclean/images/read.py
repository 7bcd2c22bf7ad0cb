"""Reads an image from a file or from bytes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.formats import recognise_bytes
from imgclean.images.limits import READ_ALL
from imgclean.images.signatures import HEAD_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.images.formats import Format
    from imgclean.images.limits import ReadRules
    from imgclean.images.picture import Picture

_TRY_OTHER_COPY = "check whether it opens elsewhere, or copy it anew from where it came"


def read_image(path: Path, rules: ReadRules = READ_ALL) -> Picture:
    """Return the image in a file, of the format that its content says, whatever its name.

    Raises:
        UnreadableImage: the file is missing, empty, damaged or cannot be opened.
        UnsupportedImage: it is sound, but of a kind that is not handled.
    """
    return decode_image(read_bytes(path, rules), str(path), rules)


def read_bytes(path: Path, rules: ReadRules = READ_ALL) -> bytes:
    """Return a file's content, for `decode_image`.

    Raises:
        UnreadableImage: the file is missing or cannot be opened.
        UnsupportedImage: it is too large to be read as a whole.
    """
    try:
        size = path.stat().st_size
        if size > rules.max_file_bytes:
            raise UnsupportedImage(
                f"{path}: a file of {size / 1e9:.0f} GB is too large to be read as a whole",
                hint="cut the image into parts, or raise --max-pixels",
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableImage(
            f"{path}: cannot be opened: {_cause(error)}", hint=_hint_on(error)
        ) from error


def decode_image(data: bytes, name: str, rules: ReadRules = READ_ALL) -> Picture:
    """Return the image in a file's content.

    Args:
        data: the whole content.
        name: what error messages call it.
        rules: what may be read.

    Raises:
        UnreadableImage: it is empty or damaged.
        UnsupportedImage: it is sound, but of a kind that is not handled.
    """
    if not data:
        raise UnreadableImage(f"{name}: empty file", hint=_TRY_OTHER_COPY)
    recognised = recognise_bytes(data[:HEAD_BYTES])
    if recognised is None:
        raise UnreadableImage(
            f"{name}: not an image: its first bytes are of no image format that is known",
            hint="leave the file out",
        )
    if recognised.format is None:
        raise UnsupportedImage(
            f"{name}: {recognised.title} is not supported",
            hint="convert it to PNG, TIFF or JPEG first",
        )
    return _decode(recognised.format, data, name, rules)


def _decode(
    format: Format,  # noqa: A002 - the field's term
    data: bytes,
    name: str,
    rules: ReadRules,
) -> Picture:
    try:
        return format.codec().decode(data, rules)
    except ImageError as error:
        error.hint = error.hint or _TRY_OTHER_COPY
        raise error.about(name) from error
    except MemoryError as error:
        raise UnreadableImage(
            f"{name}: there is too little memory for it", hint="close other programs"
        ) from error
    except Exception as error:  # parsers raise anything on damaged content
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableImage(
            f"{name}: damaged {format.title}: {reason}", hint=_TRY_OTHER_COPY
        ) from error


def _cause(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _hint_on(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "check the path"
    if isinstance(error, IsADirectoryError):
        return "name the files in it"
    if isinstance(error, PermissionError):
        return "check the file's permissions"
    return "check the disk"
