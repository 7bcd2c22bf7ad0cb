"""Where the batches of a stage come from: clean patches with noise on them, or pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from imgclean.degradation.batch import BatchDegrader
from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation import trials
from imgclean.training.batches import Batch, Batches, RowShare
from imgclean.training.patches import PatchSource

if TYPE_CHECKING:
    from imgclean.training.batches import DrawBatch
    from imgclean.training.patches import Pixels
    from imgclean.training.recipe import Recipe
    from imgclean.training.runtime import Runtime


@dataclass(frozen=True, slots=True)
class NoisyPatches:
    """Draws clean patches and makes them noisy.

    Attributes:
        patches: with as much around each as the degrader wants.
        degrader: adds the noise.
        tell: whether the network is told how noisy a patch is.
    """

    patches: PatchSource
    degrader: BatchDegrader
    tell: bool

    def __call__(self, count: int, generator: torch.Generator, needed: torch.Tensor) -> Batch:
        """Return `count` patches."""
        degraded = self.degrader(self.patches.draw(count, generator), generator, needed)
        sigma = degraded.sigma if self.tell else None
        return Batch(degraded.clean, degraded.noisy, sigma)


@dataclass(frozen=True, slots=True)
class DrawPairs:
    """Draws patches of pairs.

    Attributes:
        patches: of images that have the clean channels first, then as many noisy ones.
    """

    patches: PatchSource

    def __call__(
        self,
        count: int,
        generator: torch.Generator,
        needed: torch.Tensor,  # noqa: ARG002 - a pair is cut in one piece
    ) -> Batch:
        """Return the patches of `count` pairs."""
        clean, noisy = self.patches.draw(count, generator).chunk(2, dim=1)
        last = torch.channels_last
        return Batch(clean.contiguous(memory_format=last), noisy.contiguous(memory_format=last))


def make_batches(
    recipe: Recipe, pixels: Pixels, runtime: Runtime, *, stage: int, tell: bool
) -> Batches:
    """Return the batches of a stage.

    Args:
        recipe: that of the stage, its batch resolved.
        pixels: of the images.
        runtime: devices and processes.
        stage: index of the stage.
        tell: whether the network is told how noisy a patch is.
    """
    orientations = {
        "flips": recipe.augmentation.flips,
        "turns": recipe.augmentation.turns,
    }
    draw: DrawBatch
    ahead = pixels.device != runtime.device
    if recipe.data.noisy is not None:
        draw = DrawPairs(PatchSource(pixels, recipe.patch, **orientations))
    else:
        degrader = BatchDegrader(parse_degradation(recipe.noise), recipe.patch)
        side = recipe.patch + 2 * degrader.margin
        draw = NoisyPatches(PatchSource(pixels, side, **orientations), degrader, tell=tell)
        ahead = ahead or not degrader.on_device
    return Batches(
        draw,
        RowShare(runtime.rank, runtime.processes, int(recipe.batch)),
        seed=recipe.seed,
        stage=stage,
        source=pixels.device,
        device=runtime.device,
        ahead=ahead,
    )


def smallest_side(recipe: Recipe) -> int:
    """Return the shortest side in pixels that an image of a stage may have."""
    if recipe.data.noisy is not None:
        return recipe.patch
    return recipe.patch + 2 * BatchDegrader(parse_degradation(recipe.noise), recipe.patch).margin


def smallest_image(recipe: Recipe) -> int:
    """Return the shortest side in pixels that an image to train on may have.

    Those of a cross validation are measured as a whole, too.
    """
    trained = max(map(smallest_side, recipe.runs))
    if recipe.folds.count is None:
        return trained
    levels = parse_degradation(recipe.runs[-1].noise).paper_levels()
    return max(trained, trials.smallest_side(levels))
