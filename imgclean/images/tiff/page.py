"""One image of a TIFF file: its samples as they are stored, as they are worked on, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import UnreadableImage
from imgclean.images.tiff.kinds import check_page
from imgclean.images.tiff.record import (
    MIN_IS_WHITE,
    NO_COMPRESSION,
    PLANAR,
    TiffRecord,
    record_of_page,
)
from imgclean.images.tiff.settings import (
    NATIVE_ORDER,
    packed_bits,
    structure_tags,
    write_settings,
    written_compression,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "as_samples",
    "as_stored",
    "check_page",
    "highest_sample",
    "record_of_page",
    "structure_tags",
    "write_settings",
]


def highest_sample(record: TiffRecord) -> int | None:
    """Return `Picture.highest` of the samples that `as_samples` gives."""
    bits = packed_bits(record)
    return None if bits is None else (1 << bits) - 1


def as_samples(stored: NDArray[Any], record: TiffRecord) -> NDArray[Any]:
    """Return a picture's samples (H, W, C), alpha last, in native byte order.

    Args:
        stored: what tifffile gives: planes, depth, rows, columns and interleaved samples, or a
            decoded strip or tile of an interleaved page, without the first axis.
        record: of the page. Gray of 2 to 7 bits becomes 8 bits, a palette RGB of 8 bits.

    Raises:
        UnreadableImage: there are more or fewer samples to a pixel than its tags say.
    """
    if stored.ndim == 4:
        stored = stored[np.newaxis]
    # Planes or interleaved samples are one.
    samples = stored[0, 0] if stored.shape[0] == 1 else np.moveaxis(stored[:, 0, :, :, 0], 0, 2)
    if samples.shape[2] != record.colours + len(record.extra_samples):
        raise UnreadableImage("damaged: its tags contradict each other on the channels")
    if record.palette is not None:
        colours = np.frombuffer(record.palette, np.uint8).reshape(-1, 3)
        return colours[samples[:, :, 0].astype(np.uint8)]
    if record.bits is not None and record.bits < 8:
        samples = _spread(samples, record.bits)
    samples = _moved(samples, record.alpha_at, -1)
    samples = np.ascontiguousarray(samples, samples.dtype.newbyteorder("="))
    return _inverted(samples, record) if record.photometric == MIN_IS_WHITE else samples


def as_stored(samples: NDArray[Any], record: TiffRecord) -> NDArray[Any]:
    """Return a picture's samples (H, W, C) as tifffile is to write them.

    That is (H, W), (H, W, C) interleaved or (C, H, W) planar.
    """
    if record.photometric == MIN_IS_WHITE:
        samples = _inverted(samples, record)
    samples = _moved(samples, -1, record.alpha_at)
    if packed_bits(record) and record.layout.order != NATIVE_ORDER:
        compression, _ = written_compression(record, samples.dtype, samples.shape[2])
        if compression == NO_COMPRESSION:
            samples = samples.byteswap()  # tifffile packs the swapped bytes as if they were native
    if samples.shape[2] == 1:
        return samples[:, :, 0]
    planar = record.written_planar == PLANAR
    return np.ascontiguousarray(np.moveaxis(samples, 2, 0) if planar else samples)


def _moved(samples: NDArray[Any], source: int | None, target: int | None) -> NDArray[Any]:
    """Return samples with one channel at another place; None for where it is."""
    if source is None or target is None:
        return samples
    last = samples.shape[2] - 1
    order = list(range(last + 1))
    order.insert(target % (last + 1), order.pop(source % (last + 1)))
    return samples if order == sorted(order) else samples[:, :, order]


def _spread(samples: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return samples of 1 to 7 bits as ones of 8 bits, white as white."""
    table = np.rint(np.arange(1 << bits) * (255 / ((1 << bits) - 1))).astype(np.uint8)
    spread: NDArray[Any] = table[samples]
    return spread


def _inverted(samples: NDArray[Any], record: TiffRecord) -> NDArray[Any]:
    """Return integer samples with black and white exchanged, channels but the first as they are."""
    inverted = samples.copy()
    highest = highest_sample(record) or np.iinfo(samples.dtype).max
    np.subtract(samples.dtype.type(highest), samples[:, :, 0], out=inverted[:, :, 0])
    return inverted
