"""What is known of a job's input: an image, an error, or that nothing is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import ImgcleanError
from imgclean.images.picture import Picture
from imgclean.inference.stack_source import StackSource

if TYPE_CHECKING:
    import os

    from imgclean.inference.jobs import Job


@dataclass(frozen=True, slots=True)
class Finished:
    """There is nothing left to do.

    Attributes:
        reason: why, where the journal does not say it.
        original: what goes to stdout then: a pipe has no other clean image.
    """

    reason: str | None = None
    original: bytes = b""


Content = Picture | StackSource | Finished | ImgcleanError


@dataclass(frozen=True, slots=True)
class Source:
    """A job with what was read for it.

    Attributes:
        job: what to clean.
        content: the image; or that there is nothing to do; or why there is no image.
        fingerprint: hash of the input's content.
        remarks: what of the file is not in the clean image, in words.
        status: of the input's file, as it was before it was read; None for stdin.
        seconds: time spent reading.
        original: the content itself, of an image that came from stdin.
    """

    job: Job
    content: Content
    fingerprint: str
    remarks: tuple[str, ...]
    status: os.stat_result | None
    seconds: float
    original: bytes = b""

    @property
    def size(self) -> int:
        """Bytes that are held until the image is denoised."""
        return int(self.content.samples.nbytes) if isinstance(self.content, Picture) else 0
