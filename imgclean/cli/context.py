"""What the commands of one process share."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.text import Text

from imgclean.cli.console import stderr
from imgclean.extension.loader import load_plugins

if TYPE_CHECKING:
    from imgclean.extension.registry import Registry

_ENABLED = [True]
_CONFIGURED = [True]


def disable_plugins() -> None:
    """Load no plugin in this process; to be called before `registry`."""
    _ENABLED[0] = False


def disable_configuration() -> None:
    """Read no configuration in this process."""
    _CONFIGURED[0] = False


def go_offline() -> None:
    """Have nothing fetched by this process and those that it starts; before anything is imported.

    The Hub's client reads the environment once.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"


def is_configured() -> bool:
    """Whether the user's configuration is read."""
    return _CONFIGURED[0]


def has_all_plugins() -> bool:
    """Whether every installed plugin is loaded, so that no command is unknown."""
    found = registry()
    return not (found.disabled or found.failures)


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the installed plugins, loaded once; failures are reported once, on stderr."""
    found = load_plugins(enabled=_ENABLED[0])
    for failure in found.failures:
        stderr.print(Text(f"warning: {failure.line()}", style="yellow"), soft_wrap=True)
    return found
