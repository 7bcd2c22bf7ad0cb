"""How the Hub on loopback speaks HTTP: requests and replies, ranges, connections that end badly."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
import sys
import termios
import threading
import time
from dataclasses import dataclass, field, replace
from fcntl import ioctl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from loopback_hub_content import PIECE, Blob, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

    from loopback_hub_faults import Fault


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    host: str  # "hub" or "cdn"
    method: str
    path: str  # with the query
    token: str | None  # that it carried
    range: str | None  # its Range header


@dataclass(frozen=True)
class Reply:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Blob = b""
    ranged: bool = False  # whether a part of the body can be asked for


class CutOff(Exception):
    """The connection ends here: reset when hard, otherwise closed as if all were sent."""

    def __init__(self, *, hard: bool) -> None:
        super().__init__(hard)
        self.hard = hard


class Request:
    """A request whose body is read when somebody wants it."""

    def __init__(self, seen: Seen, headers: Mapping[str, str], stream: BinaryIO) -> None:
        self.seen = seen
        parts = urlsplit(seen.path)
        self.path = parts.path
        self.query = parse_qs(parts.query, keep_blank_values=True)
        self.pieces = self._pieces(headers, stream)

    @staticmethod
    def _pieces(headers: Mapping[str, str], stream: BinaryIO) -> Iterator[bytes]:
        if "chunked" in headers.get("Transfer-Encoding", ""):
            while size := _chunk_size(stream):
                yield from _exactly(stream, size)
                stream.readline()
            stream.readline()
        else:
            yield from _exactly(stream, int(headers.get("Content-Length") or 0))

    def body(self) -> bytes:
        return b"".join(self.pieces)

    def json(self) -> Any:
        return json.loads(self.body())

    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body().decode())

    def flag(self, name: str) -> bool:
        return self.query.get(name, [""])[0].lower() in {"true", "1"}


def _chunk_size(stream: BinaryIO) -> int:
    line = stream.readline()
    if not line:
        raise ConnectionAbortedError("the client hung up within its request")
    return int(line.partition(b";")[0], 16)


def _exactly(stream: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = stream.read(min(PIECE, size))
        if not piece:
            raise ConnectionAbortedError("the client hung up within its request")
        size -= len(piece)
        yield piece


def part_of(asked: str, size: int) -> tuple[int, int] | None:
    """Start and end of a Range header's part; None if it is not one that is understood."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1 if last else size, size)


class Handler(BaseHTTPRequestHandler):
    """One connection; requests follow one another on it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # so that small pieces leave when they are written
    server: Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # clients may hang up whenever they like
            super().handle()

    def log_message(self, *_: object) -> None:
        """Keep quiet: what arrived is kept for the tests to look at."""

    def answer(self) -> None:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        seen = Seen(
            self.server.host,
            self.command,
            self.path,
            token if kind == "Bearer" else None,
            self.headers.get("Range"),
        )
        request = Request(seen, self.headers, self.rfile)
        try:
            self.server.note(seen)
            fault = self.server.fault("request", seen)
            if fault:
                reply = fault.act(fault.met, self.server.stopping)
            else:
                reply = self.server.respond(request)
            for _ in request.pieces:  # an answer before the end would break off the sending
                pass
            self.send(reply, seen)
        except CutOff as cut:
            self.cut(hard=cut.hard)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

    def send(self, reply: Reply, seen: Seen) -> None:
        whole = reply.body.size if isinstance(reply.body, Blob) else len(reply.body)
        headers = dict(reply.headers)
        start, end = 0, whole
        if reply.ranged:
            headers["Accept-Ranges"] = "bytes"
            part = part_of(seen.range, whole) if seen.range and self.command == "GET" else None
            if part and not self.server.fault("range", seen):
                start, end = part
                if start >= min(end, whole):
                    start = end = 0
                    reply = replace(reply, status=416)
                    headers["Content-Range"] = f"bytes */{whole}"
                else:
                    reply = replace(reply, status=206)
                    headers["Content-Range"] = f"bytes {start}-{end - 1}/{whole}"
        headers["Content-Length"] = str(end - start)
        self.send_response_only(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or start == end:
            return
        source = reply.body.source if isinstance(reply.body, Blob) else reply.body
        body: Iterable[bytes] = pieces(source, start, end)
        if fault := self.server.fault("body", seen):
            body = fault.act(fault.met, self.server.stopping, body)
        for piece in body:
            self.wfile.write(piece)

    def cut(self, *, hard: bool) -> None:
        self.close_connection = True
        if not hard:
            return
        # A reset throws away what was not yet delivered; the bytes before it are to arrive.
        until = time.monotonic() + 5
        waiting = bytearray(4)
        with contextlib.suppress(OSError):
            while time.monotonic() < until and not self.server.stopping.is_set():
                ioctl(self.connection.fileno(), termios.TIOCOUTQ, waiting)
                if not any(waiting):
                    break
                time.sleep(0.001)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())  # at once, before anybody says a proper goodbye


class Server(ThreadingHTTPServer):
    """One host. It ends with all its connections, whatever their handlers wait for."""

    daemon_threads = True

    def __init__(
        self,
        host: str,
        *,
        note: Callable[[Seen], None],
        fault: Callable[[str, Seen], Fault | None],
        respond: Callable[[Request], Reply],
        stopping: threading.Event,
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.host, self.note, self.fault, self.respond = host, note, fault, respond
        self.stopping = stopping
        self.errors: list[Exception] = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._main = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._main.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._lock:
            self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep what went wrong here, which is no client's doing, for the end."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.errors.append(error)

    def stop(self) -> None:
        self.shutdown()
        self._main.join()
        self.server_close()
        with self._lock:
            left = dict(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in left.values():
            thread.join(5)
            if thread.is_alive():
                self.errors.append(TimeoutError(f"{thread.name} did not end"))
