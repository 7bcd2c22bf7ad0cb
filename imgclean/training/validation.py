"""What a run is measured with: on the way, and when it has made a weight set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation.protocol import SMALLEST_SIDE
from imgclean.evaluation.restorers import ModelRestorer
from imgclean.evaluation.results import as_results, measure_levels
from imgclean.evaluation.trials import smallest_side
from imgclean.images.collection import CleanImages, read_clean_images
from imgclean.images.name_rules import NameRules
from imgclean.training.inspection import Inspection, sample_of_image, sample_of_pair
from imgclean.training.training_set import read_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.degradation.base import Degradation
    from imgclean.events import Emit, Evaluated
    from imgclean.images.pairs import ImagePairs
    from imgclean.inference.denoiser import Denoiser
    from imgclean.training.recipe import Recipe
    from imgclean.training.recipe_tables import Validation
    from imgclean.training.training_set import TrainingSet
    from imgclean.weightsets.config import Measurement

_SIXTEEN_OF_EIGHT_BITS = 257  # 255 becomes 65535


def images_on_the_way(
    recipe: Recipe, images: TrainingSet, channels: int, emit: Emit
) -> CleanImages | ImagePairs:
    """Return the images that a run is looked at with on the way.

    They are the images held out, else those of the validation folders, else those that a trial of
    a cross validation is tested with, else a few of those that it is trained on, of which only
    pictures are made. What the test images show on the way decides nothing: a schedule that goes by
    measurements is refused without one of the first two.

    Raises:
        DataUnusable: the validation folders hold no usable image.
    """
    validation = recipe.validation
    if images.held_out is not None:
        return images.held_out
    if validation.clean:
        return read_images(
            validation,
            channels=channels,
            luma=recipe.data.luma,
            smallest=SMALLEST_SIDE,
            emit=emit,
            keep_depth=True,
        )
    return images.fold.test if images.fold is not None else images.examples


def inspection_of(stage: Recipe, images: CleanImages | ImagePairs, *, counts: bool) -> Inspection:
    """Return what a stage is looked at with on the way.

    Args:
        stage: its recipe, whose noise and validation say at which levels.
        images: see `images_on_the_way`.
        counts: whether what they show is a measurement.
    """
    limit, side = stage.validation.images, stage.validation.crop
    names = _distinct([Path(each).stem for each in images.names[:limit]])
    if isinstance(images, CleanImages):
        samples = [
            sample_of_image(name, each, level, side)
            for level in _levels(stage)
            for name, each in zip(names, images.images, strict=False)
        ]
    else:
        pairs = zip(names, images.noisy, images.clean, strict=False)
        samples = [sample_of_pair(*each, side) for each in pairs]
    return Inspection(samples, counts=counts, measures_blur=stage.keep == "blur")


def _levels(stage: Recipe) -> tuple[Degradation, ...]:
    """Return the levels that the recipe names, else the middle one of the stage's noise."""
    if stage.validation.noise is not None:
        return parse_degradation(stage.validation.noise).paper_levels()
    levels = parse_degradation(stage.noise).paper_levels()
    return (levels[len(levels) // 2],)


def _distinct(names: list[str]) -> list[str]:
    """Return names that are all different: with numbers where they are not."""
    if len(set(names)) == len(names):
        return names
    return [f"{number}-{name}" for number, name in enumerate(names, start=1)]


def validate(
    denoiser: Denoiser,
    recipe: Recipe,
    held_out: CleanImages | ImagePairs | None,
    emit: Emit,
) -> list[Measurement]:
    """Return PSNR and SSIM of whole images, at the papers' levels of the set's domain.

    Each folder of the recipe's validation is a set of its own, and so are the images held out. The
    paper's figure stands beside what is measured on a whole folder.

    Raises:
        DataUnusable: a folder holds no usable image.
    """
    restorer = ModelRestorer(denoiser)
    levels = denoiser.weights.config.domain.paper_levels()
    lines: list[Evaluated] = []
    validation, luma = recipe.validation, recipe.data.luma
    whole = not (validation.include or validation.exclude)
    for images in _validation_sets(denoiser, validation, emit, luma=luma):
        lines += measure_levels(images, levels, restorer, emit=emit, whole=whole)
    if held_out is not None:
        images = in_the_protocol(held_out)
        lines += measure_levels(images, levels, restorer, emit=emit, whole=False)
    return as_results(lines)


def _validation_sets(
    denoiser: Denoiser, validation: Validation, emit: Emit, *, luma: bool
) -> list[CleanImages | ImagePairs]:
    if validation.noisy is not None:
        return [
            read_images(
                validation,
                channels=denoiser.weights.config.channels,
                luma=luma,
                smallest=SMALLEST_SIDE,
                emit=emit,
                keep_depth=False,
            )
        ]
    smallest = smallest_side(denoiser.weights.config.domain.paper_levels())
    rules = NameRules(tuple(validation.include), tuple(validation.exclude))
    return [
        read_clean_images((Path(each),), channels="own", smallest=smallest, emit=emit, rules=rules)
        for each in validation.clean
    ]


def in_the_protocol(images: CleanImages | ImagePairs) -> CleanImages | ImagePairs:
    """Return images that were read for training as `imgclean evaluate` would read them."""
    if not isinstance(images, CleanImages):
        return images
    return replace(images, images=tuple(_in_eight_bits(each) for each in images.images))


def _in_eight_bits(image: NDArray[Any]) -> NDArray[np.uint8]:
    if image.dtype == np.uint8:
        return image
    return np.rint(image / _SIXTEEN_OF_EIGHT_BITS).astype(np.uint8)
