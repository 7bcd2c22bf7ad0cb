"""Lists of files, as `--files-from` takes them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from imgclean.errors import InputNotFound, NothingToDo

FROM_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Listed:
    """One path of a list.

    Attributes:
        path: as it stands there, relative to the current folder.
        place: where that is, as messages begin: `list.txt, line 3: `.
    """

    path: Path
    place: str


def read_file_list(source: str, *, null: bool = False) -> list[Listed]:
    """Return the paths that a list holds, without a look at them; empty ones are left out.

    Args:
        source: a file, or `-` for stdin.
        null: a zero byte ends each path, rather than a line's end (`find -print0`).

    Raises:
        InputNotFound: the list cannot be read.
        NothingToDo: it holds no path.
    """
    title = "stdin" if source == FROM_STDIN else source
    listed = parse_file_list(_content(source), title, null=null)
    if not listed:
        raise NothingToDo(f"no path in {title}", hint="--files-from takes one path a line")
    return listed


def parse_file_list(content: bytes, title: str, *, null: bool = False) -> list[Listed]:
    """Return the paths in a list's content; bytes that are no UTF-8 are kept as they are.

    Args:
        content: of the list.
        title: what messages call the list.
        null: as for `read_file_list`.
    """
    if null:
        entries, kind = content.split(b"\0"), "entry"
    else:
        content = content.removeprefix(b"\xef\xbb\xbf")  # editors on Windows write it
        entries, kind = [line.removesuffix(b"\r") for line in content.split(b"\n")], "line"
    return [
        Listed(Path(os.fsdecode(entry)), f"{title}, {kind} {number}: ")
        for number, entry in enumerate(entries, 1)
        if entry
    ]


def _content(source: str) -> bytes:
    if source == FROM_STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        cause = os.strerror(error.errno).lower() if error.errno else str(error)
        raise InputNotFound(f"{source}: cannot be opened: {cause}") from error
