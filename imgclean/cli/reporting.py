"""Events as JSON lines, as a display on a terminal, or as plain lines."""

from __future__ import annotations

import dataclasses
import sys
import time
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from imgclean.cli.console import printable, stderr
from imgclean.cli.file_lines import file_line, summary_line
from imgclean.cli.folds_table import fold_line
from imgclean.cli.json_lines import write_json_line
from imgclean.cli.reading_bar import ReadingBar, label, seconds_of
from imgclean.cli.time_left import left_in_words, time_left
from imgclean.cli.training_lines import step_text, validated_line
from imgclean.events import (
    Benched,
    DiscriminatorStep,
    Done,
    Evaluated,
    EvaluatedFold,
    EvaluatedFolds,
    EvaluatedImage,
    EvaluatedRegions,
    Failed,
    FileEvent,
    Note,
    Planned,
    Progressed,
    ReadImages,
    Skipped,
    Summary,
    TrainStep,
    TrialBegun,
    Validated,
    Warned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from imgclean.events import Emit

_SECONDS_BETWEEN_LINES = 10.0
_MACHINE_READABLE = (
    FileEvent,
    Summary,
    EvaluatedImage,
    Evaluated,
    EvaluatedRegions,
    Benched,
    TrainStep,
    DiscriminatorStep,
    Validated,
    TrialBegun,
    EvaluatedFold,
    EvaluatedFolds,
)


class Display:
    """Renders events for people, on stderr: a progress display on a terminal, lines elsewhere.

    Args:
        console: on stderr.
        total: units of work: files, or 1 for a single run of unknown length.
        quiet: only warnings and failures.
        list_files: a line for each finished file; None: unless there is a terminal.
        bar: draw the progress display, where there is a terminal.
        done: what was done with files, for the summary.
    """

    def __init__(
        self,
        console: Console,
        total: int,
        *,
        quiet: bool = False,
        list_files: bool | None = None,
        bar: bool = True,
        done: str = "cleaned",
    ) -> None:
        self._console = console
        self._quiet = quiet
        self._done = done
        if list_files is None:
            list_files = not console.is_terminal
        self._list_files = list_files and not quiet
        self._beats = self._list_files and not console.is_terminal
        self._total = total
        self._finished = 0
        self._share: dict[str, float] = {}
        self._megapixels = 0.0
        self._told = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn() if total > 1 else TextColumn("{task.percentage:>3.0f} %"),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=quiet or not bar or not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total, rate="")
        self._trains = False
        self._trained = 0.0
        self._trial = ""
        self._reading = ReadingBar(self._progress, self._task)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, event: Any) -> None:
        """Render one event."""
        match event:
            case Warned():
                self._line(f"warning: {event.message}", "yellow")
            case Failed():
                self._line(f"failed: {event.message}", "red")
                self._finish(event.input)
            case Done() | Skipped() | Planned():
                unexpected = isinstance(event, Skipped) and event.message and not self._quiet
                if self._list_files or unexpected:
                    self._line(file_line(event))
                self._finish(event.input)
            case Evaluated() | Benched():
                self._share.clear()  # there is one line at a time
                self._finish(None)
            case Progressed():
                self._advance(event)
            case ReadImages():
                self._read(event)
            case TrainStep() | DiscriminatorStep():
                self._train(event)
            case _ if not self._quiet:
                self._say(event)

    def _say(self, event: Any) -> None:
        """Render what is not for those who want warnings and failures only."""
        match event:
            case Note():
                self._line(event.message, "dim")
            case TrialBegun():
                self._begin_trial(event)
            case EvaluatedFold():
                self._line(fold_line(event))
            case Validated():
                self._line(validated_line(event))
            case Summary():
                self._line(summary_line(event, self._done))

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(printable(text), style=style), soft_wrap=True)

    def _advance(self, event: Progressed) -> None:
        if self._trains and not event.share:
            self._begin_anew()
        self._share[event.input] = event.share
        self._megapixels += event.megapixels
        elapsed = seconds_of(self._progress, self._task) - self._reading.seconds
        rate = f"{self._megapixels / elapsed:.2f} MP/s" if elapsed and self._megapixels else ""
        text = f"{self._trial}{event.input}"
        self._update(text, rate)
        work = (self._finished + sum(self._share.values())) / self._total
        self._beat(work, elapsed, f"{text}  {rate}")

    def _finish(self, path: str | None) -> None:
        self._finished += 1
        self._share.pop(path or "", None)
        self._update("", None)

    def _read(self, event: ReadImages) -> None:
        seconds = self._reading.advance(event)
        text = f"{label(event)}  {event.done} of {event.total}"
        self._beat(event.done / event.total, seconds, text)

    def _update(self, description: str, rate: str | None) -> None:
        fields: dict[str, Any] = {"completed": self._finished + sum(self._share.values())}
        if description:
            fields["description"] = printable(description)
        if rate is not None:
            fields["rate"] = rate
        self._progress.update(self._task, **fields)

    def _begin_anew(self) -> None:
        """Count from here: what is measured after training has nothing of the training's time."""
        self._progress.reset(self._task, total=self._total)
        self._share.clear()
        self._finished, self._megapixels, self._reading.seconds = 0, 0.0, 0.0

    def _begin_trial(self, event: TrialBegun) -> None:
        """Begin the bar anew, which is that of one trial; say which it is of how many."""
        self._begin_anew()
        self._trial = f"trial {event.trial} of {event.trials}  "
        left = "" if event.seconds_left is None else left_in_words(event.seconds_left)
        self._line(f"{self._trial.strip()}: {event.folder}{left}", "dim")

    def _train(self, event: TrainStep | DiscriminatorStep) -> None:
        self._trains = True
        rate = f"{event.step / event.seconds:.1f} steps/s" if event.seconds else ""
        stage = f"{event.stage}  " if event.stage else ""
        text = f"{self._trial}{stage}{step_text(event)}"
        if event.share < self._trained:  # another stage: what is left is told by its own pace
            self._progress.reset(self._task, total=self._total)
        self._trained = event.share
        self._progress.update(self._task, completed=event.share, description=text, rate=rate)
        self._beat(event.share, event.seconds, f"{text}  {rate}", last=event.share >= 1)

    def _beat(self, share: float, seconds: float, text: str, *, last: bool = False) -> None:
        """Say now and then how far the work is, where there is no progress display."""
        now = time.monotonic()
        if self._beats and (last or now - self._told > _SECONDS_BETWEEN_LINES):
            self._told = now
            self._line(f"{share:4.0%}  {text}{time_left(share, seconds)}")


class _Rate(ProgressColumn):
    """Work a second, as the display counts it."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["rate"], style="cyan")


@contextmanager
def reporting(
    total: int,
    *,
    json_lines: bool,
    quiet: bool,
    list_files: bool | None = None,
    done: str = "cleaned",
) -> Iterator[Emit]:
    """Yield where a command sends its events: a `Display`, and stdout as JSON if asked for.

    While it is open, whatever else is printed to stdout, by a plugin say, goes to stderr.
    """
    script = sys.stdout
    bar = not (json_lines and script.isatty())  # it would run into the objects
    display = Display(stderr, total, quiet=quiet, list_files=list_files, bar=bar, done=done)

    def emit(event: object) -> None:
        if json_lines and isinstance(event, _MACHINE_READABLE):
            write_json_line(script, {"event": event.event} | dataclasses.asdict(event))
        display(event)

    with display, redirect_stdout(sys.stderr):
        yield emit
