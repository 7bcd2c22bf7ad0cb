"""Which planes of a stack are taken, as `--pages` and `--channels` say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imgclean.errors import InvalidSetting, UnsupportedImage

_PART = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class PageChoice:
    """Numbers of pages or channels, from 1 on.

    Attributes:
        text: as the user wrote it.
        numbers: in rising order, each once.
    """

    text: str
    numbers: tuple[int, ...]

    def indices(self, count: int, kind: str) -> tuple[int, ...]:
        """Return the chosen of `count` pages or channels, from 0 on.

        Args:
            count: how many there are.
            kind: what they are, as messages call one.

        Raises:
            UnsupportedImage: one that was chosen is not there.
        """
        if self.numbers[-1] > count:
            raise UnsupportedImage(
                f"it has no {kind} {self.numbers[-1]}, only {count}",
                hint="choose among those that are there, or leave the file out",
            )
        return tuple(number - 1 for number in self.numbers)


def parse_page_choice(text: str, option: str) -> PageChoice:
    """Return what `--pages` or `--channels` says: `first`, or numbers and spans as `1,3-5`.

    Raises:
        InvalidSetting: it is neither.
    """
    if text == "first":
        return PageChoice(text, (1,))
    numbers: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        low = int(match[1]) if match else 0
        high = int(match[2] or low) if match else 0
        if not 1 <= low <= high:
            raise InvalidSetting(f"{option} {text}", hint="as 2, 1,3-5 or first; counted from 1")
        numbers.update(range(low, high + 1))
    return PageChoice(text, tuple(sorted(numbers)))
