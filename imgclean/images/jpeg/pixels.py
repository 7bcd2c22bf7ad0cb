"""The pixels of a JPEG file, encoded as another JPEG file held its own.

Pillow's encoder, through imageio where that can say what is wanted. It writes 4:4:4, 4:2:2 and
4:2:0; any other subsampling is joined from files of one component by `scans`.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

import imageio.v3 as iio
import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from imgclean.images.jpeg.record import DEFAULT_ENCODINGS
from imgclean.images.jpeg.scans import join_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.jpeg.record import Encoding, JpegRecord, Pairs, Tables

_END_OF_IMAGE = b"\xff\xd9"
_DEFAULT_QUALITY = 95
_FULL_CHROMA_QUALITY = 90
_FULL_CHROMA, _HALF_CHROMA, _QUARTER_CHROMA = 0, 1, 2  # Pillow's numbers for 4:4:4, 4:2:2, 4:2:0

# How many times more luma than chroma samples there are, horizontally and vertically.
_SUBSAMPLINGS = {(1, 1): _FULL_CHROMA, (2, 1): _HALF_CHROMA, (2, 2): _QUARTER_CHROMA}


def encode_pixels(
    samples: NDArray[np.uint8], record: JpegRecord | None, quality: int | None
) -> bytes:
    """Return a JPEG file with no metadata of worth. Without a quality, the record's tables hold.

    Args:
        samples: (H, W, C) of 1, 3 or 4 channels; of CMYK, 0 is no ink.
        record: how it is to be held, with as many components; None for the usual way.
        quality: 1 to 100; None for the record's tables, or for 95 without a record.
    """
    if record is None:
        encoding = DEFAULT_ENCODINGS[samples.shape[2]]
        quality = quality or _DEFAULT_QUALITY
        coarse = encoding == "ycc" and quality < _FULL_CHROMA_QUALITY
        chroma = (2, 2) if coarse else (1, 1)
        reductions: Pairs = ((1, 1), *(chroma,) * (samples.shape[2] - 1))
        return _encode(samples, encoding, reductions, _standard_tables(quality, encoding))
    tables = _standard_tables(quality, record.encoding) if quality else record.tables
    reductions = _reductions(record.sampling)
    if record.progressive:
        # libjpeg needs the whole file in one buffer then, and Pillow's may be too small for it.
        with suppress(OSError):
            return _encode(samples, record.encoding, reductions, tables, progressive=True)
    return _encode(samples, record.encoding, reductions, tables)


def as_components(samples: NDArray[np.uint8], encoding: Encoding) -> NDArray[np.uint8]:
    """Return the components that stand for samples, (H, W, C) both, by the rules of libjpeg.

    Inks are stored the other way round, 255 for none, as Adobe's programs have it.
    """
    if encoding in ("gray", "rgb"):
        return samples
    inverted = np.invert(samples)
    if encoding == "cmyk":
        return inverted
    colours = np.ascontiguousarray(samples[:, :, :3])
    luma_and_chroma = np.asarray(Image.fromarray(colours).convert("YCbCr"))
    return np.concatenate([luma_and_chroma, inverted[:, :, 3:]], axis=2)


def _standard_tables(quality: int, encoding: Encoding) -> Tables:
    """Return libjpeg's tables; the last one stands for the components behind it."""
    stream = BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "jpeg", quality=quality)
    with JpegImageFile(BytesIO(stream.getvalue())) as image:
        luma, chroma = (tuple(image.quantization[number]) for number in (0, 1))
    if encoding == "ycc":
        return luma, chroma
    return (luma, chroma, chroma, luma) if encoding == "ycck" else (luma,)


def _reductions(sampling: Pairs) -> Pairs:
    """Return how many pixels across and down a sample of each component stands for."""
    across, down = (max(factors) for factors in zip(*sampling, strict=True))
    return tuple((across // each[0], down // each[1]) for each in sampling)


def _encode(
    samples: NDArray[np.uint8],
    encoding: Encoding,
    reductions: Pairs,
    tables: Tables,
    *,
    progressive: bool = False,
) -> bytes:
    luma, *chroma = reductions
    alike = luma == (1, 1) and len(set(chroma)) < 2
    subsampling = _SUBSAMPLINGS.get(chroma[0] if chroma else luma) if alike else None
    settings: dict[str, Any] = {"qtables": tables, "progressive": progressive}
    if subsampling is None:
        return _encode_separately(as_components(samples, encoding), encoding, reductions, settings)
    settings["subsampling"] = subsampling
    if samples.shape[2] == 4:
        return _encode_cmyk(as_components(samples, encoding), settings)
    return _encode_pixels(samples, {**settings, "keep_rgb": encoding == "rgb"})


def _encode_pixels(pixels: NDArray[np.uint8], settings: dict[str, Any]) -> bytes:
    shown = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    with _file_in_memory() as stream:
        iio.imwrite(stream, shown, plugin="pillow", extension=".jpg", **settings)
        return _whole(stream)


def _encode_cmyk(components: NDArray[np.uint8], settings: dict[str, Any]) -> bytes:
    height, width, _ = components.shape
    inks = np.invert(components)  # Pillow inverts them once more
    image = Image.frombuffer("CMYK", (width, height), inks.tobytes(), "raw", "CMYK", 0, 1)
    with _file_in_memory() as stream:
        image.save(stream, "jpeg", **settings)
        return _whole(stream)


def _file_in_memory() -> BinaryIO:
    """Open a file that needs no disk.

    With a descriptor, where the system has such: Pillow writes to one with the interpreter
    unlocked.
    """
    if hasattr(os, "memfd_create"):
        with suppress(OSError):  # a sandbox may forbid it
            return os.fdopen(os.memfd_create("jpeg"), "w+b")
    return BytesIO()


def _whole(stream: BinaryIO) -> bytes:
    """Return what was written, which ends as a JPEG file does.

    Raises:
        OSError: it was cut short; Pillow does not notice that a descriptor took only a part.
    """
    stream.seek(0)
    data = stream.read()
    if not data.endswith(_END_OF_IMAGE):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return data


def _encode_separately(
    components: NDArray[np.uint8],
    encoding: Encoding,
    reductions: Pairs,
    settings: dict[str, Any],
) -> bytes:
    height, width, count = components.shape
    tables = settings["qtables"]
    files = [
        _encode_pixels(
            _reduced(components[:, :, i], *reductions[i]),
            {**settings, "qtables": [tables[min(i, len(tables) - 1)]]},
        )
        for i in range(count)
    ]
    across, down = (max(factors) for factors in zip(*reductions, strict=True))
    sampling = [(across // each[0], down // each[1]) for each in reductions]
    names = b"RGB" if encoding == "rgb" else bytes(range(1, count + 1))
    return join_components(files, names, sampling, (width, height))


def _reduced(plane: NDArray[np.uint8], across: int, down: int) -> NDArray[np.uint8]:
    """Return the means of blocks, (h, w, 1); the last row and column are repeated for whole ones.

    Args:
        plane: (H, W).
        across, down: size of a block.
    """
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % down), (0, -width % across)), mode="edge")
    rows, columns = padded.shape
    blocks = padded.reshape(rows // down, down, columns // across, across)
    total = blocks.sum(axis=(1, 3), dtype=np.uint32)
    means: NDArray[np.uint8] = ((total + across * down // 2) // (across * down)).astype(np.uint8)
    return means[:, :, np.newaxis]
