"""Folders of clean images, decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgclean.errors import DataUnusable, ImageError, InputNotFound, UnsupportedImage
from imgclean.events import Emit, Warned
from imgclean.images.luminance import gray_from_rgb
from imgclean.images.pixels import sample_range, to_unit
from imgclean.images.read import read_image
from imgclean.images.walk import find_images

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from imgclean.images.picture import Picture


@dataclass(frozen=True, slots=True)
class CleanImages:
    """Images to train on or to measure with.

    Attributes:
        title: the names of their folders.
        names: their paths, as the user would write them.
        images: uint8[H, W, C] each, C as asked for.
    """

    title: str
    names: tuple[str, ...]
    images: tuple[NDArray[np.uint8], ...]

    @property
    def channels(self) -> int:
        """Colour channels, the same for all."""
        return int(self.images[0].shape[2])


def read_clean_images(
    folders: tuple[Path, ...], *, channels: int | None, smallest: int, emit: Emit
) -> CleanImages:
    """Return every usable image of the folders, searched to the bottom, in sorted order.

    Args:
        folders: where to look; an image stands for itself.
        channels: 1 turns colour images gray; 3 repeats the channel of gray ones; None takes
            what the first image has.
        smallest: images with a side shorter than this many pixels are left out.
        emit: gets a warning for each image that is left out.

    Raises:
        InputNotFound: a folder is missing.
        DataUnusable: no image is usable.
    """
    names: list[str] = []
    images: list[NDArray[np.uint8]] = []
    for folder in folders:
        for path in _files(folder):
            try:
                picture = read_image(path)
                _require_gray_or_rgb(picture, path)
                channels = channels or picture.channels
                image = as_eight_bits(picture, channels)
            except ImageError as error:
                emit(Warned(input=str(path), error=type(error).__name__, message=str(error)))
                continue
            if min(image.shape[:2]) < smallest:
                text = f"{path} is smaller than {smallest} pixels and is left out"
                emit(Warned(input=str(path), error="TooSmall", message=text))
                continue
            names.append(str(path))
            images.append(image)
    if not images:
        where = ", ".join(str(folder) for folder in folders)
        raise DataUnusable(f"no usable image in {where}", hint="docs/formats.md lists what is read")
    title = "+".join(folder.resolve().name for folder in folders)
    return CleanImages(title, tuple(names), tuple(images))


def _files(folder: Path) -> tuple[Path, ...]:
    if not folder.exists():
        raise InputNotFound(f"{folder} does not exist")
    return find_images(folder).images if folder.is_dir() else (folder,)


def _require_gray_or_rgb(picture: Picture, path: Path) -> None:
    if picture.space not in ("gray", "rgb"):
        raise UnsupportedImage(f"{path}: neither a gray nor an RGB image")


def as_eight_bits(picture: Picture, channels: int) -> NDArray[np.uint8]:
    """Return a gray or RGB picture without alpha as uint8[H, W, channels]."""
    colour = picture.colour
    if colour.dtype != np.uint8:
        unit = to_unit(colour, sample_range(colour, highest=picture.highest))
        colour = np.rint(unit.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    if channels == colour.shape[2]:
        return colour
    return gray_from_rgb(colour) if channels == 1 else np.repeat(colour, channels, axis=2)
