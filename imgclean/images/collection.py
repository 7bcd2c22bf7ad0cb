"""Folders of clean images, decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from imgclean.errors import DataUnusable, ImageError, InputNotFound, UnsupportedImage
from imgclean.events import Emit, Warned
from imgclean.images.decoding import decode_all
from imgclean.images.luminance import gray_from_rgb, rounded_luma
from imgclean.images.name_rules import NameRules
from imgclean.images.pixels import sample_range, to_unit
from imgclean.images.read import read_image
from imgclean.images.walk import find_images

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from imgclean.images.decoding import Decoded
    from imgclean.images.picture import Picture

ChannelChoice = int | Literal["own"] | None

_EVERY_NAME = NameRules()


@dataclass(frozen=True, slots=True)
class CleanImages:
    """Images to train on or to measure with.

    Attributes:
        title: the names of their folders.
        names: their paths, as the user would write them.
        images: uint8[H, W, C] each, C as asked for; with `keep_depth` uint8 or uint16 each.
    """

    title: str
    names: tuple[str, ...]
    images: tuple[NDArray[Any], ...]

    @property
    def channels(self) -> int:
        """Colour channels of the first; the same for all, unless each keeps its own."""
        return int(self.images[0].shape[2])


def read_clean_images(
    folders: tuple[Path, ...],
    *,
    channels: ChannelChoice,
    smallest: int,
    emit: Emit,
    luma: bool = False,
    keep_depth: bool = False,
    rules: NameRules = _EVERY_NAME,
) -> CleanImages:
    """Return every usable image of the folders, searched to the bottom, in sorted order.

    Args:
        folders: where to look; an image stands for itself.
        channels: 1 turns colour images gray; 3 repeats the channel of gray ones; None takes
            what the first image has; `own` leaves each as it is.
        smallest: images with a side shorter than this many pixels are left out.
        emit: gets a warning for each image that is left out, and how far reading is.
        luma: colour images that are to be gray become luma.
        keep_depth: images of more than 8 bits become uint16, 65535 being white.
        rules: which files of the folders are wanted.

    Raises:
        InputNotFound: a folder is missing.
        DataUnusable: no image is usable, a folder cannot be listed, or memory cannot hold them.
    """
    paths = [path for folder in folders for path in files_of(folder, rules)]
    title = "+".join(folder.resolve().name for folder in folders)
    kept = channels_to_read(channels, paths)

    def decode(path: Path) -> Decoded:
        return (read_samples(path, kept, luma=luma, keep_depth=keep_depth),)

    names: list[str] = []
    images: list[NDArray[Any]] = []
    for path, found in zip(paths, decode_all(paths, decode, title=title, emit=emit), strict=True):
        if isinstance(found, ImageError):
            text = f"left out: {found}"
            emit(Warned(input=str(path), error=type(found).__name__, message=text))
        elif min(found[0].shape[:2]) < smallest:
            text = f"{path} is smaller than {smallest} pixels and is left out"
            emit(Warned(input=str(path), error="TooSmall", message=text))
        else:
            names.append(str(path))
            images.append(found[0])
    if not images:
        raise _none_usable(folders, rules)
    return CleanImages(title, tuple(names), tuple(images))


def require_images(folders: tuple[Path, ...], rules: NameRules) -> None:
    """Refuse folders without a wanted image; none is decoded.

    Raises:
        InputNotFound: a folder is missing.
        DataUnusable: there is no image in any, or one cannot be listed.
    """
    if not [path for folder in folders for path in files_of(folder, rules)]:
        raise _none_usable(folders, rules)


def _none_usable(folders: tuple[Path, ...], rules: NameRules) -> DataUnusable:
    where = ", ".join(str(folder) for folder in folders)
    hint = "docs/formats.md lists what is read"
    if rules != _EVERY_NAME:
        hint = f"see whether --include and --exclude leave any; {hint}"
    return DataUnusable(f"no usable image in {where}", hint=hint)


def files_of(folder: Path, rules: NameRules) -> tuple[Path, ...]:
    """Return the wanted images of a folder, sorted; an image stands for itself.

    Raises:
        InputNotFound: there is no such folder.
        DataUnusable: it, or a folder in it, cannot be listed.
    """
    if not folder.exists():
        raise InputNotFound(f"{folder} does not exist")
    if not folder.is_dir():
        return (folder,)
    found = find_images(folder)
    if found.unreadable:  # a part of a set is another set
        closed, reason = found.unreadable[0]
        raise DataUnusable(f"{closed} cannot be opened: {reason}", hint="check its permissions")
    return tuple(path for path in found.images if rules.take(path.relative_to(folder)))


def read_samples(
    path: Path, channels: int | None, *, luma: bool = False, keep_depth: bool = False
) -> NDArray[Any]:
    """Return an image without alpha as uint8[H, W, channels], or uint16 where depth is kept.

    Args:
        path: the file.
        channels, luma, keep_depth: as for `as_integers`.

    Raises:
        ImageError: it cannot be read, or is neither gray nor RGB.
    """
    picture = read_image(path)
    _require_gray_or_rgb(picture, path)
    return as_integers(picture, channels, luma=luma, keep_depth=keep_depth, name=str(path))


def channels_to_read(choice: ChannelChoice, paths: Iterable[Path]) -> int | None:
    """Return how many channels images are to have; None where each keeps its own.

    Args:
        choice: as for `read_clean_images`.
        paths: the images; where the first decides, the first that can be used.
    """
    if choice is not None:
        return None if choice == "own" else choice
    for path in paths:
        try:
            picture = read_image(path)
            _require_gray_or_rgb(picture, path)
        except ImageError:
            continue
        return picture.channels
    return None


def _require_gray_or_rgb(picture: Picture, path: Path) -> None:
    if picture.space not in ("gray", "rgb"):
        raise UnsupportedImage(f"{path}: neither a gray nor an RGB image")


def as_integers(
    picture: Picture,
    channels: int | None,
    *,
    luma: bool = False,
    keep_depth: bool = False,
    name: str = "the image",
) -> NDArray[Any]:
    """Return a gray or RGB picture without alpha as integers [H, W, channels].

    Args:
        picture: of any sample type; floats are taken by their range, see `sample_range`.
        channels: 1 or 3; None for its own.
        luma: whether a colour picture that is to be gray becomes its luma, 16 to 235 of 255.
        keep_depth: more than 8 bits become uint16, 65535 being white; else all become uint8.
        name: what the error calls it.

    Raises:
        UnreadableImage: there is a NaN or an infinity among the samples.
    """
    colour = picture.colour
    if colour.dtype != np.uint8:
        unit = to_unit(colour, sample_range(colour, highest=picture.highest, name=name))
        kind, top = (np.uint16, 65535) if keep_depth else (np.uint8, 255)
        colour = np.rint(unit.clip(0, 1) * top).astype(kind).transpose(1, 2, 0)
    if channels in (None, colour.shape[2]):
        return np.ascontiguousarray(colour)
    if channels == 3:
        return np.repeat(colour, 3, axis=2)
    return rounded_luma(colour) if luma else gray_from_rgb(colour)
