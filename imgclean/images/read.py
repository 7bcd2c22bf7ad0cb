"""Reads an image from a file or from bytes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imgclean.errors import ImageError, UnreadableImage, UnsupportedImage
from imgclean.images.formats import recognise_bytes
from imgclean.images.limits import READ_ALL
from imgclean.images.signatures import HEAD_BYTES, format_without_signature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imgclean.images.limits import ReadRules
    from imgclean.images.picture import Picture

TRY_OTHER_COPY = "check whether it opens elsewhere, or copy it anew from where it came"


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
        raise unreadable(path, error) from error


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
        raise UnreadableImage(f"{name}: empty file", hint=TRY_OTHER_COPY)
    recognised = recognise_bytes(data[:HEAD_BYTES])
    if recognised is None:
        named = format_without_signature(name)
        if named is not None:
            raise UnsupportedImage(f"{name}: {named.title} is not supported", hint=named.hint)
        raise UnreadableImage(
            f"{name}: not an image: its first bytes are of no image format that is known",
            hint="leave the file out",
        )
    if recognised.format is None:
        raise UnsupportedImage(f"{name}: {recognised.title} is not supported", hint=recognised.hint)
    with naming_damage(recognised.title, name):
        return recognised.format.codec().decode(data, rules)


@contextmanager
def naming_damage(title: str, name: object) -> Iterator[None]:
    """Turn whatever a parser raises into a typed error that names the file.

    Args:
        title: the format as people write it.
        name: what error messages call the file.
    """
    try:
        yield
    except ImageError as error:
        error.hint = error.hint or TRY_OTHER_COPY
        raise error.about(name) from error
    except MemoryError as error:
        raise UnreadableImage(
            f"{name}: there is too little memory for it", hint="close other programs"
        ) from error
    except OSError as error:
        if error.errno is None:  # a parser's own
            raise UnreadableImage(
                f"{name}: damaged {title}: {_first_line(error)}", hint=TRY_OTHER_COPY
            ) from error
        raise unreadable(name, error) from error
    except Exception as error:  # parsers raise anything on damaged content
        raise UnreadableImage(
            f"{name}: damaged {title}: {_first_line(error)}", hint=TRY_OTHER_COPY
        ) from error


def unreadable(name: object, error: OSError) -> UnreadableImage:
    """Return the typed error for an operating system's refusal to read a file."""
    return UnreadableImage(f"{name}: cannot be opened: {_cause(error)}", hint=_hint_on(error))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


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
