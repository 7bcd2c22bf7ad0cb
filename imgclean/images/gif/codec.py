"""GIF, read only.

The blocks are walked here, which counts the images and finds a file that is cut; Pillow unpacks
the pixels of the first one. It sees no palette, and so returns the indices themselves.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL.GifImagePlugin import GifImageFile

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.gif.blocks import Blocks, screen_size
from imgclean.images.limits import check_size
from imgclean.images.picture import Metadata, Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.gif.blocks import Frame
    from imgclean.images.limits import ReadRules


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the (first) image of a file: gray if its palette is, else RGB; 8 bits.

    There is alpha, 0 or 255, where a pixel is transparent or the image does not fill the canvas.

    Raises:
        UnreadableImage: it is cut or damaged.
        UnsupportedImage: it is animated and the rules want one image, or it is too large.
    """
    check_size(*screen_size(data), rules)
    blocks = Blocks(data)
    frame = blocks.first
    if frame is None:
        raise UnreadableImage("truncated: it holds no image")
    check_size(blocks.width, blocks.height, rules)
    check_size(frame.width, frame.height, rules)  # of a side 0, or one that makes the canvas grow
    if blocks.count > 1 and not rules.first_page:
        raise UnsupportedImage("an animated GIF", hint="--pages first takes its first image")
    indices = _unpack(frame)
    samples = _colours(frame.palette)[indices]
    canvas = np.zeros((blocks.height, blocks.width, samples.shape[2] + 1), np.uint8)
    place = canvas[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]
    place[:, :, :-1] = samples
    place[:, :, -1] = 255 if frame.transparent is None else (indices != frame.transparent) * 255
    alpha = not bool(canvas[:, :, -1].all())
    metadata = Metadata(icc=blocks.icc, xmp=blocks.xmp)
    return Picture(canvas if alpha else canvas[:, :, :-1], alpha, "gif", metadata)


def _unpack(frame: Frame) -> NDArray[np.uint8]:
    """Return palette indices (H, W)."""
    size = struct.pack("<HH", frame.width, frame.height)
    flags = 0x40 if frame.interlaced else 0
    head = b"GIF89a" + size + bytes(3) + b"," + bytes(4) + size + bytes((flags,))
    with GifImageFile(BytesIO(head + frame.body + b";")) as image:
        return np.asarray(image)


def _colours(palette: bytes) -> NDArray[Any]:
    """Return the colour of each index, (256, 3), or (256, 1) if all are gray."""
    if not palette:
        return np.arange(256, dtype=np.uint8)[:, np.newaxis]
    colours = np.frombuffer(palette.ljust(768, b"\x00"), np.uint8).reshape(256, 3)
    return colours[:, :1] if (colours == colours[:, :1]).all() else colours
