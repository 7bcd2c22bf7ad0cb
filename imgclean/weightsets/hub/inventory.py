"""Everything that has a name, or was pulled: embedded, in the cache, or only on the Hub."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imgclean.errors import WeightsCorrupt
from imgclean.weightsets.config import CARD_NAME, CONFIG_NAME, WEIGHTS_NAME, read_config
from imgclean.weightsets.hub.cache import branches_of, cache_folder, file_sha256, recorded
from imgclean.weightsets.hub.reference import MAIN, HubReference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from imgclean.weightsets.catalogue import Catalogue
    from imgclean.weightsets.config import Measurement, WeightSetConfig
    from imgclean.weightsets.hub.cache import CachedFile
    from imgclean.weightsets.hub.entries import HubEntry

State = Literal["embedded", "cached", "available", "unpinned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A weight set, a checkpoint from elsewhere or a part of training.

    Attributes:
        name: of the set, or in a catalogue; otherwise its reference.
        state: `embedded` in a package; `cached`, pulled from the Hub before; `available` on the
            Hub; `unpinned`: on the Hub, but nobody has vouched for its content.
        reference: its place on the Hub, or None.
        place: its folder, or its file; None where it is not here.
        files: those in the cache.
        model, task, noise, channels, licence, results: as in the config of a weight set; None
            where that is not known.
        bytes: of the tensors.
    """

    name: str
    state: State
    reference: HubReference | None = None
    place: Path | None = None
    files: tuple[CachedFile, ...] = ()
    model: str | None = None
    task: str | None = None
    noise: str | None = None
    channels: int | None = None
    licence: str | None = None
    bytes: int | None = None
    results: Sequence[Measurement] = field(default=())

    def is_called(self, text: str) -> bool:
        """Whether a text means it: its name, or its place by a branch, a tag or its commit."""
        if self.reference is None or not self.files:
            return text == self.name
        commit = self.files[0].reference.revision
        revisions = (commit, *branches_of(self.reference.repository, commit))
        places = (dataclasses.replace(self.reference, revision=each) for each in revisions)
        return text in (self.name, str(self.reference), *map(str, places))


def list_items(catalogue: Catalogue) -> list[Item]:
    """Return what is embedded, then what is in the cache, then what is elsewhere; each by name."""
    cache = cache_folder()
    embedded = [
        Item(state="embedded", place=each.folder, **_facts(each.config, each.folder))
        for each in catalogue.sets.values()
        if cache not in each.folder.parents
    ]
    cached = _cached(catalogue.available)
    here = {each.name for each in (*embedded, *cached)}
    elsewhere = [
        _of_entry(name, entry) for name, entry in catalogue.available.items() if name not in here
    ]
    groups = embedded, cached, elsewhere
    return [each for group in groups for each in sorted(group, key=lambda item: item.name)]


def damage_of(item: Item) -> str:
    """Return what is wrong with something that is here, in words; nothing if it is sound."""
    for each in item.files:
        if not each.path.exists():
            return f"{each.path} is missing"
        if file_sha256(each.path) != each.sha256:
            return f"{each.path} is damaged"
    if item.place is None or not item.place.is_dir():
        return ""
    try:
        config = read_config(item.place)
    except WeightsCorrupt as error:
        return str(error)
    tensors = item.place / config.file
    if not tensors.exists():
        return f"{tensors} is missing"
    return "" if file_sha256(tensors) == config.sha256 else f"{tensors} is damaged"


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
        found.append(_of_set(folder, config, mine))
    return found + [_of_file(each, available) for each in files]


def _is_config(cached: CachedFile) -> bool:
    return cached.path.name == CONFIG_NAME


def _config_in(folder: Path) -> WeightSetConfig | None:
    try:
        return read_config(folder)
    except WeightsCorrupt:
        return None


def _of_set(folder: Path, config: WeightSetConfig | None, files: tuple[CachedFile, ...]) -> Item:
    first = next(each for each in files if _is_config(each)).reference
    file = None if first.file == CONFIG_NAME else first.file
    reference = dataclasses.replace(_by_branch(first), file=file)
    if config is None:
        return Item(name=str(reference), state="cached", reference=reference, files=files)
    return Item(
        state="cached", reference=reference, place=folder, files=files, **_facts(config, folder)
    )


def _of_file(cached: CachedFile, available: Mapping[str, HubEntry]) -> Item:
    for name, entry in available.items():
        if entry.reference == cached.reference:
            listed = _of_entry(name, entry)
            break
    else:
        reference = _by_branch(cached.reference)
        listed = Item(name=str(reference), state="cached", reference=reference)
    return dataclasses.replace(
        listed, state="cached", place=cached.path, files=(cached,), bytes=_size(cached.path)
    )


def _of_entry(name: str, entry: HubEntry) -> Item:
    return Item(
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


def _facts(config: WeightSetConfig, folder: Path) -> dict[str, Any]:
    return {
        "name": config.name,
        "model": config.model,
        "task": config.task,
        "noise": config.noise,
        "channels": config.channels,
        "licence": config.licence,
        "bytes": _size(folder / config.file),
        "results": config.results,
    }


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
