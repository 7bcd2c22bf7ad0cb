"""What cleaning took away from an image, as an image: noisy minus clean."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import UnwritableImage
from imgclean.images.formats import format_by_name
from imgclean.images.metadata.exif import orientation_block
from imgclean.images.picture import Metadata, Picture
from imgclean.images.tiff.record import DEFLATE, HORIZONTAL, MIN_IS_BLACK, MIN_IS_WHITE, RGB, YCBCR
from imgclean.images.write import encode_image, require_fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imgclean.extension.requests import Window
    from imgclean.images.rasters import Samples, SampleSink
    from imgclean.images.tiff.record import TiffRecord
    from imgclean.inference.jobs import Job

_SHOWN_AS = {MIN_IS_WHITE: MIN_IS_BLACK, YCBCR: RGB}


def difference(noisy: NDArray[Any], clean: NDArray[Any]) -> NDArray[Any]:
    """Return noisy - clean, of the samples' own type.

    Args:
        noisy, clean: of one shape and type, unsigned integers or floats.

    Returns:
        Of floats the signed difference. Of integers it is added to half of the type's range, 128
        of 8 bits and 32768 of 16, and kept within the type: noisy = clean + result - half, but
        where cleaning changed a sample by more than that.
    """
    if noisy.dtype.kind == "f":
        limits = np.finfo(noisy.dtype)
        with np.errstate(over="ignore"):
            changed: NDArray[Any] = np.clip(noisy - clean, limits.min, limits.max)
        return changed
    top = int(np.iinfo(noisy.dtype).max)
    signed = noisy.astype(np.int32) - clean.astype(np.int32) + (top + 1) // 2
    shifted: NDArray[Any] = signed.clip(0, top).astype(noisy.dtype)
    return shifted


def residual_picture(noisy: Picture, clean: Picture) -> Picture:
    """Return the difference of two pictures as one, without alpha and metadata.

    It is turned as they are. Samples of fewer bits than their type has keep their unit, and their
    difference has the type's whole range.
    """
    return _held(noisy, difference(noisy.colour, clean.colour))


def require_residual_fit(noisy: Picture, job: Job) -> None:
    """Refuse a picture whose difference to any other cannot be written.

    Args:
        noisy: the picture.
        job: of the residual.

    Raises:
        UnwritableImage: the job's format cannot hold it; the message names the job's output.
    """
    try:
        with _advising():
            require_fit(_held(noisy, noisy.colour), format_by_name(_format_of(job)))
    except UnwritableImage as error:
        raise error.about(job.output) from error


def encoded_residual(noisy: Picture, clean: Picture, job: Job) -> bytes:
    """Return the content of the file that holds the difference of two pictures.

    Raises:
        UnwritableImage: the job's format cannot hold it; the message does not name the file.
    """
    with _advising():
        return encode_image(residual_picture(noisy, clean), _format_of(job))


def _held(noisy: Picture, residual: NDArray[Any]) -> Picture:
    """Return the samples of a residual as a picture."""
    return Picture(
        residual,
        alpha=False,
        format="array",
        metadata=Metadata(exif=orientation_block(noisy.metadata.exif)),
        separate=noisy.separate,
    )


def _format_of(job: Job) -> str:
    return job.format or "png"


@contextmanager
def _advising() -> Iterator[None]:
    try:
        yield
    except UnwritableImage as error:
        error.hint = "clean it without --save-residual"
        raise


def residual_record(record: TiffRecord) -> TiffRecord:
    """Return how a page of a TIFF holds a difference: as the noisy page, but without loss."""
    record = dataclasses.replace(record, bits=None)
    if record.loss is not None:
        record = dataclasses.replace(record, loss=None, compression=DEFLATE, predictor=HORIZONTAL)
    elif record.photometric != MIN_IS_WHITE:
        return record
    photometric = _SHOWN_AS.get(record.photometric, record.photometric)
    return dataclasses.replace(record, photometric=photometric)


class BesideResidual:
    """Takes clean samples, and hands on their difference to the noisy ones too.

    Args:
        clean: takes the clean samples.
        residual: takes the difference; alpha as it is.
        noisy: the noisy samples.
        alpha: whether their last channel is alpha.
    """

    def __init__(
        self, clean: SampleSink, residual: SampleSink, noisy: Samples, *, alpha: bool
    ) -> None:
        self._clean = clean
        self._residual = residual
        self._noisy = noisy
        self._alpha = alpha

    def write(self, window: Window, samples: NDArray[Any]) -> None:
        """Store (h, w, C)."""
        self._clean.write(window, samples)
        noisy = self._noisy.read(window)
        residual = difference(noisy, samples)
        if self._alpha:
            residual[:, :, -1] = noisy[:, :, -1]
        self._residual.write(window, residual)
