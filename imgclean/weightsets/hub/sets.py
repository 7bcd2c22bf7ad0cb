"""From a reference to the Hub, or a catalogued name, to a weight set on this disk."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from imgclean.errors import (
    FileNotOnHub,
    ImgcleanError,
    InvalidSetting,
    NoModelInstalled,
    NotOnHub,
    SetupError,
    WeightsCorrupt,
)
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.config import CONFIG_NAME, WEIGHTS_NAME, read_config
from imgclean.weightsets.hub.cache import find_cached, is_sound
from imgclean.weightsets.hub.pull import files_there, pull_file, pull_set
from imgclean.weightsets.hub.reference import config_of_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from imgclean.extension.model_info import ModelInfo
    from imgclean.weightsets.hub.cache import CachedFile
    from imgclean.weightsets.hub.entries import HubEntry
    from imgclean.weightsets.hub.reference import HubReference


def pull_reference(reference: HubReference, *, refresh: bool = False, repair: bool = False) -> Path:
    """Return the folder of the weight set, or the other file, that a reference means.

    Args:
        reference: a repository, or a folder of one, that is a weight set; or a file: the config
            or the tensors of a set, or a checkpoint from elsewhere.
        refresh: ask what a branch is now.
        repair: as in `pull_set`.

    Raises:
        HubError, CacheUnwritable, WeightsCorrupt: as `pull_file` and `pull_set`.
    """
    folder = _folder_of_set(reference, refresh=refresh, repair=repair)
    if folder is not None:
        return folder
    try:
        return pull_file(reference, refresh=refresh).path
    except FileNotOnHub as error:
        raise FileNotOnHub(str(error), hint=files_there(reference) or error.hint) from error


def pull_entry(name: str, entry: HubEntry, *, repair: bool = False) -> Path:
    """Return the folder of the weight set, or the other file, that has a name in a catalogue.

    Args:
        name: in the catalogue.
        entry: what it has there.
        repair: as in `pull_set`.

    Raises:
        SetupError: it is not pinned.
        HubError, CacheUnwritable, WeightsCorrupt: as `pull_file` and `pull_set`.
    """
    require_pinned(name, entry)
    if not entry.is_ours:
        return pull_file(entry.reference, sha256=entry.sha256).path
    folder = pull_set(entry.reference, sha256=entry.sha256, repair=repair)
    called = read_config(folder).name
    if called != name:
        raise WeightsCorrupt(
            f"what is catalogued as {name} is {called}", hint="correct the catalogue"
        )
    return folder


def set_of_reference(reference: HubReference, models: Sequence[ModelInfo]) -> WeightSet:
    """Return the weight set, or the checkpoint from elsewhere, that a reference means.

    Args:
        reference: as of `pull_reference`.
        models: those that a checkpoint may be of.

    Raises:
        HubError, CacheUnwritable, WeightsCorrupt: as `pull_reference`.
        CheckpointRefused, WeightsIncompatible, AmbiguousModel, PluginBroken: see `read_foreign`.
    """
    place = pull_reference(reference)
    if place.is_dir():
        return WeightSet(read_config(place), place)
    try:
        return _read_checkpoint(place, models)
    except ImgcleanError as error:  # which names its place in the cache
        raise error.about(reference) from error


def set_of_entry(name: str, entry: HubEntry, models: Sequence[ModelInfo]) -> WeightSet:
    """Return the weight set that a catalogued name means.

    Raises:
        InvalidSetting: it is no denoiser.
        SetupError: it is not pinned.
        Others: as `set_of_reference`.
    """
    if entry.part is not None:
        raise InvalidSetting(
            f"{name} is {entry.part}, which is no denoiser", hint="training uses it"
        )
    place = pull_entry(name, entry)
    if place.is_dir():
        return WeightSet(read_config(place), place)
    mine = [each for each in models if each.name == entry.model]
    if not mine:
        raise NoModelInstalled(
            f"{name} is of model {entry.model}, which is not installed or not meant",
            hint=f"pip install imgclean-{entry.model}",
        )
    found = _read_checkpoint(place, mine, noise=entry.noise)
    known = {"name": name, "licence": entry.licence}
    return dataclasses.replace(found, config=found.config.model_copy(update=known))


def require_pinned(name: str, entry: HubEntry) -> None:
    """Refuse a name whose content nobody has vouched for.

    Raises:
        SetupError: its commit or its hash is not known.
    """
    if not entry.is_pinned:
        raise SetupError(
            f"{name} is catalogued as {entry.reference}, without its sha256",
            hint=f"`imgclean weights pin {name}` looks at it and pins it for you",
        )


def cached_sets(entries: Mapping[str, HubEntry]) -> dict[str, WeightSet]:
    """Return those catalogued sets of our layout that are here and sound. Asks nobody."""
    found = {}
    for name, entry in entries.items():
        if not (entry.is_ours and entry.is_pinned):
            continue
        here = find_cached(dataclasses.replace(entry.reference, file=entry.file))
        if here is None or not is_sound(here, entry.sha256):
            continue
        try:
            config = read_config(here.path.parent)
        except WeightsCorrupt:
            continue
        if config.name == name and (here.path.parent / config.file).exists():
            found[name] = WeightSet(config, here.path.parent)
    return found


def _folder_of_set(reference: HubReference, *, refresh: bool, repair: bool) -> Path | None:
    """Return the set that a reference is to, fetched; None where it is to another file."""
    reference = config_of_folder(reference)
    place, _, name = (reference.file or CONFIG_NAME).rpartition("/")
    if name not in (CONFIG_NAME, WEIGHTS_NAME):
        return None
    config = dataclasses.replace(reference, file=f"{place}/{CONFIG_NAME}" if place else None)
    if name == CONFIG_NAME:
        return pull_set(config, refresh=refresh, repair=repair)
    here = find_cached(reference)
    if here and not refresh and not _may_be_of_set(find_cached(config)) and is_sound(here, None):
        return None
    try:
        return pull_set(config, refresh=refresh, repair=repair, explain=False)
    except FileNotOnHub:
        return None
    except NotOnHub as error:
        if not isinstance(error.__cause__, WeightsCorrupt):
            raise
        return None  # others have a config.json, too


def _may_be_of_set(config: CachedFile | None) -> bool:
    """Whether a config that is here is a weight set's, or is damaged so that it may have been."""
    if config is None:
        return False
    try:
        read_config(config.path.parent)
    except WeightsCorrupt:
        return not is_sound(config, None)
    return True


def _read_checkpoint(
    path: Path, models: Sequence[ModelInfo], *, noise: str | None = None
) -> WeightSet:
    from imgclean.weightsets.foreign.recognition import read_foreign  # imports torch

    return read_foreign(path, models, noise=noise)
