"""What the Hub's client raises, in errors of ours that say what to do."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from imgclean.errors import (
    FileNotOnHub,
    HubError,
    HubOffline,
    HubRefused,
    HubUnreachable,
    NotOnHub,
    one_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# httpx, or httpx2: the client changed its library once
http: Any = sys.modules[HfHubHTTPError.__mro__[1].__module__.partition(".")[0]]

_NETWORK_HINT = "check the network, HTTPS_PROXY and HF_ENDPOINT; --offline uses what is cached"


@contextmanager
def refusals(subject: str, *, with_token: bool = False, within: float = 0.0) -> Iterator[None]:
    """Turn what the client raises into errors that say what to do.

    Args:
        subject: what it was about.
        with_token: the Hub was asked with the user's token.
        within: seconds that there were for the answer.

    Raises:
        HubOffline, HubUnreachable, HubRefused, NotOnHub: in place of what was raised inside.
    """
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
            f"{subject}: {endpoint()} does not answer within {within:.0f} s",
            hint=_NETWORK_HINT,
        ) from error
    except http.TimeoutException as error:
        raise HubUnreachable(
            f"{subject}: no answer from {_host(error)}: {type(error).__name__}",
            hint=_NETWORK_HINT,
        ) from error
    except json.JSONDecodeError as error:
        raise no_hub(subject) from error
    except (http.HTTPError, http.InvalidURL, ValueError) as error:  # what is no address
        raise HubUnreachable(
            f"{subject}: cannot reach {_host(error)}: {one_line(error)}", hint=_NETWORK_HINT
        ) from error


def endpoint() -> str:
    """Return the Hub's address, for people: a password that is in it stays out."""
    return re.sub("//[^/]*@", "//", constants.ENDPOINT)


def offline(subject: str) -> HubOffline:
    """Return the error that says that something is not here and cannot be fetched."""
    return HubOffline(
        f"{subject} is not in the cache, and nothing may be fetched: offline",
        hint="pull it once without --offline and HF_HUB_OFFLINE, see `imgclean weights pull`",
    )


def no_hub(subject: str) -> HubUnreachable:
    """Return the error that says that something else answers in the Hub's place."""
    return HubUnreachable(
        f"{subject}: {endpoint()} does not answer as the Hub does",
        hint="a login page or a proxy may be in between; check HF_ENDPOINT",
    )


def asked_wait(error: HfHubHTTPError) -> int | None:
    """Return the seconds that the Hub asks to wait; None where it does not say."""
    text = error.response.headers.get("Retry-After", "")
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _explained(subject: str, error: HfHubHTTPError, *, with_token: bool) -> HubError:
    """Return what the Hub's refusal means to a user."""
    status = error.response.status_code
    said = " ".join((error.server_message or "").split()) or f"status {status}"
    if isinstance(error, GatedRepoError):
        repository = "/".join(re.split("[/@]", subject.removeprefix("hf://"))[:2])
        page = f"{endpoint()}/{repository}"
        then = "with the account of the token" if with_token else "and set HF_TOKEN"
        return HubRefused(f"{subject} is gated", hint=f"accept its terms at {page}, {then}")
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
        return FileNotOnHub(
            f"{subject}: the repository has no such file", hint="look at what it has, on its page"
        )
    if status in (401, 403):
        hint = "check HF_TOKEN, and what it may do" if with_token else "set HF_TOKEN"
        return HubRefused(f"{subject}: the Hub refuses it ({said})", hint=hint)
    if status == 412:
        return HubRefused(
            f"{subject}: somebody has changed it meanwhile", hint="look at it, and push again"
        )
    if status in (400, 409, 422):
        return HubRefused(f"{subject}: the Hub refuses it ({said})", hint="look at it there")
    if status == 429:
        wait = asked_wait(error)
        when = "" if wait is None else f" for {wait} s"
        return HubUnreachable(
            f"{subject}: the Hub answers no more requests{when} (429)",
            hint="try again then",
        )
    return HubUnreachable(f"{subject}: {endpoint()} answers {status}", hint="try again later")


def _host(error: Exception) -> str:
    """Return which host it was about."""
    try:
        return str(error.request.url.host)  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return endpoint()
