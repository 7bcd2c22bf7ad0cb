"""The documentation's pages, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<content>.*?)^```$", re.M | re.S)
_NAMED_FENCE = re.compile(r"^`(?P<name>[^`\n]+)`:\n\n```\w+\n(?P<content>.*?)^```$", re.M | re.S)
_RULE = re.compile(r"^\|[ |-]+\|$")


@dataclass(frozen=True)
class Page:
    """A page, or a part of it, in Markdown."""

    text: str

    def section(self, heading: str) -> Page:
        """Return what stands between a heading and the next of the same or a higher level."""
        found = re.search(rf"^(#+) {re.escape(heading)}\n", self.text, re.M)
        assert found, f"there is no heading {heading!r}"
        rest = self.text[found.end() :]
        end = re.search(rf"^#{{1,{len(found[1])}}} ", _FENCE.sub(_blank, rest), re.M)
        return Page(rest[: end.start()] if end else rest)

    def before(self, line: str) -> Page:
        """Return what stands before a line."""
        return Page(self.text.partition(f"\n{line}\n")[0])

    def after(self, line: str) -> Page:
        """Return what stands after a line."""
        return Page(self.text.partition(f"\n{line}\n")[2])

    def blocks(self, language: str = "") -> list[str]:
        """Return the fenced blocks of a language, in order."""
        found = _FENCE.finditer(self.text)
        return [each["content"] for each in found if each["language"] == language]

    def named_blocks(self) -> dict[str, str]:
        """Return the blocks that a line such as "`name`:" introduces."""
        return {each["name"]: each["content"] for each in _NAMED_FENCE.finditer(self.text)}

    def rows(self) -> list[tuple[str, ...]]:
        """Return the cells of all tables' lines, headings left out."""
        lines = self.text.splitlines()
        return [
            tuple(cell.strip() for cell in line.split("|")[1:-1])
            for line, below in zip(lines, [*lines[1:], ""], strict=True)
            if line.startswith("|") and not _RULE.match(line) and not _RULE.match(below)
        ]

    def names(self) -> list[str]:
        """Return what stands in backticks in the first column of all tables."""
        return [name for row in self.rows() for name in re.findall(r"`([^`]+)`", row[0])]


def _blank(fence: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", fence[0])


@pytest.fixture
def page() -> Callable[[str], Page]:
    """Return a page by its path in the repository."""
    return lambda path: Page((ROOT / path).read_text(encoding="utf-8"))
