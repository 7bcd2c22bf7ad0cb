"""What a run is trained on and measured with, decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import psutil
import torch

from imgclean.errors import DataUnusable
from imgclean.events import Note
from imgclean.images.collection import CleanImages, read_clean_images
from imgclean.images.name_rules import NameRules
from imgclean.images.pairs import ImagePairs, read_pairs
from imgclean.training.image_subset import subset, without
from imgclean.training.patches import Pixels
from imgclean.training.scene_selection import select_scenes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgclean.events import Emit
    from imgclean.training.recipe_tables import Data, Images
    from imgclean.training.splits import Fold

_LARGEST_SHARE_OF_DEVICE = 0.4  # the network's activations want the rest


class FoldImages(NamedTuple):
    """Of a trial of a cross validation: what it is trained on, and what it is tested with."""

    training: CleanImages | ImagePairs
    test: CleanImages | ImagePairs


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Images to train on.

    Attributes:
        pixels: of clean images; of pairs, the clean channels first and then the noisy ones.
        images: how many there are.
        folders: names of their folders.
        held_out: images or pairs that are kept for validation, or None.
        examples: up to four clean images or pairs that are trained on, to be looked at.
        fold: of a trial of a cross validation the images of either side; else None.
    """

    pixels: Pixels
    images: int
    folders: tuple[str, ...]
    held_out: CleanImages | ImagePairs | None
    examples: CleanImages | ImagePairs
    fold: FoldImages | None = None


def read_images(
    images: Images,
    *,
    channels: int,
    luma: bool,
    smallest: int,
    emit: Emit,
    keep_depth: bool,
) -> CleanImages | ImagePairs:
    """Return the images or pairs that a part of a recipe names.

    Raises:
        DataUnusable: none is usable.
        InputNotFound: a folder is missing.
        InvalidSetting: `match` is no substitution.
    """
    rules = NameRules(tuple(images.include), tuple(images.exclude))
    folders = tuple(Path(each) for each in images.clean)
    if images.noisy is None:
        return read_clean_images(
            folders,
            channels=channels,
            luma=luma,
            smallest=smallest,
            emit=emit,
            keep_depth=keep_depth,
            rules=rules,
        )
    return read_pairs(
        Path(images.noisy),
        folders[0],
        match=images.match,
        channels=channels,
        luma=luma,
        smallest=smallest,
        emit=emit,
        keep_depth=keep_depth,
        rules=rules,
    )


def read_data(data: Data, *, channels: int, smallest: int, emit: Emit) -> CleanImages | ImagePairs:
    """Return the images or pairs of a recipe's data that meet its bounds.

    Raises:
        DataUnusable: none does, or none is usable.
        InputNotFound, InvalidSetting: as `read_images`.
    """
    found = read_images(
        data, channels=channels, luma=data.luma, smallest=smallest, emit=emit, keep_depth=True
    )
    return select_scenes(found, data, emit)


def training_set(
    found: CleanImages | ImagePairs,
    data: Data,
    device: torch.device,
    *,
    emit: Emit,
    fold: Fold | None = None,
) -> TrainingSet:
    """Return what is trained on, on the device where it fits, else in memory.

    Args:
        found: the images of `data`.
        data: says which are held out.
        device: where it is trained.
        emit: gets a note on what is held out.
        fold: of what is not held out, the part that a trial is tested with.

    Raises:
        DataUnusable: none is left to train on.
        InvalidSetting: there are fewer images than folds.
    """
    left, held_out = hold_out(found, data)
    if held_out is not None:
        emit(Note(message=f"{len(held_out.names)} of {len(found.names)} images are held out"))
    sides = None if fold is None else fold_images(left, fold)
    training = left if sides is None else sides.training
    arrays = _arrays(training)
    return TrainingSet(
        Pixels(arrays, _place(arrays, device)),
        len(arrays),
        tuple(Path(each).resolve().name for each in data.clean),
        held_out,
        subset(training, range(min(_EXAMPLES, len(arrays)))),
        sides,
    )


def hold_out(
    found: CleanImages | ImagePairs, data: Data
) -> tuple[CleanImages | ImagePairs, CleanImages | ImagePairs | None]:
    """Return what is left of the images, and what is held out, or None where nothing is to be.

    Raises:
        DataUnusable: all are held out, or none is though some should be.
    """
    if not data.hold_out:
        return found, None
    rules = NameRules(include=tuple(data.hold_out))
    folders = [Path(each) for each in data.clean]
    out = [rules.take(_within(each, folders)) for each in found.names]
    if all(out):
        raise DataUnusable(
            "every image is held out", hint="hold out fewer, by a narrower --hold-out"
        )
    if not any(out):
        raise DataUnusable(
            f"no image is held out by {', '.join(data.hold_out)}",
            hint="a pattern holds for a file's name or its path in its folder, as '*_chair_*'",
        )
    chosen = [index for index, each in enumerate(out) if each]
    return without(found, chosen), subset(found, chosen)


def fold_images(images: CleanImages | ImagePairs, fold: Fold) -> FoldImages:
    """Return the images of either side of a fold.

    Raises:
        InvalidSetting: there are fewer images than folds.
    """
    test = fold.test(len(images.names))
    return FoldImages(without(images, test), subset(images, test))


_EXAMPLES = 4


def _within(name: str, folders: Sequence[Path]) -> Path:
    """Return an image's path in its folder: what the folder itself is called holds nothing out."""
    path = Path(name)
    parents = [each for each in folders if each in path.parents]
    return path.relative_to(parents[0]) if parents else Path(path.name)


def _arrays(images: CleanImages | ImagePairs) -> list[NDArray[Any]]:
    if isinstance(images, CleanImages):
        return list(images.images)
    pairs = zip(images.clean, images.noisy, strict=True)
    return [np.concatenate(pair, axis=2) for pair in pairs]


def _place(arrays: Sequence[NDArray[Any]], device: torch.device) -> torch.device:
    """Return where to keep the pixels.

    Raises:
        DataUnusable: they fit nowhere.
    """
    needed = sum(each.nbytes for each in arrays)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if needed < _LARGEST_SHARE_OF_DEVICE * free:
            return device
    available = psutil.virtual_memory().available
    if needed > available:
        raise DataUnusable(
            f"the images take {needed / 1e9:.1f} GB once more, and {available / 1e9:.1f} GB "
            "of memory are left",
            hint="train on fewer images, or on smaller ones",
        )
    return torch.device("cpu")
