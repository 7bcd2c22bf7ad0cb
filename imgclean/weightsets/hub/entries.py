"""The catalogue: which names are on the Hub, and with which commit and hash.

It ships with imgclean; a package of weight sets adds its own, and so does the user. A name that is
in none of them is never looked for on the Hub.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import tomli_w
from platformdirs import user_config_path
from pydantic import AfterValidator, Field, ValidationError, model_validator

from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import ConfigurationInvalid, OutputExists
from imgclean.extension.model_info import Task  # noqa: TC001 - pydantic reads it
from imgclean.weightsets.config import (
    CONFIG_NAME,
    Measurement,
    NoiseDomain,
    Record,
    SetName,
    list_mistakes,
)
from imgclean.weightsets.hub.reference import MAIN, HubReference, is_plain_path, is_repository

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgclean.weightsets.config import WeightSetConfig

VARIABLE = "IMGCLEAN_CATALOGUE"
_ABSENT = (FileNotFoundError, NotADirectoryError)
FILE_NAME = "catalogue.toml"
"""Also of the file that a package of weight sets has beside its folders."""


def _repository(text: str) -> str:
    if not is_repository(text):
        raise ValueError("is not owner/name")
    return text


def _file(text: str) -> str:
    if not is_plain_path(text):
        raise ValueError("is no path in a repository")
    return text


class HubEntry(Record):
    """Something on the Hub that has a name here.

    Attributes:
        repository: `owner/name`.
        revision: commit; None until it is pinned.
        file: the config of a weight set of ours, or a checkpoint from elsewhere.
        sha256: of that file; None until it is pinned. A config has that of its tensors.
        part: the network that it holds, where that is no denoiser but a part of training.
        model, task, noise, channels, licence, results: as in the config of the weight set.
        bytes: of the tensors.
    """

    repository: Annotated[str, AfterValidator(_repository)]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    file: Annotated[str, AfterValidator(_file)] = CONFIG_NAME
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    part: Literal["vgg19"] | None = None
    model: str | None = None
    task: Task = "denoise"
    noise: NoiseDomain | None = None
    channels: int | None = None
    licence: str
    bytes: int | None = None
    results: list[Measurement] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_described(self) -> Self:
        if self.part is None and None in (self.model, self.noise, self.channels):
            raise ValueError("a weight set has model, noise and channels")
        return self

    @property
    def reference(self) -> HubReference:
        """Where it is on the Hub."""
        file = None if self.file == CONFIG_NAME else self.file
        return HubReference(self.repository, self.revision or MAIN, file)

    @property
    def is_pinned(self) -> bool:
        """Whether its commit and its hash are known, so that it can be fetched by its name."""
        return self.revision is not None and self.sha256 is not None

    @property
    def is_ours(self) -> bool:
        """Whether it is a weight set in our layout."""
        return self.part is None and self.file.rpartition("/")[2] == CONFIG_NAME

    @property
    def tasks(self) -> frozenset[str]:
        """What it was trained for."""
        return frozenset({self.task, *(parse_degradation(self.noise).tasks if self.noise else ())})


@dataclass(frozen=True, slots=True)
class HubCatalogue:
    """All names that are known to be on the Hub.

    Attributes:
        entries: by name.
        broken: one line for each catalogue or entry that is not valid.
    """

    entries: dict[str, HubEntry] = field(default_factory=dict)
    broken: tuple[str, ...] = ()


def user_catalogue() -> Path | None:
    """Return where the user's own catalogue is; None where the environment switches it off."""
    named = os.environ.get(VARIABLE)
    if named is None:
        return user_config_path("imgclean") / FILE_NAME
    return Path(named) if named else None


def read_catalogues(packages: Iterable[Path]) -> HubCatalogue:
    """Return every entry: the user's before imgclean's, and these before those of packages.

    Args:
        packages: folders of installed packages of weight sets.
    """
    own = user_catalogue()
    files = [] if own is None else [own]
    files += [Path(__file__).with_name(FILE_NAME), *(each / FILE_NAME for each in packages)]
    entries: dict[str, HubEntry] = {}
    broken: list[str] = []
    for file in files:
        try:
            tables = _tables(file)
        except ConfigurationInvalid as error:
            missing = isinstance(error.__cause__, _ABSENT)
            if not missing or (file == own and os.environ.get(VARIABLE)):
                broken.append(str(error))
            continue
        for name, table in tables.items():
            try:
                _Named(name=name)
                entry = HubEntry.model_validate(table)
            except ValidationError as error:
                broken.append(f"{file}: [{name}] {list_mistakes(error)}")
            else:
                entries.setdefault(name, entry)
    return HubCatalogue(entries, tuple(broken))


def add_to_user_catalogue(name: str, entry: HubEntry) -> Path:
    """Write an entry into the user's catalogue, after what is there; return the file.

    Raises:
        ConfigurationInvalid: there is no such file to be had, or it is not valid.
        OutputExists: it has that name already.
    """
    file = user_catalogue()
    if file is None:
        raise ConfigurationInvalid(f"{VARIABLE} is empty", hint="unset it, or name a file")
    if name in _own_tables(file):
        raise OutputExists(f"{file} has {name} already", hint="take it out there first")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(("\n" if stream.tell() else "") + as_toml(name, entry))
    except OSError as error:
        raise ConfigurationInvalid(
            f"{file}: cannot be written: {(error.strerror or '').lower()}", hint=f"see {VARIABLE}"
        ) from error
    return file


def _own_tables(file: Path) -> dict[str, object]:
    """Return what the user's catalogue has; nothing if it is yet to be made."""
    try:
        return _tables(file)
    except ConfigurationInvalid as error:
        if isinstance(error.__cause__, _ABSENT):
            return {}
        raise


def as_toml(name: str, entry: HubEntry) -> str:
    """Return an entry as a catalogue has it."""
    return tomli_w.dumps({name: entry.model_dump(exclude_none=True, exclude_defaults=True)})


def known_of_set(config: WeightSetConfig, tensors: Path) -> dict[str, Any]:
    """Return what a list or a catalogue says of a set, by the names of `HubEntry`'s fields.

    Args:
        config: what the set says of itself.
        tensors: its file; where that is missing, `bytes` is None.
    """
    return {
        "model": config.model,
        "task": config.task,
        "noise": config.noise,
        "channels": config.channels,
        "licence": config.licence,
        "bytes": tensors.stat().st_size if tensors.exists() else None,
        "results": config.results,
    }


def is_set_name(text: str) -> bool:
    """Whether a weight set can have a name."""
    try:
        _Named(name=text)
    except ValidationError:
        return False
    return True


class _Named(Record):
    name: SetName


def _tables(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationInvalid(f"{file}: cannot be opened: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationInvalid(
            f"{file}: not TOML: {error}", hint=f"correct it, or name another with {VARIABLE}"
        ) from error
