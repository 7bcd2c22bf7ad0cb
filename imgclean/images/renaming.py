"""`--match 's/_mean/_real/'`: how the name of a noisy image follows from that of the clean one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imgclean.errors import InvalidSetting

_FORM = re.compile(r"s(?P<mark>[^\w\s\\])(?P<rest>.*)", re.DOTALL)
_FLAGS = frozenset("gi")
_EXAMPLE = "as 's/_mean/_real/': a regular expression of Python, and what takes its place"


@dataclass(frozen=True, slots=True)
class Renaming:
    r"""A substitution, as of sed.

    Attributes:
        pattern: what is looked for in a name.
        replacement: what takes its place; `\1` stands for the first group.
        everywhere: whether every place is meant, or the first.
    """

    pattern: re.Pattern[str]
    replacement: str
    everywhere: bool = False

    def apply(self, name: str) -> str | None:
        """Return the name with the substitution made; None if that changes nothing."""
        changed = self.pattern.sub(self.replacement, name, count=0 if self.everywhere else 1)
        return None if changed == name else changed


def parse_renaming(text: str) -> Renaming:
    r"""Return what `s/PATTERN/REPLACEMENT/` says; any mark may stand for `/`, `\` keeps one.

    After the last mark, `g` means every place and `i` either case.

    Raises:
        InvalidSetting: it is of another form, or the pattern is no regular expression.
    """
    match = _FORM.fullmatch(text)
    parts = re.split(rf"(?<!\\){re.escape(match['mark'])}", match["rest"]) if match else []
    if match is None or len(parts) != 3 or not parts[0] or not set(parts[2]) <= _FLAGS:
        raise InvalidSetting(f"--match {text!r} is no substitution", hint=_EXAMPLE)
    source, replacement, flags = (
        part.replace(f"\\{match['mark']}", match["mark"]) for part in parts
    )
    try:
        pattern = re.compile(source, re.IGNORECASE if "i" in flags else 0)
        pattern.sub(replacement, "")  # also refuses a group that the pattern does not have
    except (re.error, IndexError) as error:
        raise InvalidSetting(f"--match {text!r}: {error}", hint=_EXAMPLE) from error
    return Renaming(pattern, replacement, "g" in flags)
