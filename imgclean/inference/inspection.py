"""Looks at images without cleaning them: what they are, how noisy, which weights would be taken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from imgclean.errors import InputNotFound, NothingToDo, UnsupportedImage
from imgclean.images.facts import ImageFacts, facts_of
from imgclean.images.formats import recognise
from imgclean.images.limits import ReadRules
from imgclean.images.noise.estimate import NoiseEstimate, estimate_noise
from imgclean.images.pixels import sample_range
from imgclean.images.read import naming_damage, read_image
from imgclean.images.walk import find_images
from imgclean.inference.image_rules import ImageRules
from imgclean.inference.inputs import is_folder
from imgclean.inference.selection import PHOTOGRAPH, ImageKind, choose
from imgclean.inference.settings import InferenceSettings
from imgclean.inference.stack_source import open_stack
from imgclean.weightsets.catalogue import installed
from imgclean.weightsets.fit import Fit, judge_fit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imgclean.extension.registry import Registry
    from imgclean.images.picture import Picture
    from imgclean.inference.selection import Chosen


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found of an image.

    Attributes:
        facts: what its file says of it.
        pages: images in the file; None for an animation or several photos, where the first is
            looked at.
        noise: its noise; None where nearly all of it is clipped, or it is too small.
        chosen: the model and the weight set that `imgclean denoise` takes for it.
        fit: whether that set was trained for such noise; None where the noise is not known.
    """

    facts: ImageFacts
    pages: int | None
    noise: NoiseEstimate | None
    chosen: Chosen
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
    """Return the images among files and folders, which are walked to the bottom.

    Raises:
        InputNotFound: an input does not exist, or a folder that was named cannot be listed.
        InvalidSetting: one is neither a file nor a folder.
        NothingToDo: there is no image.
    """
    images: list[Path] = []
    unreadable: list[tuple[Path, str]] = []
    for path in inputs:
        if not is_folder(path):
            images.append(path)
            continue
        found = find_images(path)
        if path in (folder for folder, _ in found.unreadable):
            raise InputNotFound(f"{path}: cannot be opened: {dict(found.unreadable)[path]}")
        images += found.images
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

    Raises:
        NoModelInstalled: there is none with weights.
    """

    def __init__(self, registry: Registry) -> None:
        sets = installed()
        settings = InferenceSettings()

        def choice(kind: ImageKind) -> Chosen:
            return choose(registry, sets, settings, kind, model=None, weights=None)

        self._choice = cache(choice)
        self._choice(PHOTOGRAPH)

    def inspect(self, path: Path) -> Inspection:
        """Return what there is to say of a file.

        Raises:
            ImageError: it cannot be read, or is of a kind that is not handled.
        """
        picture, pages = _read(path)
        span = sample_range(picture.colour, highest=picture.highest, name=str(path))
        noise = estimate_noise(picture.colour, span)
        chosen = self._choice(ImageKind.of(picture.space, picture.dtype))
        fit = None if noise is None else judge_fit(noise, chosen.weights.config.domain)
        return Inspection(facts_of(picture), pages, noise, chosen, fit)


def _read(path: Path) -> tuple[Picture, int | None]:
    """Return the first image of a file, and how many there are."""
    recognised = recognise(path)
    if recognised is not None and recognised.format and recognised.format.name == "tiff":
        with naming_damage("TIFF", path):
            source = open_stack(path, ImageRules())
            try:
                if not source.stack.is_small:
                    return source.picture(), len(source.stack)
            finally:
                source.close()
    try:
        return read_image(path), 1
    except UnsupportedImage as refused:
        try:
            return read_image(path, ReadRules(first_page=True)), None
        except UnsupportedImage:
            raise refused from None
