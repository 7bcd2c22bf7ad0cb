"""Recipes in files: a user's own, or those that plugins ship."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgclean.degradation.spec import Pairs
from imgclean.errors import InvalidSetting, ModelWeightsMismatch, nearest_names
from imgclean.weightsets.catalogue import find, installed, is_path

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


def default_recipe(model: str, registry: Registry) -> dict[str, Any]:
    """Return the recipe that a model's plugin ships for it; nothing without one.

    It is the one named like the model, which a plugin of several models has for each; else
    `default`, unless that is of another model.

    Raises:
        UnknownModel, AmbiguousModel, PluginBroken, NoModelInstalled: see `Registry.model`.
        InvalidSetting: it is not TOML.
    """
    found = registry.model(model)
    name = found.info.name
    shipped = shipped_recipes(registry)
    for recipe in (name, "default"):
        reference = f"{found.plugin.source.entry_point}/{recipe}"
        if reference in shipped:
            settings = read_recipe_file(reference, registry)
            return settings if settings.get("model") in (None, name, model) else {}
    return {}


def shipped_recipes(registry: Registry) -> dict[str, Traversable]:
    """Return the recipe files of every plugin, by `plugin/name`."""
    recipes: dict[str, Traversable] = {}
    for plugin in registry.plugins:
        for name, source in (registry.hook("imgclean_recipes", plugin)() or {}).items():
            recipes[f"{plugin.source.entry_point}/{name}"] = source
    return recipes


def begun_from(settings: dict[str, Any], registry: Registry) -> dict[str, Any]:
    """Return settings in which a weight set to begin from says what they leave open.

    It gives the model, its options and, for clean images, the noise. Paths of weight sets are
    written in full, also those of stages, so that a resume finds them from any folder.

    Raises:
        UnknownModel, AmbiguousModel, PluginBroken, NoModelInstalled: see `Registry.model`.
        ModelWeightsMismatch: the set to begin from is of another model than is named.
        ImgcleanError: there is no such set, see `find`.
    """
    settings = _with_full_paths(settings)
    init = settings.get("init")
    if not isinstance(init, str):
        return settings
    model = settings.get("model")
    named = [registry.model(model).info] if isinstance(model, str) else registry.infos()
    config = find(init, installed(), named).config
    if isinstance(model, str) and config.model != named[0].name:
        raise ModelWeightsMismatch(
            f"--init {init} holds weights of {config.model}, but the model is {model}",
            hint="begin from a set of the model, or leave --init out",
        )
    told: dict[str, Any] = {"model": config.model}
    data = settings.get("data")
    if not isinstance(config.domain, Pairs) and not (isinstance(data, dict) and data.get("noisy")):
        told["noise"] = config.noise
    options = settings.get("options")
    own = options if isinstance(options, dict) else {}
    return told | settings | {"options": config.options | own}


def _with_full_paths(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings, or those of a stage, in which paths of weight sets are in full."""
    found = dict(settings)
    init = found.get("init")
    if isinstance(init, str) and is_path(init):
        found["init"] = str(Path(init).resolve())
    if isinstance(found.get("stages"), list):
        found["stages"] = [
            _with_full_paths(each) if isinstance(each, dict) else each for each in found["stages"]
        ]
    return found
