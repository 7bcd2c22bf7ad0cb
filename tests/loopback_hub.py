"""A small Hugging Face Hub on loopback, for the Hub's own client, with faults on demand.

There are two hosts, as there: the Hub, and the CDN that large files lie on and are uploaded to.

    with LoopbackHub() as hub:
        commit = hub.add("someone/sets", {"set.safetensors": content})
        hub.break_next(cut_after(1000), host="cdn", times=1)
        environment = hub.environment(tmp_path)

Who creates a repository through the client finds a first commit with `.gitattributes` in it, as on
the Hub; `add` commits exactly the files that it is given.
"""

from __future__ import annotations

import hmac
import itertools
import os
import secrets
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

from loopback_hub_answers import Refusal, respond
from loopback_hub_content import Blob, Entry, Repository, is_large
from loopback_hub_faults import (
    Fault,
    cut_after,
    flip,
    hang,
    hang_after,
    hold,
    ignore_range,
    not_a_hub,
    reset,
    slow,
    status,
)
from loopback_hub_transport import Seen, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loopback_hub_transport import Request

__all__ = [
    "Fault",
    "LoopbackHub",
    "Seen",
    "cut_after",
    "flip",
    "hang",
    "hang_after",
    "hold",
    "ignore_range",
    "not_a_hub",
    "reset",
    "slow",
    "status",
]

PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@dataclass
class Planned:
    """A fault, the requests that meet it, and how many more of them."""

    fault: Fault
    matches: Callable[[Seen], bool]
    left: int | None


class LoopbackHub:
    """The servers run from entering to leaving; leaving ends all connections at once.

    Attributes:
        endpoint: The Hub's address; `cdn` is the other host's.
        seen: The requests that arrived, in order.
        tokens: What each known token allows: "read" or "write".
        accepted: The tokens that gated repositories let in.
        validated: What was sent for a check of a card's front matter.
        large: Above how many bytes a file is large when none else is given.
        page_size: How many entries a page of a listing has.
        user: Who all tokens belong to.
    """

    def __init__(self, *, large: int = 1024 * 1024) -> None:
        self.large = large
        self.page_size = 1000
        self.user = "someone"
        self.tokens = {"hf_reader": "read", "hf_writer": "write"}
        self.accepted: set[str] = set()
        self.validated: list[dict[str, Any]] = []
        self.seen: list[Seen] = []
        self.repositories: dict[str, Repository] = {}
        self.lock = threading.RLock()
        self._arrived = threading.Condition(self.lock)
        self._planned: list[Planned] = []
        self._key = secrets.token_bytes(16)
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="loopback-hub-")
        self._stopping = threading.Event()
        self._servers = {host: self._start(host) for host in ("hub", "cdn")}
        self.endpoint, self.cdn = self._servers["hub"].url, self._servers["cdn"].url
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stopping.set()
        for server in self._servers.values():
            server.stop()
        self._folder.cleanup()
        errors = [error for server in self._servers.values() for error in server.errors]
        if errors and kind is None:
            raise ExceptionGroup("the Hub on loopback failed", errors)

    def _start(self, host: str) -> Server:
        return Server(
            host,
            note=self._note,
            fault=self._fault,
            respond=lambda request: respond(self, request),
            stopping=self._stopping,
        )

    # What is there

    def add(
        self,
        repository: str,
        files: Mapping[str, bytes | Path],
        *,
        revision: str = "main",
        private: bool | None = None,
        gated: bool | None = None,
        large: int | None = None,
        message: str = "Add files",
    ) -> str:
        """Add or replace files in one commit on a branch, and give the commit's id.

        The repository is created when there is none. Whether it is private or gated stays as it
        was unless it is said.
        """
        limit = self.large if large is None else large
        entries = {name: _entry(name, source, limit) for name, source in files.items()}
        with self.lock:
            known = self.repositories.setdefault(repository, Repository(repository))
            known.private = known.private if private is None else private
            known.gated = known.gated if gated is None else gated
            return known.commit(revision, message, entries).id

    def tag(self, repository: str, name: str, commit: str) -> None:
        self.repositories[repository].tags[name] = commit

    def head(self, repository: str, revision: str = "main") -> str:
        """The commit that a branch or tag is at."""
        found = self.repositories[repository].find(revision)
        assert found is not None, revision
        return found.id

    def files(self, repository: str, revision: str = "main") -> dict[str, bytes]:
        commit = self.repositories[repository].commits[self.head(repository, revision)]
        return {name: entry.blob.read() for name, entry in commit.files.items()}

    def commits(self, repository: str, revision: str = "main") -> list[str]:
        """The titles of the commits, oldest first."""
        history = self.repositories[repository].history(revision)
        return [commit.title for commit in reversed(history)]

    def replace_silently(
        self, repository: str, commit: str, name: str, content: bytes | Path
    ) -> None:
        """Change a file under a commit's id, as a server does that was tampered with."""
        with self.lock:
            known = self.repositories[repository]
            entry = Entry(Blob.of(content), known.commits[commit].files[name].large)
            known.commits[commit].files[name] = entry
            known.keep(entry)

    # What goes wrong

    def break_next(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        host: str | None = None,
        path: str = "",
        times: int | None = None,
    ) -> Fault:
        """Have requests that match meet a fault, so many of them or all, and give the fault.

        The first one planned that matches is met. A fault of a body is for responses that have
        one, and one of a range for requests with a range: others do not count.
        """

        def matches(seen: Seen) -> bool:
            return method in (None, seen.method) and host in (None, seen.host) and path in seen.path

        with self.lock:
            self._planned.append(Planned(fault, matches, times))
        return fault

    def mend(self) -> None:
        """Have no faults any more."""
        with self.lock:
            self._planned.clear()

    def _fault(self, stage: str, seen: Seen) -> Fault | None:
        with self.lock:
            for planned in self._planned:
                if planned.fault.stage == stage and planned.left != 0 and planned.matches(seen):
                    if planned.left is not None:
                        planned.left -= 1
                    return planned.fault
        return None

    # What arrives

    def _note(self, seen: Seen) -> None:
        with self._arrived:
            self.seen.append(seen)
            self._arrived.notify_all()

    def wait_for(self, matches: Callable[[Seen], bool], *, timeout: float = 30) -> None:
        """Wait until a request has arrived that matches."""
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: any(map(matches, self.seen)), timeout)
        assert arrived, f"no such request among {self.seen}"

    def environment(self, home: Path, *, token: str | None = None) -> dict[str, str]:
        """The environment of a process that knows this Hub only, and has its cache in a folder."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HF_", "HUGGING")) and name.lower() not in PROXIES
        }
        given = {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
        }
        return kept | given | ({} if token is None else {"HF_TOKEN": token})

    # For the answers

    def signed(self, path: str, **query: object) -> str:
        """An address on the CDN that needs no token."""
        asked = urlencode(query)
        return f"{self.cdn}{quote(path)}?{asked}&signature={self._signature(quote(path), asked)}"

    def check_signature(self, request: Request) -> None:
        path, _, query = request.seen.path.partition("?")
        asked, _, signature = query.partition("&signature=")
        if not hmac.compare_digest(signature, self._signature(path, asked)):
            raise Refusal(403, "Access denied")

    def _signature(self, path: str, query: str) -> str:
        return hmac.digest(self._key, f"{path}?{query}".encode(), "sha256").hex()

    def new_upload(self) -> Path:
        """Where a file that is being uploaded goes."""
        return Path(self._folder.name) / str(next(self._numbers))


def _entry(name: str, source: bytes | Path, limit: int) -> Entry:
    blob = Blob.of(source)
    return Entry(blob, is_large(name, blob.size, limit))
