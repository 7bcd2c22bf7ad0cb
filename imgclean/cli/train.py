"""`imgclean train`."""

from __future__ import annotations

import tomllib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imgclean.cli.console import stderr
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
from imgclean.cli.reporting import reporting
from imgclean.errors import InvalidSetting
from imgclean.events import Note

if TYPE_CHECKING:
    from imgclean.extension.registry import Model
    from imgclean.extension.requests import TrainJob, TrainResult
    from imgclean.training.recipe import Recipe

_MAY_CHANGE_ON_RESUME = {"budget", "validate_on"}


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
        Path, typer.Option("--out", help="Run folder; it becomes a weight set.", show_default=False)
    ],
    model: ModelOption = None,
    data: Annotated[
        list[str] | None, typer.Option(help="Folder of clean images; repeatable.")
    ] = None,
    init: Annotated[
        str | None, typer.Option("--init", help="Weight set to begin from: a name or a path.")
    ] = None,
    noise: Annotated[
        str | None, typer.Option(help="Noise to learn: gaussian:25, gaussian:0-55.")
    ] = None,
    colour: ColourOption = None,
    steps: Annotated[int | None, typer.Option(help="Train for this many steps.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Train for this long, ending on time (default 60).")
    ] = None,
    validate: Annotated[
        list[str] | None, typer.Option(help="Folder of clean images to measure with; repeatable.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value of the recipe, as optimiser.lr=5e-4; repeatable."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, with its settings.")
    ] = False,
    device: DeviceOption = "auto",
    threads: ThreadsOption = None,
    json_lines: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a model on a folder of clean images; the run folder is a weight set ready to use.

    Ctrl-C writes a checkpoint; --resume goes on from it.

    Example: imgclean train dncnn/colour-blind --data photos/ --minutes 60 --out runs/mine
    """
    from imgclean.training.recipe_files import read_recipe_file
    from imgclean.training.run import train as run_training

    prepare_process(threads)
    given: dict[str, Any] = {
        "model": model,
        "data": data and [str(Path(each).resolve()) for each in data],
        "init": _absolute(init),
        "noise": noise,
        "budget": _budget(steps, minutes),
        "validate_on": validate and [str(Path(each).resolve()) for each in validate],
    }
    given = {key: value for key, value in given.items() if value is not None}
    if recipe_name is not None:
        given = read_recipe_file(recipe_name, registry()) | given
    if colour is not None:
        given["options"] = given.get("options", {}) | {"channels": CHANNELS[colour]}
    for text in settings or []:
        _assign(given, text)
    recipe = _recipe(given, out, resume=resume)
    chosen = registry().model(recipe.model)
    with reporting(1, json_lines=json_lines, quiet=quiet) as emit:
        try:
            weights = run_training(
                recipe,
                chosen.info,
                out,
                emit=emit,
                device=device,
                resume=resume,
                plugin_training=partial(_ask_plugin, chosen),
                plugin_denoise=registry().hook("imgclean_denoise", chosen.plugin),
            )
        except KeyboardInterrupt:
            emit(Note(message=f"interrupted; imgclean train --out {out} --resume goes on"))
            raise
    if not quiet:
        stderr.print(f"{weights.name}: use it with --weights {out}/", soft_wrap=True)


def _absolute(reference: str | None) -> str | None:
    """Return a weight set's path in full, so that a resume finds it from any folder."""
    from imgclean.weightsets.catalogue import is_path

    return str(Path(reference).resolve()) if reference and is_path(reference) else reference


def _budget(steps: int | None, minutes: float | None) -> dict[str, Any] | None:
    if steps is None and minutes is None:
        return None
    return {"steps": steps, "minutes": minutes}


def _ask_plugin(model: Model, job: TrainJob) -> TrainResult | None:
    result: TrainResult | None = registry().hook("imgclean_train", model.plugin)(job=job)
    return result


def _recipe(given: dict[str, Any], out: Path, *, resume: bool) -> Recipe:
    """Return the recipe of the command line, or of the run that is resumed."""
    from imgclean.training.recipe import read_recipe
    from imgclean.training.run import stored_recipe

    stored = stored_recipe(out) if resume else None
    if stored is None:
        for name in ("model", "data"):
            if name not in given:
                raise InvalidSetting(f"--{name} is missing", hint="see `imgclean train --help`")
        return read_recipe(given)
    before = stored.model_dump()
    changed = sorted(
        key
        for key in given.keys() - _MAY_CHANGE_ON_RESUME
        if read_recipe(_merged(before, {key: given[key]})) != stored
    )
    if changed:
        raise InvalidSetting(
            f"--resume goes on with the settings of {out}; {', '.join(changed)} differs",
            hint="leave it out, or start a new run in another --out",
        )
    return read_recipe(before | {key: given[key] for key in given.keys() & _MAY_CHANGE_ON_RESUME})


def _merged(settings: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `settings` with `changes`, sections key by key."""
    merged = dict(settings)
    for key, value in changes.items():
        section = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merged[key] | value if section else value
    return merged


def _assign(settings: dict[str, Any], text: str) -> None:
    """Set a nested key from `a.b=value`, the value in TOML's notation or else a string."""
    path, separator, value = text.partition("=")
    if not separator or not path:
        raise InvalidSetting(f"--set {text!r} is not key=value", hint="as optimiser.lr=5e-4")
    *parents, key = path.split(".")
    for parent in parents:
        settings = settings.setdefault(parent, {})
        if not isinstance(settings, dict):
            raise InvalidSetting(f"--set {text!r}: {parent} holds no further settings")
    try:
        settings[key] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        settings[key] = value
