"""From a job to what is known of its input: a picture, an error, or that nothing is left to do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.errors import ImgcleanError, UnreadableImage, UnwritableImage, one_line
from imgclean.images.formats import format_by_name
from imgclean.images.read import decode_image, read_bytes
from imgclean.images.write import require_fit
from imgclean.inference.journal import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgclean.images.picture import Picture
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.plan import Job
    from imgclean.inference.records import Records


@dataclass(frozen=True, slots=True)
class Source:
    """A job with what was read for it.

    Attributes:
        job: what to clean.
        content: the picture; or why there is none; or None if an earlier run finished it.
        fingerprint: hash of the input's content.
        seconds: time spent reading.
    """

    job: Job
    content: Picture | ImgcleanError | None
    fingerprint: str
    seconds: float

    @property
    def size(self) -> int:
        """Bytes that are held until the image is denoised."""
        if self.content is None or isinstance(self.content, ImgcleanError):
            return 0
        return int(self.content.samples.nbytes)


def read_source(job: Job, records: Records, denoisers: Iterable[Denoiser]) -> Source:
    """Read one file; what goes wrong with it is its content. Safe to call from several threads."""
    started = time.monotonic()
    fingerprint = ""
    content: Picture | ImgcleanError | None
    try:
        data = read_bytes(job.input)
        fingerprint = sha256_of(data)
        finished = records.is_finished(job, fingerprint, denoisers)
        content = None if finished else _decode(data, job)
    except ImgcleanError as error:
        content = error
    except Exception as error:  # noqa: BLE001 - one bad file must not end the run
        content = UnreadableImage(f"{job.input}: {one_line(error)}")
    return Source(job, content, fingerprint, time.monotonic() - started)


def _decode(data: bytes, job: Job) -> Picture:
    """Return the picture; refuse one that could not be written before it costs any work."""
    picture = decode_image(data, str(job.input))
    try:
        require_fit(picture, format_by_name(job.format or picture.format))
    except UnwritableImage as error:
        raise error.about(job.output) from error
    return picture
