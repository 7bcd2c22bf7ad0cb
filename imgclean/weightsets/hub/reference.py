"""`hf://owner/repository[@revision][/file]`: what is meant on the Hub."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from imgclean.errors import InvalidSetting
from imgclean.weightsets.config import CONFIG_NAME

SCHEME = "hf://"
MAIN = "main"

_PART = r"[A-Za-z0-9](?:[\w.-]{0,94}\w)?"
_REPOSITORY = re.compile(f"{_PART}/{_PART}", re.ASCII)
_REFERENCE = re.compile(
    r"hf://(?P<repository>[^/@]+/[^/@]+)(?:@(?P<revision>[^/]+))?(?:/(?P<file>.+))?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HINT = "as hf://owner/repository, hf://owner/repository@v1 or hf://owner/repository/file.pth"


@dataclass(frozen=True, slots=True)
class HubReference:
    """A repository on the Hub, or a file of it.

    Attributes:
        repository: `owner/name`.
        revision: a branch, a tag or a commit.
        file: path in the repository; None where the weight set at its top is meant.
    """

    repository: str
    revision: str = MAIN
    file: str | None = None

    def __str__(self) -> str:
        revision = "" if self.revision == MAIN else f"@{quote(self.revision, safe='')}"
        return f"{SCHEME}{self.repository}{revision}" + (f"/{self.file}" if self.file else "")


def is_hub_reference(text: str) -> bool:
    """Whether a reference is to the Hub."""
    return text.startswith(SCHEME)


def is_commit(revision: str) -> bool:
    """Whether a revision is a whole commit id, which never means something else."""
    return _COMMIT.fullmatch(revision) is not None


def is_repository(text: str) -> bool:
    """Whether a text is `owner/name` of a repository."""
    return (
        _REPOSITORY.fullmatch(text) is not None
        and not any(each in text for each in ("..", "--"))
        and not text.endswith(".git")
    )


def parse_hub_reference(text: str) -> HubReference:
    """Return what a reference means. A slash in a revision is written `%2F`.

    Raises:
        InvalidSetting: it is none.
    """
    match = _REFERENCE.fullmatch(text.removesuffix("/"))
    if match is None or not is_repository(match["repository"]):
        raise InvalidSetting(f"{text} names no repository of the Hub", hint=_HINT)
    revision, file = unquote(match["revision"] or MAIN), match["file"]
    if not is_plain_path(revision) or not (file is None or is_plain_path(file)):
        raise InvalidSetting(f"{text} names no revision or file of a repository", hint=_HINT)
    return HubReference(match["repository"], revision, file)


def is_plain_path(file: str) -> bool:
    """Whether a path leads to a place inside the repository, on every system."""
    parts = file.split("/")
    plain = file.isprintable() and not set(file) & set('\\:?*<>|"')
    return plain and all(part not in ("", ".", "..") for part in parts)


def config_of_folder(reference: HubReference) -> HubReference:
    """Return the reference to the config of a set where one to its folder is given.

    What has no suffix is a folder; one with a dot in its name is named with its config.
    """
    file = reference.file
    if file is None or "." in file.rpartition("/")[2]:
        return reference
    return dataclasses.replace(reference, file=f"{file}/{CONFIG_NAME}")
