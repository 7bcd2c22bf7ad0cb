"""Which files of a folder are images."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from imgclean.images.formats import IMAGE_SUFFIXES, recognise


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk through a folder met.

    Attributes:
        images: files that are images by suffix or by their first bytes, sorted.
        ignored: how many other files there were; dotfiles are not counted.
    """

    images: tuple[Path, ...]
    ignored: int


def find_images(folder: Path, *, recursive: bool = True) -> Found:
    """Walk `folder`, symbolic links to folders excepted. Dotfiles and dot folders are passed by."""
    images: list[Path] = []
    ignored = 0
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if recursive and not each.startswith("."))
        for name in sorted(each for each in files if not each.startswith(".")):
            path = Path(parent, name)
            if path.suffix.lower() in IMAGE_SUFFIXES or recognise(path) is not None:
                images.append(path)
            else:
                ignored += 1
    return Found(tuple(images), ignored)
