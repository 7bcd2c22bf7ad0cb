"""Questions to the Hub, through `huggingface_hub`: answered soon, or refused in a typed error."""

from __future__ import annotations

import contextvars
import json
import queue
import re
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers

from imgclean import __version__
from imgclean.errors import (
    FileNotOnHub,
    HubError,
    HubOffline,
    HubRefused,
    HubUnreachable,
    NotOnHub,
    one_line,
)
from imgclean.weightsets.hub.reference import is_commit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imgclean.weightsets.hub.reference import HubReference

# httpx, or httpx2: the client changed its library once
http: Any = sys.modules[HfHubHTTPError.__mro__[1].__module__.partition(".")[0]]

ANSWER_WITHIN = 5.0  # seconds, all in all
_STEP_WITHIN = 4.0  # of connecting, and of waiting for each packet
BUSY = (408, 429, 500, 502, 503, 504)
LONGEST_WAIT = 3  # seconds that the Hub may ask for, to be tried once more
_SHORT_WAIT = 1.0  # where it asks for none
_NETWORK_HINT = "check the network, HTTPS_PROXY and HF_ENDPOINT; --offline uses what is cached"

AGENT: dict[str, Any] = {"library_name": "imgclean", "library_version": __version__}
"""Who asks, as the client's functions take it."""

_NAME = re.compile(r"[\w.-]{1,128}", re.ASCII)  # what may be the name of a file here

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
    file = reference.file or constants.CONFIG_NAME
    url = huggingface_hub.hf_hub_url(reference.repository, file, revision=reference.revision)

    def ask(token: str | None) -> RemoteFile:
        found = huggingface_hub.get_hf_file_metadata(
            url, token=token or False, timeout=_STEP_WITHIN, **AGENT
        )
        if not (is_commit(found.commit_hash or "") and _NAME.fullmatch(found.etag or "")):
            raise _no_hub(str(reference))
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
        return api.list_repo_files(
            reference.repository, revision=reference.revision, token=token or False
        )

    return with_token_if_needed(str(reference), ask)


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
    return asked(subject, huggingface_hub.get_token)


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


def offline(subject: str) -> HubOffline:
    """Return the error that says that something is not here and cannot be fetched."""
    return HubOffline(
        f"{subject} is not in the cache, and nothing may be fetched: offline",
        hint="pull it once without --offline and HF_HUB_OFFLINE, see `imgclean weights pull`",
    )


def asked_wait(error: HfHubHTTPError) -> int | None:
    """Return the seconds that the Hub asks to wait; None where it does not say."""
    text = error.response.headers.get("Retry-After", "")
    return int(text) if text.isdecimal() else None


@contextmanager
def refusals(
    subject: str, *, with_token: bool = False, within: float = ANSWER_WITHIN
) -> Iterator[None]:
    """Turn what the client raises into errors that say what to do."""
    try:
        yield
    except HubError:
        raise
    except OfflineModeIsEnabled as error:
        raise offline(subject) from error
    except HfHubHTTPError as error:
        raise _explained(subject, error, with_token=with_token) from error
    except TimeoutError as error:
        raise HubUnreachable(
            f"{subject}: {constants.ENDPOINT} does not answer within {within:.0f} s",
            hint=_NETWORK_HINT,
        ) from error
    except http.TimeoutException as error:
        raise HubUnreachable(
            f"{subject}: no answer from {_host(error)}: {type(error).__name__}",
            hint=_NETWORK_HINT,
        ) from error
    except json.JSONDecodeError as error:
        raise _no_hub(subject) from error
    except (http.HTTPError, http.InvalidURL) as error:
        raise HubUnreachable(
            f"{subject}: cannot reach {_host(error)}: {one_line(error)}", hint=_NETWORK_HINT
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


def _explained(subject: str, error: HfHubHTTPError, *, with_token: bool) -> HubError:
    """Return what the Hub's refusal means to a user."""
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        page = f"{constants.ENDPOINT}/{subject.removeprefix('hf://').partition('@')[0]}"
        return HubRefused(
            f"{subject} is gated", hint=f"accept its terms at {page}, and set HF_TOKEN"
        )
    if isinstance(error, RepositoryNotFoundError):
        hint = "check the name; a private repository wants HF_TOKEN"
        if with_token:
            hint = "check the name, and that the token may read it"
        return NotOnHub(f"{subject}: the Hub has no such repository", hint=hint)
    if isinstance(error, RevisionNotFoundError):
        return NotOnHub(
            f"{subject}: the repository has no such revision", hint="name a branch, tag or commit"
        )
    if isinstance(error, RemoteEntryNotFoundError):
        return FileNotOnHub(f"{subject}: the repository has no such file")
    if status in (401, 403):
        said = f" ({error.server_message})" if error.server_message else ""
        hint = "check HF_TOKEN, and what it may do" if with_token else "set HF_TOKEN"
        return HubRefused(f"{subject}: the Hub refuses it{said}", hint=hint)
    if status == 412:
        return HubRefused(
            f"{subject}: somebody has changed it meanwhile", hint="look at it, and push again"
        )
    if status in (400, 409, 422):
        said = " ".join((error.server_message or "").split()) or f"status {status}"
        return HubRefused(f"{subject}: the Hub refuses it ({said})", hint="look at it there")
    if status == 429:
        wait = asked_wait(error)
        when = "" if wait is None else f" for {wait} s"
        return HubUnreachable(
            f"{subject}: the Hub answers no more requests{when} (429)",
            hint="try again then; with HF_TOKEN it answers more",
        )
    return HubUnreachable(
        f"{subject}: {constants.ENDPOINT} answers {status}", hint="try again later"
    )


def _no_hub(subject: str) -> HubUnreachable:
    return HubUnreachable(
        f"{subject}: {constants.ENDPOINT} does not answer as the Hub does",
        hint="a login page or a proxy may be in between; check HF_ENDPOINT",
    )


def _host(error: Exception) -> str:
    """Return which host it was about."""
    try:
        return str(error.request.url.host)  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return constants.ENDPOINT


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
