"""A weight set's folder to a repository on the Hub, in one commit: planned first, then done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import huggingface_hub
from huggingface_hub.utils import disable_progress_bars

from imgclean.errors import HubRefused, InvalidSetting, NotOnHub, WeightsCorrupt, one_line
from imgclean.weightsets.config import CARD_NAME, CONFIG_NAME, read_config
from imgclean.weightsets.hub.cache import file_sha256, has_etag
from imgclean.weightsets.hub.client import AGENT, asked, user_token
from imgclean.weightsets.hub.reference import HubReference, is_repository

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from imgclean.weightsets.config import WeightSetConfig

_COMMIT_WITHIN = 30.0  # seconds, and as long as the bytes take
_SLOWEST = 50_000  # bytes a second


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
    """

    reference: HubReference
    folder: Path
    config: WeightSetConfig
    files: dict[str, int]
    private: bool
    parent: str | None


def plan_push(folder: Path, repository: str, *, private: bool = False) -> Push:
    """Look at the folder and at the repository, and change neither.

    Args:
        folder: a weight set.
        repository: `owner/name`, or the same after `hf://`.
        private: for a repository that is yet to be made.

    Raises:
        InvalidSetting: the repository can have no such name, or is there and public.
        WeightsCorrupt: the folder is no weight set, or not a whole one.
        HubError: there is no token, or the Hub cannot be asked.
    """
    repository = repository.removeprefix("hf://")
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
    return Push(
        reference=reference,
        folder=folder,
        config=config,
        files={name: (folder / name).stat().st_size for name in names},
        private=private,
        parent=parent,
    )


def push(plan: Push, *, message: str, show_progress: bool) -> str:
    """Send what the plan has, in one commit; return the commit.

    Args:
        plan: as `plan_push` made it.
        message: of the commit.
        show_progress: have the Hub's client show bars on stderr.

    Raises:
        HubError: the Hub refuses, has another commit since the plan, or falls silent.
    """
    subject, repository = str(plan.reference), plan.reference.repository
    api = _api(plan.reference)
    if not show_progress:
        disable_progress_bars()
    if plan.parent is None:
        asked(
            subject,
            lambda: api.create_repo(repository, private=plan.private, exist_ok=True),
            with_token=True,
        )
    operations = [
        huggingface_hub.CommitOperationAdd(name, plan.folder / name) for name in plan.files
    ]

    def commit() -> str:
        try:
            done = api.create_commit(
                repository, operations, commit_message=message, parent_commit=plan.parent
            )
        except RuntimeError as error:  # the client's words for an upload that was refused
            raise (error.__cause__ or error) from None
        except ValueError as error:  # an answer that is no JSON, or a card that the Hub refuses
            raise HubRefused(
                f"{subject}: {one_line(error)}", hint="check HF_ENDPOINT, and the card"
            ) from error
        return str(done.oid)

    return asked(
        subject,
        commit,
        within=_COMMIT_WITHIN + sum(plan.files.values()) / _SLOWEST,
        with_token=True,
    )


def _require_whole(folder: Path) -> WeightSetConfig:
    """Return the config of a set that has its card, and the tensors that it states."""
    config = read_config(folder)
    for name in (CARD_NAME, config.file):
        if not (folder / name).is_file():
            raise WeightsCorrupt(f"{folder} is not whole: it has no {name}", hint="make it again")
    if file_sha256(folder / config.file) != config.sha256:
        raise WeightsCorrupt(
            f"{folder / config.file} does not have the sha256 that {CONFIG_NAME} states",
            hint="make it again",
        )
    return config


def _api(reference: HubReference) -> huggingface_hub.HfApi:
    """Return the client with the user's token, without which nothing can be sent."""
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
