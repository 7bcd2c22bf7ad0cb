"""The content of a file of the Hub, streamed to disk, from where an earlier attempt ended.

The client's own download asks anew from the first byte after an interruption, waits about a
minute for a server that has fallen silent, and writes ten megabytes at a time.
"""

from __future__ import annotations

import errno
import shutil
import time
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from huggingface_hub import get_session
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import hf_raise_for_status

from imgclean.atomic import refusal
from imgclean.errors import CacheUnwritable, HubUnreachable
from imgclean.weightsets.hub.client import BUSY, SILENCE, STEP_WITHIN, answer_by
from imgclean.weightsets.hub.refusals import asked_wait, http, refusals
from imgclean.weightsets.hub.transfers import Transfer, report

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.weightsets.hub.client import RemoteFile

_IN_VAIN = 3  # attempts without a new byte, of which the last one's error is raised
_PAUSE = 1.0  # seconds before the next attempt
_BETWEEN_REPORTS = 0.1  # seconds
_TOO_MANY = 429  # which says when to come back, and that is later
_REACHED_END = 416  # what is here already is as long as the file, or longer


def download(remote: RemoteFile, partial: Path) -> None:
    """Bring `partial` to the whole file; what it holds already is not fetched again.

    What is there is not checked. It stays for a next attempt where the network fails or the user
    interrupts, and is removed where the disk is full.

    Raises:
        HubUnreachable: no byte of it comes for 7 seconds, or the connection breaks again and again.
        HubRefused, NotOnHub: the Hub has changed its mind.
        CacheUnwritable: the disk is full, or refuses.
    """
    in_vain = 0
    until = time.monotonic() + SILENCE
    with refusals(str(remote.reference)):
        while True:
            before = _size(partial)
            try:
                _stream(remote, partial, until)
            except (TimeoutError, http.TimeoutException) as error:
                raise _silent(remote.name, partial) from error
            except (http.TransportError, HfHubHTTPError) as error:
                _require_no_refusal(remote, error)
                in_vain += 1
                if _size(partial) > before:
                    in_vain, until = 0, time.monotonic() + _PAUSE + SILENCE
                is_last = in_vain == _IN_VAIN or time.monotonic() + _PAUSE >= until
                if is_last or not _is_momentary(error):
                    raise
                time.sleep(_PAUSE)
            except OSError as error:
                raise _unwritable(partial, error) from error
            else:
                return


def _stream(remote: RemoteFile, partial: Path, until: float) -> None:
    """Fetch what is missing, as far as the connection lasts; the answer has to begin by then."""
    start = _size(partial)
    headers = remote.headers | {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    timeout = http.Timeout(SILENCE, connect=STEP_WITHIN)
    session = get_session()
    request = session.build_request("GET", remote.url, headers=headers, timeout=timeout)
    opened = answer_by(lambda: session.send(request, stream=True), lambda: until)
    with closing(opened) as response:
        if response.status_code == _REACHED_END:
            return
        hf_raise_for_status(response)
        if response.status_code != 206:  # the range was not heeded: all of it comes
            start = 0
        _require_space(partial, remote.size, start)
        partial.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("r+b" if start else "wb") as file:
            file.seek(start)
            done, reported = start, 0.0
            for chunk in response.iter_bytes():
                file.write(chunk)
                file.flush()  # so that a kill loses nothing
                done += len(chunk)
                now = time.monotonic()
                if now - reported > _BETWEEN_REPORTS:
                    report(Transfer(file=remote.name, done=done, total=remote.size))
                    reported = now


def _is_momentary(error: Exception) -> bool:
    """Whether another attempt may well end otherwise."""
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        return status in BUSY and status != _TOO_MANY and asked_wait(error) is None
    return True


def _require_no_refusal(remote: RemoteFile, error: Exception) -> None:
    """Say it where the storage, which wants no token, refuses what the Hub has just offered."""
    if isinstance(error, HfHubHTTPError) and error.response.status_code in (401, 403):
        raise HubUnreachable(
            f"{remote.name}: {urlsplit(remote.url).hostname} refuses to give it "
            f"({error.response.status_code})",
            hint="try again; a proxy may be in between",
        ) from error


def _silent(name: str, partial: Path) -> HubUnreachable:
    here = _size(partial)
    hint = f"try again: it goes on after the {here:,} bytes that are here" if here else "try again"
    return HubUnreachable(f"{name}: no byte has come for {SILENCE:g} s", hint=hint)


def _require_space(partial: Path, size: int | None, start: int) -> None:
    """Refuse at once what the disk cannot hold."""
    folder = partial.parent
    while not folder.exists():
        folder = folder.parent
    if size is not None and shutil.disk_usage(folder).free < size - start:
        raise OSError(errno.ENOSPC, "No space left on device")


def _unwritable(partial: Path, error: OSError) -> CacheUnwritable:
    """Return what to say of a disk that refuses; what is half there only fills it."""
    partial.unlink(missing_ok=True)
    return unwritable(partial.parent, error)


def unwritable(place: Path, error: OSError) -> CacheUnwritable:
    """Return the error that says why the cache cannot be written to, and how to have another."""
    message, _ = refusal(place, error)
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    what = "free some space" if full else "check its permissions"
    return CacheUnwritable(message, hint=f"{what}, or have another cache with HF_HUB_CACHE")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
