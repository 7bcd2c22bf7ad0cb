"""The two consoles: stdout carries data, stderr everything for people."""

from __future__ import annotations

import re

from rich.console import Console
from rich.text import Text

# paths and messages hold brackets and colons, which are not rich's markup
stdout = Console(highlight=False, markup=False, emoji=False)
stderr = Console(stderr=True, highlight=False, markup=False, emoji=False)

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return a message as one line that no terminal takes for commands.

    Names of files may hold a line's end, an escape sequence or bytes that are no UTF-8; such
    characters come out as `\\n`, `\\x1b` and `\\udcff`.
    """
    return _UNPRINTABLE.sub(lambda match: repr(match[0])[1:-1], text)


def say(line: str) -> None:
    """Tell a person something, on a line of its own."""
    stderr.print(printable(line), soft_wrap=True)


def say_error(message: str, hint: str = "") -> None:
    """Say what is wrong, and on a second line what to do about it."""
    text = Text.assemble(("error: ", "bold red"), printable(message))
    stderr.print(text, soft_wrap=True)
    if hint:
        stderr.print(Text(f"       {printable(hint)}", style="dim"), soft_wrap=True)
