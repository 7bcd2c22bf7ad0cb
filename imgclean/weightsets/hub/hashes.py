"""Hashes of files, as catalogues and the Hub state them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SHA256_LENGTH = 64


def file_sha256(path: Path) -> str:
    """Return a file's sha256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_etag(path: Path, etag: str) -> bool:
    """Whether a file's content is what the Hub states of it.

    An etag of 64 digits is the sha256, one of 40 what git calls a file: the sha1 of its length
    and its content.
    """
    if not is_hash(etag):
        return False
    if len(etag) == _SHA256_LENGTH:
        return file_sha256(path) == etag
    with path.open("rb") as file:
        header = f"blob {path.stat().st_size}\0".encode()
        return hashlib.file_digest(file, lambda: hashlib.sha1(header)).hexdigest() == etag  # noqa: S324 - git's


def is_hash(etag: str) -> bool:
    """Whether an etag tells what the content is; a mirror's may not."""
    return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", etag) is not None
