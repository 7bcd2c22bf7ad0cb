"""The exit codes that scripts rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import ImageError, ImgcleanError, UsageError

if TYPE_CHECKING:
    from imgclean.events import Summary

DONE = 0
SETUP = 1  # device, weights, configuration or internal error
USAGE = 2
SOME_FAILED = 3
ALL_FAILED = 4
INTERRUPTED = 130


def exit_code_of(outcome: Summary | ImgcleanError) -> int:
    """Return the exit code for how a run ended, or for the error that ended it."""
    if isinstance(outcome, UsageError):
        return USAGE
    if isinstance(outcome, ImageError):
        return ALL_FAILED
    if isinstance(outcome, ImgcleanError):
        return SETUP
    if outcome.failed == 0:
        return DONE
    return SOME_FAILED if outcome.done or outcome.skipped else ALL_FAILED
