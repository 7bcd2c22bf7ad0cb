"""Recipes in files: a user's own, or those that plugins ship."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgclean.errors import InvalidSetting, nearest_names

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from imgclean.extension.registry import Registry


def read_recipe_file(reference: str, registry: Registry) -> dict[str, Any]:
    """Return the settings in a recipe file, not yet validated.

    Args:
        reference: path of a TOML file, or `plugin/name` of a recipe that a plugin ships.
        registry: the installed plugins.

    Raises:
        InvalidSetting: there is no such recipe, or it is not TOML.
    """
    shipped = shipped_recipes(registry)
    source: Path | Traversable
    if reference in shipped:
        source = shipped[reference]
    elif reference.endswith(".toml"):
        source = Path(reference)
    else:
        near = nearest_names(reference, shipped)
        known = ", ".join(sorted(shipped)) or "none is installed"
        raise InvalidSetting(
            f"there is no recipe {reference!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else f"recipes: {known}",
        )
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSetting(f"{reference} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{reference} is not TOML: {error}") from error


def shipped_recipes(registry: Registry) -> dict[str, Traversable]:
    """Return the recipe files of every plugin, by `plugin/name`."""
    recipes: dict[str, Traversable] = {}
    for plugin in registry.plugins:
        for name, source in (registry.hook("imgclean_recipes", plugin)() or {}).items():
            recipes[f"{plugin.source.entry_point}/{name}"] = source
    return recipes
