"""From a place on the Hub to a catalogue's entry: what is there today, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgclean.errors import InvalidSetting, NoModelInstalled, UnknownWeightSet
from imgclean.weightsets.config import CONFIG_NAME, read_config
from imgclean.weightsets.foreign.recognition import read_foreign
from imgclean.weightsets.foreign.vgg19 import read_vgg19
from imgclean.weightsets.hub.cache import place_in_cache
from imgclean.weightsets.hub.entries import HubEntry, is_set_name, known_of_set
from imgclean.weightsets.hub.hashes import file_sha256
from imgclean.weightsets.hub.intended import intended_hint
from imgclean.weightsets.hub.reference import is_hub_reference, parse_hub_reference
from imgclean.weightsets.hub.sets import pull_reference
from imgclean.weightsets.naming import has_weights_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from imgclean.extension.model_info import ModelInfo


def pin(
    text: str,
    available: Mapping[str, HubEntry],
    models: Sequence[ModelInfo],
    *,
    name: str | None = None,
) -> tuple[str, HubEntry]:
    """Fetch what an unpinned name or a reference means now, and return its name and its entry.

    Args:
        text: the name or the reference.
        available: what is catalogued.
        models: those that a checkpoint may be of.
        name: for a checkpoint from elsewhere; None for one after its file.

    Raises:
        UnknownWeightSet: no such name is catalogued.
        InvalidSetting: it is pinned already; a weight set is to have another name than its own;
            or the name is none.
        NoModelInstalled: the model that a checkpoint is catalogued for is not there.
        ImgcleanError: it cannot be fetched or read, as `set_of_reference`.
    """
    listed = None if is_hub_reference(text) else _unpinned(text, available)
    if listed and name is not None:
        raise InvalidSetting(f"{text} has its name", hint="leave --name out")
    if name is not None:
        _require_name(name)
    reference = listed.reference if listed else parse_hub_reference(text)
    place = pull_reference(reference, refresh=True)
    name = text if listed else name
    if place.is_dir():
        config = read_config(place)
        if name not in (None, config.name):
            hint = "correct the catalogue" if listed else "leave --name out"
            raise InvalidSetting(f"{reference} is called {config.name}", hint=hint)
        return config.name, entry_of_set(place, *place_in_cache(place / CONFIG_NAME))
    if listed and listed.part:
        read_vgg19(place)  # is it one?
        return text, _entry(place, {"part": listed.part, "licence": listed.licence})
    if listed:
        models = [each for each in models if each.name == listed.model]
        if not models:
            raise NoModelInstalled(
                f"{text} is of model {listed.model}, which is not installed",
                hint=f"pip install imgclean-{listed.model}",
            )
    found = read_foreign(place, models, noise=listed.noise if listed else None)
    facts = known_of_set(found.config, place)
    return name or found.name, _entry(
        place, facts | ({"licence": listed.licence} if listed else {})
    )


def entry_of_set(folder: Path, repository: str, commit: str, file: str = CONFIG_NAME) -> HubEntry:
    """Return the entry of a weight set, in a folder, whose config is that file of a commit."""
    config = read_config(folder)
    return HubEntry(
        repository=repository,
        revision=commit,
        file=file,
        sha256=file_sha256(folder / CONFIG_NAME),
        **known_of_set(config, folder / config.file),
    )


def _unpinned(name: str, available: Mapping[str, HubEntry]) -> HubEntry:
    if name not in available:
        raise UnknownWeightSet(
            f"{name} is in no catalogue",
            hint=intended_hint(name) or "name a place, as hf://owner/repository",
        )
    if available[name].is_pinned:
        raise InvalidSetting(
            f"{name} is pinned already, to {available[name].reference}",
            hint=f"`imgclean weights pull {name}` fetches it",
        )
    return available[name]


def _require_name(name: str) -> None:
    if not is_set_name(name) or has_weights_suffix(name):
        raise InvalidSetting(
            f"{name} is no name of a weight set",
            hint="a name is of lower case letters, digits, ., _ and -, and ends as no checkpoint",
        )


def _entry(file: Path, facts: Mapping[str, Any]) -> HubEntry:
    """Return the entry of a file in the cache."""
    repository, commit, name = place_in_cache(file)
    facts = {"bytes": file.stat().st_size, **facts}
    return HubEntry(
        repository=repository, revision=commit, file=name, sha256=file_sha256(file), **facts
    )
