"""What the commands of one process share."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.text import Text

from imgclean.cli.console import stderr
from imgclean.extension.loader import load_plugins

if TYPE_CHECKING:
    from imgclean.extension.registry import Registry

_ENABLED = [True]


def disable_plugins() -> None:
    """Load no plugin in this process; to be called before `registry`."""
    _ENABLED[0] = False


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the installed plugins, loaded once; failures are reported once, on stderr."""
    found = load_plugins(enabled=_ENABLED[0])
    for failure in found.failures:
        stderr.print(Text(f"warning: {failure.line()}", style="yellow"), soft_wrap=True)
    return found
