"""How many patches a step takes, where the recipe leaves it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from imgclean.training.recipe import Recipe

# On a CPU many small steps go further than few large ones; a GPU wants to be filled.
_ON_A_CPU = 8
_ON_A_GPU = 64
_ON_A_GPU_FOR_LONG = 128
_LONG_MINUTES = 30.0


def with_batches(recipe: Recipe, device: torch.device) -> Recipe:
    """Return the recipe with a number in place of `auto`, also in its stages."""
    batch = _size(recipe, device)
    stages = [
        each.model_copy(update={"batch": batch}) if each.changes.get("batch") == "auto" else each
        for each in recipe.stages
    ]
    fixed = batch if recipe.batch == "auto" else recipe.batch
    return recipe.model_copy(update={"batch": fixed, "stages": stages})


def _size(recipe: Recipe, device: torch.device) -> int:
    if device.type == "cpu":
        return _ON_A_CPU
    minutes = recipe.budget.minutes
    return _ON_A_GPU if minutes and minutes <= _LONG_MINUTES else _ON_A_GPU_FOR_LONG
