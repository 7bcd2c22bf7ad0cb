"""Tells what a plugin raises from what is wrong with an image."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from imgclean.errors import DenoiserFailed, ImgcleanError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def naming_the_model(name: str) -> Iterator[None]:
    """Turn an exception that is not ours into a typed error."""
    try:
        yield
    except ImgcleanError:
        raise
    except Exception as error:
        raise DenoiserFailed(
            f"{name} failed: {one_line(error)}",
            hint="report it to the plugin's authors; `imgclean doctor` lists versions",
        ) from error
