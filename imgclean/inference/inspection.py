"""Looks at images without cleaning them: what they are, how noisy, which weights would be taken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from imgclean.errors import InputNotFound, NoModelInstalled, NothingToDo
from imgclean.images.limits import MAXIMUM_PIXELS
from imgclean.images.noise.estimate import NoiseEstimate, noise_of_raster
from imgclean.images.walk import find_images
from imgclean.inference.first_image import open_first_image
from imgclean.inference.inputs import is_folder
from imgclean.inference.jobs import STREAM
from imgclean.inference.selection import ImageKind, choose
from imgclean.inference.settings import InferenceSettings
from imgclean.weightsets.catalogue import installed
from imgclean.weightsets.fit import Fit, judge_fit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imgclean.extension.registry import Registry
    from imgclean.images.facts import ImageFacts
    from imgclean.inference.selection import Chosen


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found of an image.

    Attributes:
        facts: what its file says of it.
        pages: images in the file; None for an animation or several photos, where the first is
            looked at.
        noise: its noise; None where nearly all of it is clipped, or it is too small.
        chosen: the model and the weight set that `imgclean denoise` takes for it; None where there
            is none.
        fit: whether that set was trained for such noise; None where either is not known.
    """

    facts: ImageFacts
    pages: int | None
    noise: NoiseEstimate | None
    chosen: Chosen | None
    fit: Fit | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """Files to look at.

    Attributes:
        images: each once, in order.
        unreadable: folders that cannot be listed, each with the reason.
    """

    images: tuple[Path, ...]
    unreadable: tuple[tuple[Path, str], ...]


def gather(inputs: Sequence[Path]) -> Inputs:
    """Return the images among files and folders, which are walked to the bottom; `-` is stdin.

    Raises:
        InputNotFound: an input does not exist, or a folder that was named cannot be listed.
        InvalidSetting: one is neither a file nor a folder.
        NothingToDo: there is no image.
    """
    images: list[Path] = []
    unreadable: list[tuple[Path, str]] = []
    for path in inputs:
        if path == STREAM or not is_folder(path):
            images.append(path)
            continue
        found = find_images(path)
        if path in (folder for folder, _ in found.unreadable):
            raise InputNotFound(f"{path}: cannot be opened: {dict(found.unreadable)[path]}")
        images += (each.absolute() if each == STREAM else each for each in found.images)
        unreadable += found.unreadable
    if not images:
        raise NothingToDo(
            f"no image in {', '.join(map(str, inputs))}", hint="docs/formats.md lists what is read"
        )
    return Inputs(tuple(dict.fromkeys(images)), tuple(unreadable))


class Inspector:
    """Looks at images.

    Args:
        registry: the installed models.
        max_pixels: the largest image that is decoded as a whole.
    """

    def __init__(self, registry: Registry, *, max_pixels: int = MAXIMUM_PIXELS) -> None:
        self._max_pixels = max_pixels
        sets = installed()
        settings = InferenceSettings()

        def choice(kind: ImageKind) -> Chosen | None:
            try:
                return choose(registry, sets, settings, kind, model=None, weights=None)
            except NoModelInstalled:
                return None

        self._choice = cache(choice)

    def inspect(self, path: Path) -> Inspection:
        """Return what there is to say of a file; `-` is stdin.

        Raises:
            ImageError: it cannot be read, or is of a kind that is not handled.
        """
        with open_first_image(path, self._max_pixels) as image:
            noise = noise_of_raster(image.raster)
        chosen = self._choice(image.kind)
        fit = None
        if noise is not None and chosen is not None:
            fit = judge_fit(noise, chosen.weights.config.domain)
        return Inspection(image.facts, image.pages, noise, chosen, fit)
