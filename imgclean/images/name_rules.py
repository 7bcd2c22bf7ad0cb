"""Which files of a folder are wanted, by their names."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class NameRules:
    """Shell patterns, each on a file's name or on its path in its folder.

    Attributes:
        include: with any, only files that match one.
        exclude: files that match one are left out.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def take(self, relative: PurePath) -> bool:
        """Whether a file is wanted, by its path in its folder."""

        def matches(patterns: tuple[str, ...]) -> bool:
            return any(
                fnmatch(relative.as_posix(), each) or fnmatch(relative.name, each)
                for each in patterns
            )

        return (not self.include or matches(self.include)) and not matches(self.exclude)
