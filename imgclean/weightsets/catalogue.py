"""The weight sets that are installed. Imports neither torch nor numpy."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgclean.errors import UnknownWeightSet, WeightsCorrupt, nearest_names, one_line
from imgclean.weightsets.config import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    WeightSetConfig,
    read_config,
)
from imgclean.weightsets.hub.entries import read_catalogues
from imgclean.weightsets.hub.intended import intended_hint
from imgclean.weightsets.hub.reference import (
    is_hub_reference,
    is_repository,
    parse_hub_reference,
)
from imgclean.weightsets.naming import has_weights_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgclean.extension.model_info import ModelInfo
    from imgclean.weightsets.hub.entries import HubEntry

ENTRY_POINT_GROUP = "imgclean.weights"
"""A distribution of weight sets names the package that holds their folders here."""


@dataclass(frozen=True, slots=True)
class Held:
    """The tensors of a set that is in memory only.

    Attributes:
        file: the checkpoint from elsewhere that they were read from.
        content: the tensors, as a safetensors file.
    """

    file: Path
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WeightSet:
    """A weight set.

    Attributes:
        config: what it says of itself.
        folder: that holds it.
        held: its tensors, where the folder holds a checkpoint from elsewhere instead.
        overrides: model options that it is used with in place of its own, see `with_options`.
    """

    config: WeightSetConfig
    folder: Path
    held: Held | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the set."""
        return self.config.name

    @property
    def file(self) -> Path:
        """The file that its tensors are read from."""
        return self.held.file if self.held else self.folder / self.config.file

    @property
    def options(self) -> dict[str, Any]:
        """Model options that its network is built with, those at their defaults left out."""
        return self.config.options | dict(self.overrides)

    @property
    def described_overrides(self) -> list[str]:
        """The overrides in words, as `attention=local`."""
        return [f"{name}={_in_words(value)}" for name, value in self.overrides.items()]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What was found.

    Attributes:
        sets: the usable sets, by name: embedded ones, and catalogued ones in the Hub's cache.
        broken: one line for each folder that claims to be a set and is not, and for each
            catalogue that is not valid.
        available: what is on the Hub under a name, whether it is here or not.
    """

    sets: dict[str, WeightSet]
    broken: tuple[str, ...]
    available: Mapping[str, HubEntry] = field(default_factory=dict)

    def of_model(self, model: str) -> list[WeightSet]:
        """Return the sets of one model, the preferred first."""
        mine = [each for each in self.sets.values() if each.config.model == model]
        return sorted(mine, key=lambda each: (-each.config.preference, each.name))


def installed() -> Catalogue:
    """Return the sets that are here and have names; a broken one is listed, not raised.

    They are those embedded in installed distributions, and those of the catalogues that have been
    pulled from the Hub before. Nobody is asked.
    """
    packages: list[Path] = []
    sets: dict[str, WeightSet] = {}
    broken: list[str] = []
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda each: each.value):
        try:
            packages += _folders_of_package(entry.value)
        except (ImportError, ValueError, AttributeError) as error:
            broken.append(f"weight sets of {entry.value}: {one_line(error)}")
    for package in packages:
        for config in sorted(package.glob(f"*/{CONFIG_NAME}")):
            folder = config.parent
            try:
                found = WeightSet(read_config(folder), folder)
            except WeightsCorrupt as error:
                broken.append(str(error))
                continue
            first = sets.setdefault(found.name, found)
            if first.folder != folder:
                broken.append(f"{folder} is hidden by {first.folder}, which has the same name")
    catalogues = read_catalogues(packages)
    if any(each.is_pinned and each.is_ours for each in catalogues.entries.values()):
        from imgclean.weightsets.hub.sets import cached_sets  # imports the Hub's client

        sets = cached_sets(catalogues.entries) | sets
    return Catalogue(sets, (*broken, *catalogues.broken), catalogues.entries)


def weightless(info: ModelInfo, channels: int) -> WeightSet:
    """Return the set that stands for a model without parameters; nothing of it is on disk."""
    config = WeightSetConfig(
        name=info.name,
        model=info.name,
        sha256=hashlib.sha256(b"").hexdigest(),
        noise="gaussian:0-255",
        channels=channels,
        options={"channels": channels},
    )
    return WeightSet(config, Path())


def find(reference: str, catalogue: Catalogue, models: Sequence[ModelInfo]) -> WeightSet:
    """Return the set that `reference` names.

    Args:
        reference: a name; a path to a folder, to its weight file, or to a checkpoint from
            elsewhere, which becomes a set in memory; or a place on the Hub, `hf://...`. What is on
            the Hub is fetched, unless it is here.
        catalogue: the sets that have names.
        models: those that a checkpoint from elsewhere may be of.

    Raises:
        UnknownWeightSet: no set has that name, or nothing lies at that path.
        InvalidSetting: the reference to the Hub is not well-formed.
        HubError, CacheUnwritable: what is on the Hub cannot be fetched.
        WeightsCorrupt: what lies there is not a weight set, or is damaged.
        CheckpointRefused, WeightsIncompatible, AmbiguousModel, PluginBroken: see `read_foreign`.
    """
    if is_hub_reference(reference):
        from imgclean.weightsets.hub.sets import set_of_reference  # imports the Hub's client

        return set_of_reference(parse_hub_reference(reference), models)
    if not is_path(reference):
        return _named(reference, catalogue, models)
    path = Path(reference).expanduser()
    if not path.exists():
        raise UnknownWeightSet(f"{reference} does not exist", hint=_path_hint(reference))
    folder = set_folder(path)
    if folder is not None:
        return WeightSet(read_config(folder), folder)
    from imgclean.weightsets.foreign.recognition import read_foreign  # imports torch

    return read_foreign(path, models)


def _path_hint(path: str) -> str:
    """Return what to do about a path that leads nowhere, and may be no path at all."""
    hint = "name a weight set, its folder or its file"
    if is_repository(path):
        return f"{hint}; on the Hub it is hf://{path}"
    return intended_hint(path) or hint


def _named(name: str, catalogue: Catalogue, models: Sequence[ModelInfo]) -> WeightSet:
    """Return the set of that name: here, or else on the Hub."""
    if name in catalogue.sets:
        return catalogue.sets[name]
    if name in catalogue.available:
        from imgclean.weightsets.hub.sets import set_of_entry  # imports the Hub's client

        return set_of_entry(name, catalogue.available[name], models)
    near = nearest_names(name, {*catalogue.sets, *catalogue.available})
    raise UnknownWeightSet(
        f"no weight set is named {name!r}",
        hint=f"did you mean {' or '.join(near)}?" if near else "see `imgclean weights list`",
    )


def set_folder(path: Path) -> Path | None:
    """Return the folder of the weight set that a path names; None for a file of no set.

    Raises:
        WeightsCorrupt: the file may be of a set, whose config is not valid.
    """
    if path.is_dir():
        return path
    folder = path.parent
    if path.name == CONFIG_NAME:
        return folder
    if path.suffix != ".safetensors" or not (folder / CONFIG_NAME).exists():
        return None
    belongs = path.name == WEIGHTS_NAME or read_config(folder).file == path.name
    return folder if belongs else None


def is_path(reference: str) -> bool:
    """Whether a reference is a path rather than a name or a place on the Hub."""
    return not is_hub_reference(reference) and (
        "/" in reference
        or "\\" in reference
        or reference.startswith(".")
        or has_weights_suffix(reference)
    )


def _in_words(value: object) -> str:
    plain = isinstance(value, str) and value.isprintable()
    return str(value) if plain else json.dumps(value, default=str)


def _folders_of_package(package: str) -> list[Path]:
    """Return the folders that a package has its sets and its catalogue in, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ImportError(f"there is no package {package}")
    return [Path(location) for location in spec.submodule_search_locations or []]
