"""How a TIFF file that is written holds a picture."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.images.metadata.exif import exif_tags
from imgclean.images.tiff.loss import Loss, can_lose
from imgclean.images.tiff.record import (
    FLOATING_POINT,
    HORIZONTAL,
    MIN_IS_BLACK,
    PREMULTIPLIED_ALPHA,
    RGB,
    SEPARATED,
    STRAIGHT_ALPHA,
    UNSPECIFIED,
    TiffRecord,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from imgclean.images.picture import AlphaKind, ColourSpace, Picture

_EXTRA_SAMPLES: Mapping[AlphaKind, int] = {
    "unknown": UNSPECIFIED,
    "premultiplied": PREMULTIPLIED_ALPHA,
    "straight": STRAIGHT_ALPHA,
}
_PHOTOMETRICS: Mapping[ColourSpace, int] = {
    "gray": MIN_IS_BLACK,
    "rgb": RGB,
    "cmyk": SEPARATED,
    "separate": MIN_IS_BLACK,
}


def record_for(picture: Picture, quality: int | None = None) -> TiffRecord:
    """Return how a file is to hold a picture: as the one that it was read from, where it fits.

    Args:
        picture: what to write. Of other formats it is compressed by deflate with a predictor.
        quality: 1 to 100, for the compressions that can lose something; None for the source's.
    """
    own = picture.metadata.own
    if not isinstance(own, TiffRecord):
        return _new_record(picture)
    if not _fits(own, picture):
        new = _new_record(picture)
        own = dataclasses.replace(
            own,
            photometric=new.photometric,
            colours=new.colours,
            extra_samples=new.extra_samples,
            palette=None,
        )
    if own.bits is not None and picture.highest != (1 << own.bits) - 1:
        own = dataclasses.replace(own, bits=None)
    if quality is not None and can_lose(own.compression):
        subsampling = own.loss.subsampling if own.loss else (1, 1)
        own = dataclasses.replace(own, loss=Loss(quality, subsampling))
    return own


def samples_for(picture: Picture, record: TiffRecord) -> NDArray[Any]:
    """Return the samples to write: over all of their type's range if the record has no bits.

    A file cannot say else what its white is.
    """
    if picture.highest is None or record.bits is not None or picture.dtype.kind != "u":
        return picture.samples
    factor = np.iinfo(picture.dtype).max / picture.highest
    widened: NDArray[Any] = np.rint(picture.samples * factor).astype(picture.dtype)
    return widened


def _new_record(picture: Picture) -> TiffRecord:
    extra = (_EXTRA_SAMPLES[picture.alpha_kind],) if picture.alpha else ()
    return TiffRecord(
        exif_tags(picture.metadata.exif or b"")[0],
        (),
        photometric=_PHOTOMETRICS[picture.space],
        colours=picture.channels,
        extra_samples=extra,
        predictor=HORIZONTAL if picture.dtype.kind == "u" else FLOATING_POINT,
        complete=False,
    )


def _fits(record: TiffRecord, picture: Picture) -> bool:
    """Whether the record's channels are the picture's."""
    if record.palette is not None:
        return picture.space == "rgb" and not picture.alpha
    return (
        record.colours + len(record.extra_samples) == picture.samples.shape[2]
        and (record.alpha_at is not None) == picture.alpha
        and record.separate == picture.separate
    )
