"""The requests of a push: given up soon where nothing moves, repeated once at most.

The Hub's client has no time-outs, and asks a host that fails up to six times over half a minute.
"""

from __future__ import annotations

import io
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
    hf_raise_for_status,
    logging,
)

from imgclean.errors import HubUnreachable
from imgclean.weightsets.hub.client import BUSY, LONGEST_WAIT, SILENCE
from imgclean.weightsets.hub.refusals import asked_wait, http, refusals
from imgclean.weightsets.hub.transfers import Transfer, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imgclean.weightsets.hub.transfers import TransferState

COMMIT_WITHIN = 30.0
"""Seconds for the answer to the commit itself, which the Hub may have to work for."""

_IN_FLIGHT = 500_000  # bytes that the system has taken from us and may still be sending
_SLOWEST = 50_000  # bytes a second, at which it does
_BETWEEN_REPORTS = 0.1  # seconds
_VALIDATION = "/api/validate-yaml"
_COMMIT = "/commit/"
_BAD_REQUEST = 400
_TOO_MANY = 429  # after which the client may wait for minutes


class Sending:
    """Watches the client while it sends.

    Whether the system still sends what it has taken cannot be seen from here. So a host has up to
    ten seconds more where many bytes were on their way to it.

    Args:
        subject: what is sent to, for errors.
        file: what the large file is called.
        size: its bytes.

    Attributes:
        deadline: when to give up; it moves on as things go on.
        committing: whether the commit itself has been asked for.
    """

    def __init__(self, subject: str, file: str, size: int) -> None:
        self._subject, self._file, self._size = subject, file, size
        self._host = _host_of(constants.ENDPOINT)
        self._patience = SILENCE
        self._failed: set[str] = set()
        self._stopped = False
        self._done = 0
        self._reported = 0.0
        self.committing = False
        self.deadline = time.monotonic() + self._patience

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the client's requests, inside; of the thread that makes them."""
        session: Any = huggingface_hub.get_session()
        send = session.send
        # There is no other way to stop the client from asking again.
        session.send = lambda request, **options: self._watch(send, request, options)
        state: TransferState = "failed"
        try:
            yield
            state = "finished"
        finally:
            del session.send
            if self._done and not self._stopped:
                report(self._transfer(state))

    def stop(self) -> None:
        """Let nothing more be sent: nobody waits for it."""
        self._stopped = True

    def silence(self) -> HubUnreachable:
        """Return the error that says who is silent, and for how long."""
        return HubUnreachable(
            f"{self._subject}: {self._host} has not answered for {self._patience:.0f} s",
            hint="check the network, HTTPS_PROXY and HF_ENDPOINT, and push again",
        )

    def advance(self, done: int) -> None:
        """Note that bytes of the file are taken."""
        self._require_wanted()
        now = time.monotonic()
        self._done, self.deadline = done, now + self._patience
        if now - self._reported > _BETWEEN_REPORTS:
            report(self._transfer("moving"))
            self._reported = now

    def _transfer(self, state: TransferState) -> Transfer:
        return Transfer(file=self._file, done=self._done, total=self._size, state=state)

    def _require_wanted(self) -> None:
        if self._stopped:
            raise self.silence()

    def _watch(self, send: Any, request: Any, options: dict[str, Any]) -> Any:
        """Send a request. The client repeats what fails as it does after a network's failure."""
        self._require_wanted()
        self._await(request)
        try:
            response = send(request, **options)
        except http.TransportError as error:
            # After a ConnectError the client goes on with another session, which is not watched.
            if self._may_fail(request) and not isinstance(error, http.ConnectError):
                raise
            with refusals(self._subject):
                raise
        if response.status_code < _BAD_REQUEST:
            return response
        with refusals(self._subject, with_token=True):
            try:
                hf_raise_for_status(response)
            except HfHubHTTPError as error:
                status, wait = response.status_code, asked_wait(error) or 0
                is_brief = status != _TOO_MANY and wait <= LONGEST_WAIT
                if status in BUSY and is_brief and self._may_fail(request):
                    return response
                if self._host != _host_of(constants.ENDPOINT):
                    raise HubUnreachable(
                        f"{self._subject}: {self._host} does not take it ({status})",
                        hint="push again; a proxy may be in between",
                    ) from error
                if request.url.path != _VALIDATION or status != _BAD_REQUEST:
                    raise
        return response  # which says what is wrong with the card

    def _await(self, request: Any) -> None:
        """Note what is asked for, and how long that may take."""
        self._host, path = _host_of(str(request.url)), request.url.path
        self._patience = SILENCE
        if _COMMIT in path:
            self.committing, self._patience = True, COMMIT_WITHIN
        elif request.method == "PUT":
            self._patience += min(self._size, _IN_FLIGHT) / _SLOWEST
        self.deadline = time.monotonic() + self._patience

    def _may_fail(self, request: Any) -> bool:
        """Whether a request has not failed before, and the client will repeat it."""
        url, path = str(request.url), request.url.path
        first = url not in self._failed
        self._failed.add(url)
        repeated = path != _VALIDATION and _COMMIT not in path
        return first and repeated and not self._stopped


def _host_of(url: str) -> str:
    """Return the host and the port, without a user and a password."""
    return urlsplit(url).netloc.rpartition("@")[2]


class WatchedFile(io.BufferedReader):
    """A file whose reading is told to a `Sending` once there is one."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self.sending: Sending | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and say how far that is."""
        content = super().read(size)
        if self.sending is not None:
            self.sending.advance(self.tell())
        return content


@contextmanager
def silent_client() -> Iterator[None]:
    """Keep what the client says of its own accord from stderr, unless the user wants more of it.

    It logs each failure with its address, signature and all, and warns of cards that the Hub finds
    odd, which their pages on the Hub show as well.
    """
    verbosity, bars = logging.get_verbosity(), not are_progress_bars_disabled()
    if verbosity == logging.WARNING:
        logging.set_verbosity(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        disable_progress_bars()
        try:
            yield
        finally:
            logging.set_verbosity(verbosity)
            if bars:
                enable_progress_bars()
