"""Real noisy images with clean ones of the same scene, decoded once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgclean.errors import DataUnusable, ImageError, InvalidSetting, UnsupportedImage
from imgclean.events import Emit, Warned
from imgclean.images.collection import channels_to_read, files_of, read_samples
from imgclean.images.decoding import decode_all
from imgclean.images.name_rules import NameRules
from imgclean.images.renaming import parse_renaming

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.collection import ChannelChoice
    from imgclean.images.decoding import Decoded

_EVERY_NAME = NameRules()
_HINT = "--match 's/_mean/_real/' says how a noisy name follows from the clean one"
_SIXTEEN_OF_EIGHT_BITS = 257  # 255 becomes 65535


@dataclass(frozen=True, slots=True)
class ImagePairs:
    """Noisy images, each with its clean one.

    Attributes:
        title: the name of the clean images' folder.
        names: paths of the clean images, as the user would write them.
        clean, noisy: uint8[H, W, C] each; with `keep_depth` uint8 or uint16 each. A pair's two
            images have one shape and one type.
    """

    title: str
    names: tuple[str, ...]
    clean: tuple[NDArray[Any], ...]
    noisy: tuple[NDArray[Any], ...]

    @property
    def channels(self) -> int:
        """Colour channels of the first; the same for all, unless each keeps its own."""
        return int(self.clean[0].shape[2])


class _Pair(NamedTuple):
    clean: Path
    noisy: Path


def read_pairs(
    noisy: Path,
    clean: Path,
    *,
    match: str | None,
    channels: ChannelChoice,
    smallest: int,
    emit: Emit,
    luma: bool = False,
    keep_depth: bool = False,
    rules: NameRules = _EVERY_NAME,
) -> ImagePairs:
    """Return the pairs of two folders, sorted by the clean images' names.

    An image pairs with the one of the same path in the other folder, whatever the suffixes are:
    `noisy/a/1.png` with `clean/a/1.tif`. Two files are one pair.

    Args:
        noisy, clean: the folders, searched to the bottom; two files; or with `match` one folder.
        match: `s/PATTERN/REPLACEMENT/`, which turns a clean image's path in its folder into the
            noisy one's. Files that it does not change are then not clean images.
        channels: as for `read_clean_images`.
        smallest: pairs with a side shorter than this many pixels are left out.
        emit: gets a warning for each pair that is left out, and how far reading is.
        luma: colour images that are to be gray become luma.
        keep_depth: images of more than 8 bits become uint16, 65535 being white.
        rules: which clean images are wanted.

    Raises:
        InputNotFound: a folder is missing.
        InvalidSetting: `match` is no substitution, or both are one folder without it.
        DataUnusable: there is no pair, a folder cannot be listed, or memory cannot hold them.
    """
    pairs = _find_pairs(noisy, clean, match, rules, emit)
    kept = channels_to_read(channels, (each.clean for each in pairs))

    def decode(pair: _Pair) -> Decoded:
        clean_one = read_samples(pair.clean, kept, luma=luma, keep_depth=keep_depth)
        noisy_one = read_samples(pair.noisy, kept, luma=luma, keep_depth=keep_depth)
        _require_alike(clean_one, noisy_one, smallest)
        return _of_one_type(clean_one, noisy_one)

    title = clean.resolve().name
    names: list[str] = []
    images: list[Decoded] = []
    for pair, found in zip(pairs, decode_all(pairs, decode, title=title, emit=emit), strict=True):
        if isinstance(found, ImageError):
            text = f"{pair.clean} and {pair.noisy} are left out: {found}"
            emit(Warned(input=str(pair.clean), error=type(found).__name__, message=text))
        else:
            names.append(str(pair.clean))
            images.append(found)
    if not names:
        raise DataUnusable(f"no usable pair of images in {noisy} and {clean}", hint=_HINT)
    return ImagePairs(
        title, tuple(names), tuple(each[0] for each in images), tuple(each[1] for each in images)
    )


def _find_pairs(
    noisy: Path, clean: Path, match: str | None, rules: NameRules, emit: Emit
) -> list[_Pair]:
    """Return which files make pairs, sorted; warn of clean ones that have no noisy one.

    Raises:
        InputNotFound, InvalidSetting, DataUnusable: as `read_pairs`; there is no warning then.
    """
    renaming = parse_renaming(match) if match is not None else None
    cleans, noisies = files_of(clean, rules), files_of(noisy, NameRules())
    if clean.is_file() and noisy.is_file():
        return [_Pair(clean, noisy)]
    _require_folders(noisy, clean, match)
    by_stem = defaultdict(list)
    for path in noisies:
        by_stem[_stem(path.relative_to(noisy))].append(path)
    pairs, alone = [], []
    for path in sorted(cleans, key=lambda each: each.relative_to(clean).as_posix()):
        name = path.relative_to(clean).as_posix()
        wanted = name if renaming is None else renaming.apply(name)
        if wanted is None:
            continue
        partner = _partner(noisy / wanted, by_stem[_stem(Path(wanted))])
        if partner is None:
            alone.append((path, f"there is no {noisy / wanted}, nor just one of another suffix"))
        else:
            pairs.append(_Pair(path, partner))
    if not pairs:
        raise _no_pairs(noisy, clean, match, alone)
    for path, text in alone:
        message = f"{path} is left out: {text}"
        emit(Warned(input=str(path), error="NoPartner", message=message))
    return pairs


def _require_folders(noisy: Path, clean: Path, match: str | None) -> None:
    for path, other in ((clean, noisy), (noisy, clean)):
        if path.is_file():
            raise InvalidSetting(f"{path} is a file and {other} a folder", hint="name two folders")
    if match is None and clean.samefile(noisy):
        hint = "--match 's/_mean/_real/' tells the images of one folder apart"
        raise InvalidSetting(f"{clean} is both the clean and the noisy folder", hint=hint)


def _stem(path: Path) -> Path:
    """Return a path without its suffix; what a pattern makes may have no name at all."""
    return path.with_suffix("") if path.name else path


def _no_pairs(
    noisy: Path, clean: Path, match: str | None, alone: list[tuple[Path, str]]
) -> DataUnusable:
    """Return the error where no two names fit, with the first clean image as an example."""
    text, hint = f"no pair of images in {noisy} and {clean}", _HINT
    if alone:
        text = f"{text}: for {alone[0][0]} {alone[0][1]}"
    elif match is not None:
        hint = f"--match {match!r} changes no name of an image in {clean}"
    return DataUnusable(text, hint=hint)


def _partner(wanted: Path, of_its_name: list[Path]) -> Path | None:
    """Return the file of just that name, else the only one with another suffix."""
    if wanted in of_its_name:
        return wanted
    return of_its_name[0] if len(of_its_name) == 1 else None


def _require_alike(clean: NDArray[Any], noisy: NDArray[Any], smallest: int) -> None:
    """Refuse images of different sizes or kinds, or too small ones.

    Raises:
        UnsupportedImage: they are.
    """
    sizes = [f"{each.shape[1]} x {each.shape[0]}" for each in (clean, noisy)]
    if clean.shape[:2] != noisy.shape[:2]:
        raise UnsupportedImage(f"they have {sizes[0]} and {sizes[1]} pixels")
    if clean.shape != noisy.shape:
        raise UnsupportedImage("one is gray and one in colour")
    if min(clean.shape[:2]) < smallest:
        raise UnsupportedImage(f"{sizes[0]} pixels are fewer than {smallest} on a side")


def _of_one_type(clean: NDArray[Any], noisy: NDArray[Any]) -> Decoded:
    """Return both with 16 bits where one has them."""
    if clean.dtype == noisy.dtype:
        return clean, noisy
    widened = [
        each if each.dtype == np.uint16 else each * np.uint16(_SIXTEEN_OF_EIGHT_BITS)
        for each in (clean, noisy)
    ]
    return widened[0], widened[1]
