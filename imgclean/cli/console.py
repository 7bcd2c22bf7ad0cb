"""The two consoles: stdout carries data, stderr everything for people."""

from __future__ import annotations

from rich.console import Console

stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)
