"""How far what comes from the Hub, or goes there, is."""

from __future__ import annotations

import time

from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from imgclean.cli.console import printable, say, stderr
from imgclean.weightsets.hub.transfers import Transfer

_SMALL = 100_000  # bytes of a file that is not worth a line
_FIRST_LINE = 2.0  # seconds from the beginning, where there is no terminal
_BETWEEN_LINES = 10.0


class TransferBar:
    """Shows transfers on stderr: a bar on a terminal, a line now and then elsewhere.

    Args:
        quiet: show nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Progress | None = None
        self._next_line: float | None = None

    def __call__(self, transfer: Transfer) -> None:
        """Show one report."""
        if self._quiet:
            return
        if transfer.state == "waiting":
            say(f"waiting for another process that fetches {transfer.file}")
        elif transfer.state == "moving":
            self._show(transfer)
        else:
            self._end(transfer)

    def _show(self, transfer: Transfer) -> None:
        now = time.monotonic()
        if stderr.is_terminal:
            self._advance(transfer)
        elif self._next_line is None:
            self._next_line = now + _FIRST_LINE
        elif now >= self._next_line:
            whole = f" of {decimal(transfer.total)}" if transfer.total else ""
            say(f"{transfer.file}: {decimal(transfer.done)}{whole}")
            self._next_line = now + _BETWEEN_LINES

    def _advance(self, transfer: Transfer) -> None:
        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=stderr,
                transient=True,
            )
            self._bar.add_task(printable(transfer.file), completed=transfer.done)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=transfer.done, total=transfer.total)

    def _end(self, transfer: Transfer) -> None:
        self.close()
        self._next_line = None
        if transfer.state == "finished" and transfer.done > _SMALL:
            say(f"{transfer.file}: {decimal(transfer.done)}, done")

    def close(self) -> None:
        """Take the bar away, whatever has become of the transfer."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
