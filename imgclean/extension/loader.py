"""Finds and loads plugins. One that does not work is reported; everything else goes on."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint, entry_points
from typing import cast

import pluggy

from imgclean.errors import nearest_names
from imgclean.extension import hookspecs
from imgclean.extension.model_info import HOOK_API, ModelInfo
from imgclean.extension.registry import LoadedPlugin, PluginFailure, PluginSource, Registry

ALLOWED_VARIABLE = "IMGCLEAN_PLUGINS"
_MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


class ContractBroken(Exception):
    """The plugin does not keep to the contract."""


def load_plugins(*, enabled: bool = True) -> Registry:
    """Import every installed plugin, each isolated from the others, and return what was found.

    Args:
        enabled: False imports none (`--no-plugins`). `IMGCLEAN_PLUGINS=name,name` in the
            environment restricts loading to these entry points or distributions.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    allowed = _allowed_names()
    plugins: list[LoadedPlugin] = []
    failures: list[PluginFailure] = []
    disabled: list[PluginSource] = []
    for source, entry in _discover():
        if not enabled or not _is_allowed(source, allowed):
            disabled.append(source)
            continue
        try:
            with redirect_stdout(sys.stderr):  # stdout carries data only
                plugins.append(_load(manager, source, entry))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit, or a panic in a Rust extension
            if manager.has_plugin(source.key):
                manager.unregister(name=source.key)
            failures.append(_failure(source, error))
    return Registry(manager, tuple(plugins), tuple(failures), tuple(disabled))


def _allowed_names() -> set[str]:
    text = os.environ.get(ALLOWED_VARIABLE, "")
    return {_normalised(name) for name in text.split(",") if name.strip()}


def _is_allowed(source: PluginSource, allowed: set[str]) -> bool:
    names = {_normalised(source.entry_point), _normalised(source.distribution)}
    return not allowed or bool(allowed & names)


def _normalised(name: str) -> str:
    """Return a name as pip compares it: `Imgclean_DnCNN` is `imgclean-dncnn`."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _discover() -> list[tuple[PluginSource, EntryPoint]]:
    """Return the entry points, each once, without importing anything."""
    found: dict[str, tuple[PluginSource, EntryPoint]] = {}
    for entry in entry_points(group=hookspecs.ENTRY_POINT_GROUP):
        distribution = entry.dist
        # what pip left half removed has neither name nor version
        name = distribution.name if distribution else None
        version = distribution.version if distribution else None
        source = PluginSource(name or "unknown", version or "unknown", entry.name, entry.value)
        found.setdefault(source.key, (source, entry))
    return [found[key] for key in sorted(found)]


def _load(manager: pluggy.PluginManager, source: PluginSource, entry: EntryPoint) -> LoadedPlugin:
    value = entry.load()
    manager.register(value, name=source.key)
    offered = _offered_models(manager, value)
    _refuse_newer_api(offered)  # first: what looks misspelt may be a hook of that API
    _refuse_unknown_hooks(manager, value)
    return LoadedPlugin(source, value, _checked_models(offered))


def _refuse_unknown_hooks(manager: pluggy.PluginManager, value: object) -> None:
    """Raise for a marked function that is no hook, as pluggy's `check_pending`, with a hint."""
    known = [name for name in dir(hookspecs) if name.startswith(f"{hookspecs.PROJECT}_")]
    for name in dir(value):
        options = manager.parse_hookimpl_opts(value, name)
        if options is None or options.get("optionalhook"):
            continue
        hook = options.get("specname") or name
        if hook not in known:
            near = nearest_names(hook, known, limit=1)
            meant = f", did you mean {near[0]}?" if near else ""
            raise ContractBroken(f"there is no hook {hook}{meant}")


def _offered_models(manager: pluggy.PluginManager, value: object) -> tuple[object, ...] | None:
    """Return what `imgclean_models` returns, or None if the plugin does not implement it."""
    others = [each for each in manager.get_plugins() if each is not value]
    answers = manager.subset_hook_caller("imgclean_models", remove_plugins=others)()
    if not answers:
        return None
    if not isinstance(answers[0], Iterable):
        kind = type(answers[0]).__name__
        raise ContractBroken(f"imgclean_models returned {kind}, not ModelInfos")
    return tuple(answers[0])


def _refuse_newer_api(offered: tuple[object, ...] | None) -> None:
    for info in offered or ():
        if isinstance(info, ModelInfo) and info.api > HOOK_API:
            raise ContractBroken(
                f"it asks for hook API {info.api}, this imgclean has {HOOK_API}: upgrade imgclean"
            )


def _checked_models(offered: tuple[object, ...] | None) -> tuple[ModelInfo, ...]:
    if offered is None:
        raise ContractBroken("it does not implement imgclean_models")
    for info in offered:
        if not isinstance(info, ModelInfo):
            raise ContractBroken(f"imgclean_models returned {type(info).__name__}, not ModelInfo")
        if not _MODEL_NAME.fullmatch(info.name):
            raise ContractBroken(f"{info.name!r} is not a model name")
    return cast("tuple[ModelInfo, ...]", offered)


def _failure(source: PluginSource, error: BaseException) -> PluginFailure:
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        return PluginFailure(source, kind, f"it called sys.exit({error.code!r}) when imported")
    try:
        message = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an exception class of the plugin's own
        message = ""
    return PluginFailure(source, kind, message or "no message")
