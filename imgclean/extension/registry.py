"""The plugins that were found: those that work, those that do not and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgclean.errors import (
    AmbiguousModel,
    NoModelInstalled,
    PluginBroken,
    UnknownModel,
    nearest_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pluggy

    from imgclean.extension.model_info import ModelInfo


@dataclass(frozen=True, slots=True)
class PluginSource:
    """Where a plugin comes from.

    Attributes:
        distribution, version: of the installed package.
        entry_point: name of the entry point.
        target: what the entry point names.
    """

    distribution: str
    version: str
    entry_point: str
    target: str

    @property
    def key(self) -> str:
        """A name that no other plugin has."""
        return f"{self.distribution}:{self.entry_point}"

    def is_named(self, model: str) -> bool:
        """Whether a model of that name, or `distribution:name`, is likely this plugin's."""
        distribution, _, name = model.rpartition(":")
        likely = (self.entry_point, self.distribution.removeprefix("imgclean-"))
        return name in likely and distribution in ("", self.distribution)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPlugin:
    """A plugin that works: the object that its entry point names, and its models."""

    source: PluginSource
    value: object
    models: tuple[ModelInfo, ...]


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """A plugin that does not work.

    Attributes:
        source: where it comes from.
        error: class name of the exception.
        message: what is wrong, in one line.
    """

    source: PluginSource
    error: str
    message: str

    @property
    def hint(self) -> str:
        """How to be rid of it."""
        return f"pip uninstall {self.source.distribution}"

    def line(self) -> str:
        """The failure on one line."""
        source = self.source
        return (
            f"plugin {source.entry_point} of {source.distribution} {source.version} "
            f"was not loaded: {self.error}: {self.message} (to remove it: {self.hint})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model and the plugin that owns it."""

    info: ModelInfo
    plugin: LoadedPlugin

    @property
    def key(self) -> str:
        """`distribution:name`, which no other model has."""
        return f"{self.plugin.source.distribution}:{self.info.name}"


class Registry:
    """What the loader found.

    Attributes:
        plugins: those that work.
        failures: those that do not.
        disabled: those that were not to be loaded.
    """

    def __init__(
        self,
        manager: pluggy.PluginManager,
        plugins: tuple[LoadedPlugin, ...],
        failures: tuple[PluginFailure, ...],
        disabled: tuple[PluginSource, ...],
    ) -> None:
        self._manager = manager
        self.plugins = plugins
        self.failures = failures
        self.disabled = disabled

    def models(self) -> list[Model]:
        """Return every model, sorted by name."""
        models = [Model(info, plugin) for plugin in self.plugins for info in plugin.models]
        return sorted(models, key=lambda each: (each.info.name, each.key))

    def infos(self) -> list[ModelInfo]:
        """Return what the plugins say of every model, sorted by name."""
        return [each.info for each in self.models()]

    def model(self, name: str) -> Model:
        """Return the model of that name, or of that `distribution:name`.

        Raises:
            UnknownModel: there is none; the hint has the nearest names.
            AmbiguousModel: several plugins offer one, and the bare name does not say which.
            PluginBroken: the plugin of that name could not be loaded.
            NoModelInstalled: there is no model at all.
        """
        found = [each for each in self.models() if name in (each.info.name, each.key)]
        if len(found) == 1:
            return found[0]
        if found:
            keys = " or ".join(each.key for each in found)
            raise AmbiguousModel(f"several plugins offer a model {name!r}", hint=f"use {keys}")
        raise self._missing(name)

    def hook(self, name: str, plugin: LoadedPlugin) -> pluggy.HookCaller:
        """Return a caller of one hook of one plugin; no other plugin is asked."""
        others = [each.value for each in self.plugins if each is not plugin]
        return self._manager.subset_hook_caller(name, remove_plugins=others)

    def own_hook(self, name: str, plugin: LoadedPlugin) -> Callable[..., Any] | None:
        """Return a caller of one hook of one plugin, or None where the plugin does not have it."""
        caller = self.hook(name, plugin)
        return caller if caller.get_hookimpls() else None

    def none_works(self) -> NoModelInstalled:
        """Return the error for a command that finds no model at all."""
        if self.disabled:
            return NoModelInstalled(
                "every plugin that works is switched off",
                hint="by --no-plugins or by IMGCLEAN_PLUGINS in the environment",
            )
        return NoModelInstalled("no model is installed", hint='run pip install "imgclean[models]"')

    def _missing(self, name: str) -> UnknownModel | PluginBroken | NoModelInstalled:
        for failure in self.failures:
            if failure.source.is_named(name):
                return PluginBroken(
                    f"model {name!r} is not available: {failure.error}: {failure.message}",
                    hint=f"to remove the plugin: {failure.hint}",
                )
        if any(source.is_named(name) for source in self.disabled):
            return UnknownModel(
                f"the plugin of model {name!r} is switched off",
                hint="by --no-plugins or by IMGCLEAN_PLUGINS in the environment",
            )
        names = [each.info.name for each in self.models()]
        if not names:
            return self.none_works()
        near = nearest_names(name, names)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(names)}"
        return UnknownModel(f"no model is named {name!r}", hint=hint)
