"""A training run, or all trials of a cross validation, as `imgclean train` shows them."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from imgclean.cli.console import stderr, stdout
from imgclean.cli.context import registry
from imgclean.cli.folds_table import folds_table
from imgclean.cli.reporting import reporting
from imgclean.errors import ImgcleanError
from imgclean.events import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.events import Emit, EvaluatedFolds
    from imgclean.extension.registry import Model
    from imgclean.extension.requests import TrainJob, TrainResult
    from imgclean.training.recipe import Recipe
    from imgclean.training.run import Hooks
    from imgclean.weightsets.catalogue import WeightSet


def run_training(
    recipe: Recipe,
    out: Path,
    *,
    device: str,
    devices: int,
    resume: bool,
    json_lines: bool,
    quiet: bool,
) -> None:
    """Train, and say what came of it; a process that works for another one says nothing."""
    from imgclean.training.cross_validation import cross_validate
    from imgclean.training.run import train

    chosen = registry().model(recipe.model)
    run = cross_validate if recipe.folds.asked else train
    with _showing(out, json_lines=json_lines, quiet=quiet) as emit:
        made = run(
            recipe,
            chosen.info,
            out,
            emit=emit,
            device=device,
            devices=devices,
            resume=resume,
            hooks=_hooks(chosen),
        )
    if isinstance(made, tuple):
        _tell_means(made, out, json_lines=json_lines, quiet=quiet)
    elif made and not quiet:
        _tell(made, out)


def _hooks(model: Model) -> Hooks:
    from imgclean.training.run import Hooks

    return Hooks(
        train=partial(_ask_plugin, model),
        denoise=registry().own_hook("imgclean_denoise", model.plugin),
    )


@contextmanager
def _showing(out: Path, *, json_lines: bool, quiet: bool) -> Iterator[Emit]:
    """Yield where the run sends its events; end a process that works for another one quietly."""
    from imgclean.training.runtime import is_follower

    follows = is_follower()
    with reporting(1, json_lines=json_lines and not follows, quiet=quiet or follows) as emit:
        try:
            yield emit
        except KeyboardInterrupt:
            if follows:
                raise typer.Exit from None  # the leading process says so, and ends with the code
            emit(Note(message=f"interrupted; imgclean train --out {out} --resume goes on"))
            raise
        except (ImgcleanError, RuntimeError):
            if follows:  # the leading process has met the same, or has gone
                raise typer.Exit(1) from None
            raise


def _tell(weights: WeightSet, out: Path) -> None:
    for each in weights.config.results:
        stderr.print(
            f"{each.set}, {each.degradation}: {each.input_psnr:.2f} -> {each.psnr:.2f} dB, "
            f"SSIM {each.input_ssim:.4f} -> {each.ssim:.4f}, {each.images} images",
            soft_wrap=True,
        )
    stderr.print(f"{weights.name}: use it with --weights {out}/", soft_wrap=True)


def _tell_means(
    means: tuple[EvaluatedFolds, ...], out: Path, *, json_lines: bool, quiet: bool
) -> None:
    if not json_lines:
        stdout.print(folds_table(means))
    if not quiet:
        stderr.print(f"{out}/folds.json has the figures of every trial", soft_wrap=True)


def _ask_plugin(model: Model, job: TrainJob) -> TrainResult | None:
    result: TrainResult | None = registry().hook("imgclean_train", model.plugin)(job=job)
    return result
