"""Questions to the Hub, through `huggingface_hub`: answered soon, or refused in a typed error."""

from __future__ import annotations

import contextvars
import queue
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils import build_hf_headers

from imgclean import __version__
from imgclean.errors import HubRefused, HubUnreachable, NotOnHub, one_line
from imgclean.weightsets.config import CONFIG_NAME
from imgclean.weightsets.hub.reference import is_commit
from imgclean.weightsets.hub.refusals import asked_wait, no_hub, offline, refusals

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.weightsets.hub.reference import HubReference

SILENCE = 7.0
"""Seconds without an answer, or a byte that moves, after which a host is given up."""

ANSWER_WITHIN = 5.0  # seconds, all in all
_LIST_WITHIN = 2.0  # for what is a help in an error alone
STEP_WITHIN = 4.0  # of connecting, and of waiting for each packet
BUSY = (408, 429, 500, 502, 503, 504)
LONGEST_WAIT = 3  # seconds that the Hub may ask for, to be tried once more
_SHORT_WAIT = 1.0  # where it asks for none
ODD_ANSWERS = (AttributeError, IndexError, KeyError, TypeError, RecursionError)
"""What the client raises where it is given JSON, but not the Hub's."""
AGENT: dict[str, Any] = {"library_name": "imgclean", "library_version": __version__}
"""Who asks, as the client's functions take it."""

_NAME = re.compile(r"\w[\w.-]{0,127}", re.ASCII)  # what may be the name of a file here

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the Hub has it.

    Attributes:
        reference: where.
        file: path in the repository.
        commit: that the revision means.
        etag: sha256 of a large file, or what git calls a small one.
        size: in bytes, or None where the Hub does not say.
        url: to fetch it from.
        headers: to send along, a token among them where it is needed.
    """

    reference: HubReference
    file: str
    commit: str
    etag: str
    size: int | None
    url: str
    headers: dict[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        """What to call it: `owner/repository/file`."""
        return f"{self.reference.repository}/{self.file}"


def is_offline() -> bool:
    """Whether the environment, or `--offline`, says that nothing may be fetched."""
    return bool(constants.HF_HUB_OFFLINE)


def look_up(reference: HubReference) -> RemoteFile:
    """Ask for a file: one short question, a second one with the user's token if need be.

    Raises:
        HubOffline, HubUnreachable, HubRefused, NotOnHub: see there.
    """
    file = reference.file or CONFIG_NAME
    url = huggingface_hub.hf_hub_url(reference.repository, file, revision=reference.revision)

    def ask(token: str | None) -> RemoteFile:
        found = huggingface_hub.get_hf_file_metadata(
            url, token=token or False, timeout=STEP_WITHIN, **AGENT
        )
        if not (is_commit(found.commit_hash or "") and _NAME.fullmatch(found.etag or "")):
            raise no_hub(str(reference))
        to_hub = _origin(found.location) == _origin(constants.ENDPOINT)
        return RemoteFile(
            reference,
            file,
            str(found.commit_hash),
            str(found.etag),
            found.size,
            found.location,
            build_hf_headers(token=(token or False) if to_hub else False, **AGENT),
        )

    return with_token_if_needed(str(reference), ask)


def list_files(reference: HubReference) -> list[str]:
    """Return the names of the files in a repository.

    Raises: as `look_up`.
    """
    api = huggingface_hub.HfApi(**AGENT)

    def ask(token: str | None) -> list[str]:
        found = api.model_info(
            reference.repository, revision=reference.revision, token=token or False
        )
        return sorted(str(each.rfilename) for each in found.siblings or ())

    return with_token_if_needed(str(reference), ask, within=_LIST_WITHIN)


def with_token_if_needed(
    subject: str, ask: Callable[[str | None], _Answer], *, within: float = ANSWER_WITHIN
) -> _Answer:
    """Ask the Hub without a token, and only if it wants one with the user's.

    Args:
        subject: what is asked for, for errors.
        ask: puts the question with a token, or with none.
        within: seconds for each answer.

    Raises:
        HubOffline, HubUnreachable, HubRefused, NotOnHub: see there.
    """
    try:
        return asked(subject, lambda: ask(None), within=within)
    except (HubRefused, NotOnHub) as error:
        hidden = isinstance(error.__cause__, RepositoryNotFoundError)  # private ones are denied
        if not hidden and not isinstance(error, HubRefused):
            raise
        token = user_token(subject)
        if token is None:
            raise
    return asked(subject, lambda: ask(token), within=within, with_token=True)


def user_token(subject: str) -> str | None:
    """Return the token that the user has, from `HF_TOKEN` or of `hf auth login`."""
    if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
        return None

    def read() -> str | None:
        try:
            return huggingface_hub.get_token()
        except (OSError, UnicodeError) as error:
            raise HubRefused(
                f"{subject}: the token cannot be read: {one_line(error)}",
                hint="set HF_TOKEN, or run `hf auth login` again",
            ) from error

    token = asked(subject, read)
    if token and not (token.isascii() and token.isprintable()):
        raise HubRefused(
            f"{subject}: the token holds a character that no token has",
            hint="copy it once more, into HF_TOKEN or `hf auth login`",
        )
    return token


def asked(
    subject: str,
    question: Callable[[], _Answer],
    *,
    within: float = ANSWER_WITHIN,
    with_token: bool = False,
) -> _Answer:
    """Return the Hub's answer; a busy Hub is asked a second time if it wants no long wait.

    Raises: as `with_token_if_needed`.
    """
    if is_offline():
        raise offline(subject)
    with refusals(subject, with_token=with_token, within=within):
        _require_client(subject)
        try:
            return _answered(question, within)
        except ODD_ANSWERS as error:
            raise no_hub(subject) from error


def _answered(question: Callable[[], _Answer], within: float) -> _Answer:
    until = time.monotonic() + within
    try:
        return answer_by(question, lambda: until)
    except HfHubHTTPError as error:
        wait = asked_wait(error)
        if error.response.status_code not in BUSY or (wait or 0) > LONGEST_WAIT:
            raise
        time.sleep(_SHORT_WAIT if wait is None else wait)
        again_until = time.monotonic() + within
        return answer_by(question, lambda: again_until)


def _require_client(subject: str) -> None:
    """Refuse what the environment says of proxies and certificates where it cannot be heeded."""
    try:
        huggingface_hub.get_session()
    except (ImportError, OSError, ValueError) as error:
        raise HubUnreachable(
            f"{subject}: the Hub's client cannot be set up: {one_line(error)}",
            hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and SSL_CERT_FILE",
        ) from error


def answer_by(question: Callable[[], _Answer], deadline: Callable[[], float]) -> _Answer:
    """Return the answer, or raise TimeoutError: names may be looked up for a long time.

    Args:
        question: put in a thread of its own, which is left to itself when time is up.
        deadline: until when to wait, on the monotonic clock; it may move meanwhile.
    """
    answers: queue.Queue[tuple[bool, Any]] = queue.Queue(1)

    context = contextvars.copy_context()

    def work() -> None:
        try:
            answers.put((True, context.run(question)))
        except BaseException as error:  # noqa: BLE001 - raised where it was asked
            answers.put((False, error))

    threading.Thread(target=work, name="hub", daemon=True).start()
    while (left := deadline() - time.monotonic()) > 0:
        with suppress(queue.Empty):
            answered, answer = answers.get(timeout=left)
            break
    else:
        raise TimeoutError
    if not answered:
        raise answer
    return answer  # type: ignore[no-any-return]


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
