"""The two consoles: stdout carries data, stderr everything for people."""

from __future__ import annotations

from rich.console import Console

# paths and messages hold brackets and colons, which are not rich's markup
stdout = Console(highlight=False, markup=False, emoji=False)
stderr = Console(stderr=True, highlight=False, markup=False, emoji=False)
