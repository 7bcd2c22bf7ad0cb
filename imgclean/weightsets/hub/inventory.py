"""Everything that has a name, or was pulled: embedded, in the cache, or only on the Hub."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from imgclean.errors import WeightsCorrupt
from imgclean.weightsets.config import CARD_NAME, CONFIG_NAME, WEIGHTS_NAME, read_config
from imgclean.weightsets.hub.cache import branches_of, cache_folder, find_cached, recorded
from imgclean.weightsets.hub.entries import known_of_set
from imgclean.weightsets.hub.hashes import file_sha256
from imgclean.weightsets.hub.reference import (
    MAIN,
    HubReference,
    config_of_folder,
    is_hub_reference,
    parse_hub_reference,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from imgclean.weightsets.catalogue import Catalogue, WeightSet
    from imgclean.weightsets.config import Measurement, WeightSetConfig
    from imgclean.weightsets.hub.cache import CachedFile
    from imgclean.weightsets.hub.entries import HubEntry

State = Literal["embedded", "cached", "available", "unpinned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A weight set, a checkpoint from elsewhere or a part of training.

    Attributes:
        name: that `--weights` takes: of an embedded set, or in a catalogue; else its reference.
        state: `embedded` in a package; `cached`, pulled from the Hub before; `available` on the
            Hub; `unpinned`: on the Hub, but nobody has vouched for its content.
        reference: its place on the Hub, or None.
        place: its folder, or its file; None where it is not here.
        files: those in the cache.
        is_recorded: whether imgclean fetched them, and may remove them.
        model, task, noise, channels, licence, results: as in the config of a weight set; None
            where that is not known.
        bytes: of the tensors.
    """

    name: str
    state: State
    reference: HubReference | None = None
    place: Path | None = None
    files: tuple[CachedFile, ...] = ()
    is_recorded: bool = True
    model: str | None = None
    task: str | None = None
    noise: str | None = None
    channels: int | None = None
    licence: str | None = None
    bytes: int | None = None
    results: Sequence[Measurement] = field(default=())

    def is_called(self, text: str) -> bool:
        """Whether a text means it: its name; or its place, or one of its files', on the Hub.

        A revision is the commit, or a branch or a tag that was it when it was last asked for.
        """
        if not is_hub_reference(text):
            return text == self.name
        meant = config_of_folder(parse_hub_reference(text))
        if self.reference is None or not self.files:
            return meant == self.reference
        commit = self.files[0].reference.revision
        revisions = (commit, *branches_of(self.reference.repository, commit))
        places = (self.reference, *(each.reference for each in self.files))
        return meant.revision in revisions and any(
            meant == dataclasses.replace(each, revision=meant.revision) for each in places
        )


def is_embedded(weights: WeightSet) -> bool:
    """Whether a set is not of the Hub's cache but of an installed package."""
    return cache_folder() not in weights.folder.parents


def list_items(catalogue: Catalogue) -> list[Item]:
    """Return what is embedded, then what is in the cache, then what is elsewhere; each by name."""
    embedded = [
        Item(
            state="embedded",
            name=each.name,
            place=each.folder,
            **known_of_set(each.config, each.folder / each.config.file),
        )
        for each in catalogue.sets.values()
        if is_embedded(each)
    ]
    names = {each.name for each in embedded}
    available = {name: each for name, each in catalogue.available.items() if name not in names}
    cached = _cached(available)
    names = {each.name for each in cached}
    elsewhere = [_of_entry(name, each) for name, each in available.items() if name not in names]
    cached += [each for each in elsewhere if each.files]
    elsewhere = [each for each in elsewhere if not each.files]
    groups = embedded, cached, elsewhere
    return [each for group in groups for each in sorted(group, key=lambda item: item.name)]


def damage_of(item: Item) -> str:
    """Return what is wrong with something that is here, in words; nothing if it is sound."""
    for each in item.files:
        damage = _damage_of_file(each.path, each.sha256)
        if damage:
            return damage
    if item.place is None or not item.place.is_dir():
        return ""
    try:
        config = read_config(item.place)
    except WeightsCorrupt as error:
        return str(error)
    return _damage_of_file(item.place / config.file, config.sha256)


def _damage_of_file(path: Path, sha256: str | None) -> str:
    try:
        return "" if file_sha256(path) == sha256 else f"{path} is damaged"
    except FileNotFoundError:
        return f"{path} is missing"
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"


def _cached(available: Mapping[str, HubEntry]) -> list[Item]:
    """Return what was pulled: the files of a set together, each other one alone."""
    files = recorded()
    folders = {each.path.parent: _config_in(each.path.parent) for each in files if _is_config(each)}
    found = []
    for folder, config in folders.items():
        names = {CONFIG_NAME, CARD_NAME, config.file if config else WEIGHTS_NAME}
        mine = tuple(
            each for each in files if each.path.parent == folder and each.path.name in names
        )
        files = [each for each in files if each not in mine]
        found.append(_of_set(folder, config, mine, available))
    return found + [_of_file(each, available) for each in files]


def _is_config(cached: CachedFile) -> bool:
    return cached.path.name == CONFIG_NAME


def _config_in(folder: Path) -> WeightSetConfig | None:
    try:
        return read_config(folder)
    except WeightsCorrupt:
        return None


def _of_set(
    folder: Path,
    config: WeightSetConfig | None,
    files: tuple[CachedFile, ...],
    available: Mapping[str, HubEntry],
) -> Item:
    first = next(each for each in files if _is_config(each)).reference
    pinned = dataclasses.replace(first, file=None if first.file == CONFIG_NAME else first.file)
    reference = _by_branch(pinned)
    return Item(
        name=_name_of(pinned, available) or str(reference),
        state="cached",
        reference=reference,
        place=folder,
        files=files,
        **(known_of_set(config, folder / config.file) if config else {}),
    )


def _of_file(cached: CachedFile, available: Mapping[str, HubEntry]) -> Item:
    name = _name_of(cached.reference, available)
    if name is not None:
        listed = _of_entry(name, available[name])
    else:
        reference = _by_branch(cached.reference)
        listed = Item(name=str(reference), state="cached", reference=reference)
    return dataclasses.replace(
        listed,
        state="cached",
        place=cached.path,
        files=(cached,),
        is_recorded=True,
        bytes=_size(cached.path),
    )


def _name_of(pinned: HubReference, available: Mapping[str, HubEntry]) -> str | None:
    """Return the name that a place, by its commit, has in a catalogue."""
    names = (
        name for name, each in available.items() if each.is_pinned and each.reference == pinned
    )
    return next(names, None)


def _of_entry(name: str, entry: HubEntry) -> Item:
    """Return what a catalogue has; in the cache where another program has fetched it."""
    here = find_cached(dataclasses.replace(entry.reference, file=entry.file))
    item = Item(
        name=name,
        state="available" if entry.is_pinned else "unpinned",
        reference=entry.reference,
        model=entry.model or entry.part,
        task=None if entry.part else entry.task,
        noise=entry.noise,
        channels=entry.channels,
        licence=entry.licence,
        bytes=entry.bytes,
        results=entry.results,
    )
    if here is None or not entry.is_pinned:
        return item
    pinned = dataclasses.replace(here, sha256=entry.sha256)
    place = here.path.parent if entry.is_ours else here.path
    return dataclasses.replace(
        item, state="cached", place=place, files=(pinned,), is_recorded=False
    )


def _by_branch(reference: HubReference) -> HubReference:
    """Return a reference with a branch or a tag that its commit has, if it has one."""
    branches = branches_of(reference.repository, reference.revision)
    if MAIN in branches:
        return dataclasses.replace(reference, revision=MAIN)
    return dataclasses.replace(reference, revision=branches[0]) if branches else reference


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
