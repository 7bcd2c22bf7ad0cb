"""The pixels of BMP files, uncompressed and as run lengths.

Code of its own: Pillow 13 reads eight-bit files with a palette of black and white as black,
refuses masks that are sound, and imagecodecs invents the pixels that a cut file lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.bmp.header import RLE4, RLE8

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.bmp.header import Header


def unpack_pixels(data: bytes, header: Header) -> NDArray[np.uint8]:
    """Return the pixels of a file, upper row first: palette indices (H, W), or (H, W, 3 or 4).

    Raises:
        UnreadableImage: the file ends before the last pixel.
        UnsupportedImage: a colour has more than 8 bits.
    """
    if header.compression in (RLE8, RLE4):
        rows = _run_lengths(data, header)
    elif header.bits <= 8:
        rows = _indices(_rows(data, header), header)
    elif header.bits == 24:
        rows = _rows(data, header)[:, : 3 * header.width]
        rows = rows.reshape(header.height, header.width, 3)[:, :, ::-1]
    else:
        rows = _masked(_rows(data, header), header)
    return np.ascontiguousarray(rows if header.top_down else rows[::-1])


def _rows(data: bytes, header: Header) -> NDArray[np.uint8]:
    needed = header.stride * (header.height - 1) + (header.width * header.bits + 7) // 8
    stored = data[header.start : header.start + header.stride * header.height]
    if len(stored) < needed:
        raise UnreadableImage(f"truncated: {needed - len(stored)} bytes of its pixels are missing")
    whole = stored.ljust(header.stride * header.height, b"\x00")  # some drop the last padding
    return np.frombuffer(whole, np.uint8).reshape(header.height, header.stride)


def _indices(rows: NDArray[np.uint8], header: Header) -> NDArray[np.uint8]:
    if header.bits == 4:
        rows = np.stack((rows >> 4, rows & 15), axis=2).reshape(header.height, -1)
    return rows[:, : header.width]


def _masked(rows: NDArray[np.uint8], header: Header) -> NDArray[np.uint8]:
    pixels = rows.view(f"<u{header.bits // 8}")[:, : header.width]
    masks = header.masks if header.masks[3] else header.masks[:3]
    channels = [_channel(pixels, mask) for mask in masks]
    if len(channels) == 4 and not channels[3].any():
        channels.pop()  # a mask for a byte that was never filled: nobody means all to be invisible
    return np.stack(channels, axis=2)


def _channel(pixels: NDArray[Any], mask: int) -> NDArray[np.uint8]:
    shift = (mask & -mask).bit_length() - 1 if mask else 0
    top = mask >> shift
    if top & (top + 1) or not top or mask >> (pixels.itemsize * 8):
        raise UnreadableImage("damaged: a colour has no bits, or bits that are not in a row")
    if top > 255:
        raise UnsupportedImage(
            f"a BMP with {top.bit_length()} bits a colour", hint="convert it to 16-bit PNG first"
        )
    scale = np.array([(value * 255 + top // 2) // top for value in range(top + 1)], np.uint8)
    values: NDArray[np.uint8] = scale[(pixels >> shift) & top]
    return values


def _run_lengths(data: bytes, header: Header) -> NDArray[np.uint8]:
    """Unpack RLE8 or RLE4; pixels that the file skips have index 0.

    Raises:
        UnreadableImage: the data end before the last pixel, and do not say that they end.
    """
    width, height = header.width, header.height
    pixels = bytearray(width * height)
    x = y = 0
    position = header.start
    while y < height:
        if position + 2 > len(data):
            if y == height - 1 and x >= width:  # some writers leave out the mark of the end
                break
            raise UnreadableImage("truncated: it ends inside its pixels")
        count, value = data[position], data[position + 1]
        position += 2
        if count or value > 2:
            run, position = _run(data, position, (count, value), header.compression == RLE4)
            fits = max(0, min(len(run), width - x))
            pixels[y * width + x : y * width + x + fits] = run[:fits]
            x += len(run)
        elif value == 0:
            x, y = 0, y + 1
        elif value == 1:
            break
        else:
            right, up = data[position : position + 2].ljust(2, b"\x00")
            position, x, y = position + 2, x + right, y + up
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def _run(data: bytes, position: int, code: tuple[int, int], halves: bool) -> tuple[bytes, int]:
    """Return the indices of a run, and where the next code stands.

    Args:
        data: the file.
        position: what follows the code.
        code: length and value of a repetition, or 0 and the length of a run without any.
        halves: whether a byte holds two indices.
    """
    count, value = code
    length = count or value
    stored = (length + 1) // 2 if halves else length
    if count:
        run = bytes((value,)) * stored
    else:
        run = data[position : position + stored]
        position += stored + stored % 2
        if len(run) < stored:
            raise UnreadableImage("truncated: it ends inside its pixels")
    if halves:
        run = bytes(half for byte in run for half in (byte >> 4, byte & 15))
    return run[:length], position
