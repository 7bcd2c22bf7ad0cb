"""`imgclean train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imgclean.cli.assignments import assign
from imgclean.cli.console import stdout
from imgclean.cli.context import registry
from imgclean.cli.options import (
    CHANNELS,
    ColourOption,
    DeviceOption,
    JsonOption,
    ModelOption,
    QuietOption,
    ThreadsOption,
    prepare_process,
)
from imgclean.cli.train_settings import (
    budget,
    images,
    over_recipe,
    resumed,
    trials,
    validation,
    with_discriminator,
)
from imgclean.cli.training_run import run_training
from imgclean.errors import InvalidSetting

if TYPE_CHECKING:
    from imgclean.training.recipe import Recipe

_DATA = "Data"
_LENGTH = "How long"
_TRIALS = "Cross validation"


def train(
    recipe_name: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE]",
            help="TOML file, or a recipe of a plugin, as dncnn/colour-blind.",
            show_default=False,
        ),
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Run folder; it becomes a weight set.", show_default=False),
    ] = None,
    model: ModelOption = None,
    data: Annotated[
        list[str] | None,
        typer.Option(rich_help_panel=_DATA, help="Folder of clean images; repeatable."),
    ] = None,
    pairs: Annotated[
        tuple[str, str] | None,
        typer.Option(rich_help_panel=_DATA, help="Folders of noisy and of clean images."),
    ] = None,
    match: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_DATA,
            help="Of pairs: s/_mean/_real/ makes a noisy name of a clean one.",
        ),
    ] = None,
    hold_out: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=_DATA,
            help="Keep files that match for validation, as '*_chair_*'; repeatable.",
        ),
    ] = None,
    validate: Annotated[
        list[str] | None,
        typer.Option(rich_help_panel=_DATA, help="Folder of images to measure with; repeatable."),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_DATA, help="What to learn to undo: gaussian:0-55, jpeg:5-99, ..."
        ),
    ] = None,
    colour: ColourOption = None,
    init: Annotated[
        str | None,
        typer.Option("--init", help="Weight set to begin from: a name, a path or hf://OWNER/NAME."),
    ] = None,
    discriminator: Annotated[
        str | None,
        typer.Option(
            help="Of an adversarial recipe: patch, or one of the model's, as scratch.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(rich_help_panel=_LENGTH, help="Train for this many steps.")
    ] = None,
    epochs: Annotated[
        float | None, typer.Option(rich_help_panel=_LENGTH, help="Train for this many passes.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=_LENGTH, help="Train for this long, ending on time (default 60)."
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2,
            rich_help_panel=_TRIALS,
            help="Cross validation: split the images into so many folds.",
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            min=1, rich_help_panel=_TRIALS, help="Split them anew so many times (default 1)."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value of the recipe, as optimiser.lr=5e-4; repeatable."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, with its settings.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the recipe that would be run, and stop.")
    ] = False,
    device: DeviceOption = "auto",
    devices: Annotated[
        int, typer.Option(min=1, rich_help_panel="Running", help="GPUs or processes together.")
    ] = 1,
    threads: ThreadsOption = None,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a model on a folder of images; the run folder is a weight set ready to use.

    Ctrl-C writes a checkpoint; --resume goes on from it.

    Example: imgclean train dncnn/colour-blind --data photos/ --minutes 60 --out runs/mine
    """
    from imgclean.training.recipe_files import begun_from, default_recipe, read_recipe_file
    from imgclean.training.run_folder import stored_recipe

    given: dict[str, Any] = {
        "model": model,
        "data": images(data, pairs, match, hold_out),
        "init": init,
        "noise": noise,
        "budget": budget(steps, epochs, minutes),
        "validation": validation(validate, pairs, match),
        "folds": trials(folds, repeats),
    }
    given = {key: value for key, value in given.items() if value is not None}
    begun: dict[str, Any] = {}
    if recipe_name is not None:
        begun = read_recipe_file(recipe_name, registry())
    elif model is not None and init is None:
        begun = default_recipe(model, registry())
    if resume and out and stored_recipe(out):
        begun.pop("budget", None)  # the run has one, which only an option changes
    given = over_recipe(begun, given)
    if colour is not None:
        given["options"] = given.get("options", {}) | {"channels": CHANNELS[colour]}
    for text in settings or []:
        assign(given, text, example="optimiser.lr=5e-4")
    given = begun_from(given, registry())
    if discriminator is not None:
        given = with_discriminator(_with_losses(given, out if resume else None), discriminator)
    recipe = resumed(given, out) if resume and out else None
    recipe = recipe or _fresh(given)
    if show:
        _show(recipe)
        return
    if out is None:
        raise InvalidSetting("--out is missing", hint="name a folder for the run")
    from imgclean.inference.devices import require_one_device

    require_one_device(device)
    prepare_process(threads)
    run_training(
        recipe,
        out,
        device=device,
        devices=devices,
        resume=resume,
        json_lines=json_lines,
        quiet=quiet,
    )


def _with_losses(given: dict[str, Any], resumed_run: Path | None) -> dict[str, Any]:
    """Return the settings, with the losses of a run that is resumed where they have none."""
    from imgclean.training.run_folder import stored_recipe

    stored = stored_recipe(resumed_run) if resumed_run else None
    if stored is None or "model" in given:
        return given
    run = stored.model_dump(exclude_none=True)
    return {key: run[key] for key in ("loss", "stages")} | given


def _fresh(given: dict[str, Any]) -> Recipe:
    from imgclean.training.recipe import read_recipe

    if "model" not in given:
        raise InvalidSetting("--model is missing", hint="see `imgclean train --help`")
    return read_recipe(given)


def _show(recipe: Recipe) -> None:
    from imgclean.training.run_folder import recipe_text

    stdout.print(recipe_text(recipe), end="", soft_wrap=True)
