"""Which files of a folder are images."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from imgclean.images.formats import IMAGE_SUFFIXES, recognise


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk through a folder met; dotfiles and dot folders are not in it.

    Attributes:
        images: files that are images by suffix or by their first bytes, a folder's own before
            those of the folders in it, sorted. A broken link with an image's suffix is one, so
            that it is not lost without a word.
        others: other files that can be read.
        unreadable: folders that cannot be listed, each with the operating system's reason.
        passed_by: how many pipes, sockets, devices and broken links there were; none is opened.
    """

    images: tuple[Path, ...]
    others: tuple[Path, ...] = ()
    unreadable: tuple[tuple[Path, str], ...] = ()
    passed_by: int = 0


def find_images(folder: Path, *, recursive: bool = True) -> Found:
    """Walk `folder`. Links to files are followed; links to folders are not, so no loop is met."""
    walk = _Walk()
    pending = [folder]
    while pending:
        below = walk.enter(pending.pop())
        if recursive:
            pending += reversed(below)
    return Found(
        tuple(walk.images), tuple(walk.others), tuple(walk.unreadable), passed_by=walk.passed_by
    )


@dataclass(slots=True)
class _Walk:
    """A walk under way; the fields are those of `Found`."""

    images: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)
    passed_by: int = 0

    def enter(self, folder: Path) -> list[Path]:
        """Sort a folder's files by kind, and return the folders in it, sorted."""
        try:
            with os.scandir(folder) as entries:
                visible = [each for each in entries if not each.name.startswith(".")]
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno else str(error)
            self.unreadable.append((folder, reason))
            return []
        below = []
        for entry in sorted(visible, key=lambda each: each.name):
            if entry.is_dir(follow_symlinks=False):
                below.append(Path(folder, entry.name))
            elif not _is_folder(entry):
                self._take(entry, Path(folder, entry.name))
        return below

    def _take(self, entry: os.DirEntry[str], path: Path) -> None:
        named_as_image = path.suffix.lower() in IMAGE_SUFFIXES
        if not _is_file(entry):
            if named_as_image and _is_broken(path):
                self.images.append(path)
            else:
                self.passed_by += 1
        elif named_as_image or recognise(path) is not None:
            self.images.append(path)
        else:
            self.others.append(path)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link in a circle
        return False


def _is_broken(path: Path) -> bool:
    """Whether it is a link that leads nowhere."""
    try:
        return path.is_symlink() and not path.exists()
    except OSError:
        return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
