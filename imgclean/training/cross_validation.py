"""A k-fold cross validation: what `imgclean train --folds` does.

Zeng, Pang, Sun, Cheung, "Deep graph Laplacian regularization for robust denoising of real images",
CVPR workshops 2019, Section 4.2, measure so on ten pairs: two folds, five repeats, PSNR and SSIM on
the images of either side.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting
from imgclean.inference.device import choose_device
from imgclean.training.batch_size import with_batches
from imgclean.training.fold_trials import FoldTrials
from imgclean.training.folds_file import FoldsFile, read_folds
from imgclean.training.patch_draws import smallest_image
from imgclean.training.preconditions import refuse_what_cannot_be
from imgclean.training.run import Hooks, train
from imgclean.training.run_folder import holding, write_recipe
from imgclean.training.runtime import are_several
from imgclean.training.splits import split
from imgclean.training.training_set import hold_out, read_data

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.events import Emit, EvaluatedFolds
    from imgclean.extension.model_info import ModelInfo
    from imgclean.training.recipe import Recipe


def cross_validate(
    recipe: Recipe,
    info: ModelInfo,
    output: Path,
    *,
    emit: Emit,
    device: str = "auto",
    devices: int = 1,
    resume: bool = False,
    hooks: Hooks | None = None,
) -> tuple[EvaluatedFolds, ...]:
    """Train and measure every trial, each in a run folder of its own, and return the means.

    Images that are held out are in no fold. `folds.json` in `output` has what was measured so far.

    Args:
        recipe: asks for folds; its budget is that of each trial.
        info: the recipe's model.
        output: folder for `repeat-1/fold-1` and so on.
        emit: gets what `train` emits, an event for each trial that begins or is measured, and the
            means; a trial that was finished before is told once more.
        device, hooks: as for `train`.
        devices: more than one is refused.
        resume: leave out the trials that are finished, and go on inside one that is not.

    Raises:
        InvalidSetting: there are fewer images than folds, or several processes; or what is resumed
            was on other images, or by other splits.
        ImgcleanError: as `train`.
        KeyboardInterrupt: the user asked to stop; `resume` goes on from there.
    """
    if are_several(devices):
        raise InvalidSetting(
            "the trials of --folds are trained by one process each",
            hint="leave out --devices; runs with other seeds can go beside this one",
        )
    channels = refuse_what_cannot_be(recipe, info, output, resume=resume)
    recipe = with_batches(recipe, choose_device(device))
    found = read_data(recipe.data, channels=channels, smallest=smallest_image(recipe), emit=emit)
    left, _ = hold_out(found, recipe.data)
    count = recipe.folds.count or 1
    split(len(left.names), count, seed=recipe.seed, repeat=1)
    with holding(output):
        begun = _begun(recipe, left.names, output)
        write_recipe(output, recipe)
        one = partial(train, info=info, device=device, resume=resume, hooks=hooks, found=found)
        return FoldTrials(recipe, output, emit, one, begun).run()


def _begun(recipe: Recipe, images: tuple[str, ...], output: Path) -> FoldsFile:
    """Return what was measured before, which may be nothing.

    Raises:
        InvalidSetting: that was something else.
    """
    folds = recipe.folds
    fresh = FoldsFile(
        model=recipe.model,
        folds=folds.count or 1,
        repeats=folds.repeats,
        seed=recipe.seed,
        images=images,
    )
    stored = read_folds(output)
    if stored is not None and stored.subject != fresh.subject:
        raise InvalidSetting(
            f"the images or the splits are not those of the trials in {output}",
            hint="--resume needs the images that there were; else begin in another --out",
        )
    return stored or fresh
