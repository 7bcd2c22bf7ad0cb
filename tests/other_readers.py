"""What others see in a file: libraries that the program does not use for it, where there are."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from imgclean.images.formats import recognise_bytes


def format_of(data: bytes) -> str:
    recognised = recognise_bytes(data)
    return recognised.format.name if recognised and recognised.format else "other"


def seen_by_another(data: bytes) -> np.ndarray:
    """Return the samples of the first image, (H, W, C), or of all images of a TIFF in a row.

    Of more than 8 bits the high ones are enough where a library gives no more.
    """
    kind = format_of(data)
    if kind == "tiff":
        samples = _tiff(data)
    elif kind == "png" and data[24] == 16:
        samples = _png_of_16_bits(data)
    elif kind == "png" and data[25] != 4 and b"tRNS" not in data[:4096]:  # the program's: libpng
        samples = imagecodecs.spng_decode(data)
    elif kind == "jpegxl":
        samples = imagecodecs.jpegxl_decode(data)
    elif kind == "pnm" and data[:2] == b"P7":
        samples = _pam(data)
    elif kind == "pfm":
        samples = _pfm(data)
    else:
        samples = _by_pillow(data)
    return samples if samples.ndim > 2 else samples[:, :, np.newaxis]


def psnr(one: np.ndarray, other: np.ndarray, top: float) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(top**2 / error))


def _tiff(data: bytes) -> np.ndarray:
    with tifffile.TiffFile(BytesIO(data)) as file:
        page = file.pages.first
        return page.asrgb() >> 8 if page.photometric == 3 else file.asarray()


def _by_pillow(data: bytes) -> np.ndarray:
    with Image.open(BytesIO(data)) as image:
        if image.mode in ("P", "PA"):
            clear = image.mode == "PA" or "transparency" in image.info
            return np.asarray(image.convert("RGBA" if clear else "RGB"))
        return np.asarray(image)


def _png_of_16_bits(data: bytes) -> np.ndarray:
    """Undo the filters of a PNG that is not interlaced (ISO/IEC 15948, 9.2)."""
    width, height, _, colours, *_ = struct.unpack_from(">IIBBBBB", data, 16)
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colours]
    step, packed, at = channels * 2, b"", 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, -1)
    rows = np.zeros((height + 1, step + width * step), np.int64)
    for y, (kind, *line) in enumerate(lines.tolist()):
        up, row = rows[y], rows[y + 1]
        for x, value in enumerate(line, start=step):
            a, b, c = int(row[x - step]), int(up[x]), int(up[x - step])
            near = min((a, b, c), key=lambda each: abs(a + b - c - each))
            row[x] = (value + (0, a, b, (a + b) // 2, near)[kind]) % 256
    samples = rows[1:, step:].astype(np.uint8).copy().view(">u2")
    return samples.reshape(height, width, channels).astype(np.uint16)


def _pam(data: bytes) -> np.ndarray:
    head, _, pixels = data.partition(b"ENDHDR\n")
    fields = dict(line.split(b" ", 1) for line in head.splitlines()[1:] if b" " in line)
    shape = tuple(int(fields[each]) for each in (b"HEIGHT", b"WIDTH", b"DEPTH"))
    dtype = ">u2" if int(fields[b"MAXVAL"]) > 255 else "u1"
    return np.frombuffer(pixels, dtype).reshape(shape).astype(dtype.strip(">"))


def _pfm(data: bytes) -> np.ndarray:
    kind, width, height, scale = data.split(maxsplit=4)[:4]
    channels = 3 if kind == b"PF" else 1
    count = int(width) * int(height) * channels
    values = np.frombuffer(data[-4 * count :], "<f4" if float(scale) < 0 else ">f4")
    return values.reshape(int(height), int(width), channels)[::-1].astype(np.float32)
