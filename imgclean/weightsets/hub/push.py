"""A weight set's folder to a repository on the Hub, in one commit: planned first, then done."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import huggingface_hub

from imgclean.errors import (
    HubOffline,
    HubRefused,
    HubUnreachable,
    InvalidSetting,
    NotOnHub,
    WeightsCorrupt,
)
from imgclean.weightsets.config import (
    CARD_NAME,
    CONFIG_NAME,
    UNKNOWN_LICENCE,
    Conversion,
    read_config,
)
from imgclean.weightsets.hub.client import (
    AGENT,
    ODD_ANSWERS,
    SILENCE,
    answer_by,
    asked,
    is_offline,
    user_token,
)
from imgclean.weightsets.hub.hashes import file_sha256, has_etag
from imgclean.weightsets.hub.reference import HubReference, is_repository
from imgclean.weightsets.hub.refusals import no_hub, refusals
from imgclean.weightsets.hub.sending import Sending, WatchedFile, silent_client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from imgclean.weightsets.config import WeightSetConfig

_RECIPE_NAME = "recipe.toml"  # of a training run, whose module imports torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What a push would do.

    Attributes:
        reference: the repository.
        folder: that holds the set.
        config: what the set says of itself.
        files: the files that the repository lacks or has otherwise, with their bytes.
        private: whether the repository is, or will be.
        parent: commit that its main branch is at; None for a repository that is yet to be made.
        places: settings of the config that name a place on this machine, with their values.
    """

    reference: HubReference
    folder: Path
    config: WeightSetConfig
    files: dict[str, int]
    private: bool
    parent: str | None
    places: tuple[str, ...]


def plan_push(folder: Path, repository: str, *, private: bool = False) -> Push:
    """Look at the folder and at the repository, and change neither.

    Args:
        folder: a weight set.
        repository: `owner/name`, or the same after `hf://`.
        private: for a repository that is yet to be made.

    Raises:
        InvalidSetting: the repository can have no such name, or is there and public; or it is
            public, and the set's licence is not known.
        WeightsCorrupt: the folder is no weight set, or not a whole one.
        HubError: there is no token, or the Hub cannot be asked.
    """
    repository = repository.removeprefix("hf://").removesuffix("/")
    if not is_repository(repository):
        raise InvalidSetting(f"{repository} is no name on the Hub", hint="write OWNER/NAME")
    config = _require_whole(folder)
    reference = HubReference(repository)
    api = _api(reference)
    names = [CARD_NAME, CONFIG_NAME, config.file]
    parent = None
    try:
        info = asked(str(reference), lambda: api.model_info(repository), with_token=True)
    except NotOnHub:
        pass
    else:
        if private and not info.private:
            raise InvalidSetting(
                f"{reference} is there, and public", hint="leave --private out, or name another"
            )
        private, parent = bool(info.private), info.sha
        names = _different(api, reference, folder, names)
    if not private:
        _require_licence(config)
    return Push(
        reference=reference,
        folder=folder,
        config=config,
        files={name: (folder / name).stat().st_size for name in names},
        private=private,
        parent=parent,
        places=tuple(_places(config.model_dump(), "")),
    )


def push(plan: Push, *, message: str) -> str:
    """Send what the plan has, in one commit; return the commit.

    The upload is reported as a transfer. A host that is silent for `SILENCE` seconds is given up,
    the commit after `COMMIT_WITHIN`; that all goes on slowly is no reason to. A repository that was
    made stays there if what follows fails.

    Args:
        plan: as `plan_push` made it.
        message: of the commit.

    Raises:
        WeightsCorrupt: the folder has changed since the plan.
        HubError: the Hub refuses, has another commit since the plan, or falls silent.
    """
    subject, repository, config = str(plan.reference), plan.reference.repository, plan.config
    if _require_whole(plan.folder) != config:
        raise WeightsCorrupt(f"{plan.folder} has changed meanwhile", hint="push again")
    api = _api(plan.reference)
    if plan.parent is None:
        asked(
            subject,
            lambda: api.create_repo(repository, private=plan.private),
            within=SILENCE,
            with_token=True,
        )
    size = plan.files.get(config.file, 0)
    sending = Sending(subject, f"{repository}/{config.file}", size)

    def commit() -> str:
        with sending.watching():
            return _commit(api, plan, sending, message)

    try:
        with silent_client(), refusals(subject, with_token=True):
            try:
                return answer_by(commit, lambda: sending.deadline)
            except TimeoutError:
                raise sending.silence() from None
    except HubUnreachable as error:
        if not sending.committing:
            raise
        raise HubUnreachable(
            str(error),
            hint="the commit may be there all the same: push again, what is there is not sent",
        ) from error
    finally:
        sending.stop()


def _commit(api: huggingface_hub.HfApi, plan: Push, sending: Sending, message: str) -> str:
    """Have the client send all, and return the commit."""
    subject = str(plan.reference)
    with ExitStack() as opened:
        operations = []
        for name in plan.files:
            path, content = plan.folder / name, None
            if name == plan.config.file:
                # A file object, which the client sends by plain HTTP, not through Xet: so it is
                # seen how far it is, and that it has stopped. Xet would save what two sets have in
                # common, which of a few megabytes is not worth that.
                content = opened.enter_context(WatchedFile(path))
            operations.append(
                huggingface_hub.CommitOperationAdd(name, content or path.read_bytes())
            )
            if content is not None:
                content.sending = sending  # now that the client has hashed it
        try:
            done = api.create_commit(
                plan.reference.repository,
                operations,
                commit_message=message,
                parent_commit=plan.parent,
            )
        except json.JSONDecodeError:
            raise
        except ODD_ANSWERS as error:
            raise no_hub(subject) from error
        except RuntimeError as error:  # the client's words for an upload that was refused
            raise (error.__cause__ or error) from None
        except ValueError as error:
            said = " ".join(str(error).split())
            raise HubRefused(
                f"{subject}: the Hub refuses it ({said})",
                hint=f"correct {plan.folder / CARD_NAME}, if it is meant",
            ) from error
        return str(done.oid)


def _require_whole(folder: Path) -> WeightSetConfig:
    """Return the config of a set that has its card, and the tensors that it states."""
    if not (folder / CONFIG_NAME).exists() and (folder / _RECIPE_NAME).exists():
        raise WeightsCorrupt(
            f"{folder} is a training run that is not finished: it has no {CONFIG_NAME}",
            hint=f"finish it with `imgclean train --out {folder} --resume`",
        )
    config = read_config(folder)
    for name in (CARD_NAME, config.file):
        if not (folder / name).is_file():
            raise WeightsCorrupt(f"{folder} is not whole: it has no {name}", hint="make it again")
    try:
        sha256 = file_sha256(folder / config.file)
    except OSError as error:
        raise WeightsCorrupt(
            f"{folder / config.file} cannot be read ({error.strerror})", hint="make it readable"
        ) from error
    if sha256 != config.sha256:
        raise WeightsCorrupt(
            f"{folder / config.file} does not have the sha256 that {CONFIG_NAME} states",
            hint="make it again",
        )
    return config


def _require_licence(config: WeightSetConfig) -> None:
    """Refuse to publish what nobody has said may be."""
    if config.licence == UNKNOWN_LICENCE:
        origin = config.provenance
        file = origin.file if isinstance(origin, Conversion) else "FILE"
        raise InvalidSetting(
            f"the licence of {config.name} is not known, and the repository is public",
            hint=f"state it with `imgclean weights convert {file} --licence MIT` or another, "
            "or push it to a private one",
        )


def _places(value: Any, path: str) -> Iterator[str]:
    """Give the settings whose value is a place on a machine."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _places(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _places(each, f"{path}.{number}")
    elif isinstance(value, str):
        kinds = (PurePosixPath(value), PureWindowsPath(value))
        if any(kind.is_absolute() for kind in kinds) or value.startswith("~"):
            yield f"{path} = {value}"


def _api(reference: HubReference) -> huggingface_hub.HfApi:
    """Return the client with the user's token, without which nothing can be sent."""
    if is_offline():
        raise HubOffline(
            f"{reference}: nothing can be sent: offline",
            hint="push without --offline and HF_HUB_OFFLINE",
        )
    token = user_token(str(reference))
    if token is None:
        raise HubRefused(
            f"{reference}: to send something to the Hub wants a token",
            hint="set HF_TOKEN to one that may write, or run `hf auth login`",
        )
    return huggingface_hub.HfApi(token=token, **AGENT)


def _different(
    api: huggingface_hub.HfApi, reference: HubReference, folder: Path, names: Iterable[str]
) -> list[str]:
    """Return the names of the files that the repository does not have as they are here."""
    found = asked(
        str(reference),
        lambda: api.get_paths_info(reference.repository, list(names)),
        with_token=True,
    )
    there = {
        each.path: each.lfs.sha256 if each.lfs else each.blob_id
        for each in found
        if isinstance(each, huggingface_hub.hf_api.RepoFile)
    }
    return [name for name in names if name not in there or not has_etag(folder / name, there[name])]
