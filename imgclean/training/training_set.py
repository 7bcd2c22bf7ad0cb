"""What a run is trained on and measured with, decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import torch

from imgclean.errors import DataUnusable
from imgclean.events import Note
from imgclean.images.collection import CleanImages, read_clean_images
from imgclean.images.name_rules import NameRules
from imgclean.images.pairs import ImagePairs, read_pairs
from imgclean.training.patches import Pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgclean.events import Emit
    from imgclean.training.recipe_tables import Data, Images

_LARGEST_SHARE_OF_DEVICE = 0.4  # the network's activations want the rest


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Images to train on.

    Attributes:
        pixels: of clean images; of pairs, the clean channels first and then the noisy ones.
        images: how many there are.
        folders: names of their folders.
        held_out: images or pairs that are kept for validation, or None.
        examples: up to four clean images or pairs that are trained on, to be looked at.
    """

    pixels: Pixels
    images: int
    folders: tuple[str, ...]
    held_out: CleanImages | ImagePairs | None
    examples: CleanImages | ImagePairs


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


def read_training_set(
    data: Data, device: torch.device, *, channels: int, smallest: int, emit: Emit
) -> TrainingSet:
    """Return the images of a recipe, on the device where they fit, else in memory.

    Raises:
        DataUnusable: none is left to train on.
    """
    found = read_images(
        data, channels=channels, luma=data.luma, smallest=smallest, emit=emit, keep_depth=True
    )
    rules = NameRules(include=tuple(data.hold_out))
    folders = [Path(each) for each in data.clean]
    kept = [not data.hold_out or not rules.take(_within(each, folders)) for each in found.names]
    if not any(kept):
        raise DataUnusable(
            "every image is held out", hint="hold out fewer, by a narrower --hold-out"
        )
    if data.hold_out and all(kept):
        raise DataUnusable(
            f"no image is held out by {', '.join(data.hold_out)}",
            hint="a pattern holds for a file's name or its path in its folder, as '*_chair_*'",
        )
    training = _subset(found, kept)
    held_out = _subset(found, [not each for each in kept]) if data.hold_out else None
    if held_out is not None:
        emit(Note(message=f"{len(held_out.names)} of {len(found.names)} images are held out"))
    arrays = _arrays(training)
    return TrainingSet(
        Pixels(arrays, _place(arrays, device)),
        len(arrays),
        tuple(Path(each).resolve().name for each in data.clean),
        held_out,
        _subset(training, [index < _EXAMPLES for index in range(len(arrays))]),
    )


_EXAMPLES = 4


def _within(name: str, folders: Sequence[Path]) -> Path:
    """Return an image's path in its folder: what the folder itself is called holds nothing out."""
    path = Path(name)
    parents = [each for each in folders if each in path.parents]
    return path.relative_to(parents[0]) if parents else Path(path.name)


def _subset(images: CleanImages | ImagePairs, kept: Sequence[bool]) -> CleanImages | ImagePairs:
    chosen = [index for index, keep in enumerate(kept) if keep]
    names = tuple(images.names[index] for index in chosen)
    if isinstance(images, CleanImages):
        return CleanImages(images.title, names, tuple(images.images[index] for index in chosen))
    clean, noisy = (tuple(part[index] for index in chosen) for part in (images.clean, images.noisy))
    return ImagePairs(images.title, names, clean, noisy)


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
