"""The record that lies in a repository's cached folder: what imgclean fetched, with its sha256."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imgclean.atomic import remove_leftovers, replacing
from imgclean.weightsets.hub.reference import is_commit, is_plain_path

if TYPE_CHECKING:
    from pathlib import Path

RECORD_NAME = "imgclean.json"


def read_record(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file, by `<commit>/<path>`; nothing where there is no record."""
    try:
        found = json.loads((folder / RECORD_NAME).read_bytes())["sha256"]
        return {place: str(sha256) for place, sha256 in found.items() if _is_place(place)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _is_place(text: str) -> bool:
    """Whether a text is a commit and a path in it; a record may be damaged, too."""
    commit, _, file = text.partition("/")
    return is_commit(commit) and is_plain_path(file)


def write_record(folder: Path, sha256: dict[str, str]) -> None:
    """Replace the record; without files there is none."""
    if not sha256:
        (folder / RECORD_NAME).unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder)
    content = json.dumps({"format": 1, "sha256": dict(sorted(sha256.items()))}, indent=2)
    with replacing(folder / RECORD_NAME) as temporary:
        temporary.write_text(content)
