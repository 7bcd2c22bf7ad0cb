"""What the Hub on loopback keeps: repositories, their commits, and files known by their hashes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1, sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PIECE = 64 * 1024
LARGE_SUFFIXES = (".safetensors", ".pth", ".bin", ".mat")
ATTRIBUTES = "".join(
    f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LARGE_SUFFIXES
)


@dataclass(frozen=True)
class Blob:
    """Bytes in memory or a file on disk, which is read again each time it is sent."""

    source: bytes | Path
    size: int
    sha256: str
    git_id: str

    @classmethod
    def of(cls, source: bytes | Path) -> Blob:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        whole, git = sha256(), sha1(b"blob %d\0" % size, usedforsecurity=False)
        for piece in pieces(source, 0, size):
            whole.update(piece)
            git.update(piece)
        return cls(source, size, whole.hexdigest(), git.hexdigest())

    def read(self) -> bytes:
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


def pieces(source: bytes | Path, start: int, end: int) -> Iterator[bytes]:
    """Bytes from start to end, a little at a time."""
    if isinstance(source, bytes):
        for at in range(start, end, PIECE):
            yield source[at : min(at + PIECE, end)]
        return
    with source.open("rb") as file:
        file.seek(start)
        while start < end and (piece := file.read(min(PIECE, end - start))):
            start += len(piece)
            yield piece


@dataclass(frozen=True)
class Entry:
    """A file of a commit; a large one is a pointer in git and lies on the CDN."""

    blob: Blob
    large: bool

    @cached_property
    def git_id(self) -> str:
        return Blob.of(self.pointer).git_id if self.large else self.blob.git_id

    @property
    def pointer(self) -> bytes:
        lines = ("version https://git-lfs.github.com/spec/v1", f"oid sha256:{self.blob.sha256}")
        return "\n".join((*lines, f"size {self.blob.size}", "")).encode()

    @property
    def etag(self) -> str:
        return self.blob.sha256 if self.large else self.blob.git_id


def is_large(name: str, size: int, limit: int) -> bool:
    return size > 0 and (name.endswith(LARGE_SUFFIXES) or size > limit)


@dataclass(frozen=True)
class Commit:
    id: str
    parent: str | None
    title: str
    description: str
    files: dict[str, Entry]


@dataclass
class Repository:
    name: str
    private: bool = False
    gated: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    objects: dict[str, Blob] = field(default_factory=dict)  # large files by their sha256

    def find(self, revision: str) -> Commit | None:
        """The commit of a branch, a tag or a full commit id."""
        name = self.branches.get(revision) or self.tags.get(revision) or revision
        return self.commits.get(name)

    def commit(
        self, branch: str, title: str, changes: Mapping[str, Entry | None], description: str = ""
    ) -> Commit:
        """Put changes on a branch as one commit; None removes; a new branch begins at main."""
        before = self.find(branch) or self.find("main")
        files = dict(before.files if before else {}) | dict(changes)
        files = {name: entry for name, entry in sorted(files.items()) if entry}
        parent = before.id if before else None
        tree = [(name, entry.git_id) for name, entry in files.items()]
        identity = json.dumps([parent, title, description, tree]).encode()
        new = Commit(
            sha1(identity, usedforsecurity=False).hexdigest(), parent, title, description, files
        )
        self.commits[new.id] = new
        self.branches[branch] = new.id
        for entry in files.values():
            self.keep(entry)
        return new

    def keep(self, entry: Entry) -> None:
        """Have a large file's bytes where the CDN finds them."""
        if entry.large:
            self.objects.setdefault(entry.blob.sha256, entry.blob)

    def history(self, revision: str) -> list[Commit]:
        """The commits of a revision, newest first."""
        found = []
        commit = self.find(revision)
        while commit:
            found.append(commit)
            commit = self.commits.get(commit.parent or "")
        return found
