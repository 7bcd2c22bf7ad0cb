"""`imgclean models`."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.filesize import decimal
from rich.table import Table

from imgclean.cli.console import stdout
from imgclean.cli.context import registry
from imgclean.cli.options import JsonOption

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from imgclean.extension.registry import Model
    from imgclean.weightsets.catalogue import Catalogue, WeightSet


_SHOWN = (
    *("name", "title", "paper", "key", "tasks", "channels", "noise_aware", "precisions"),
    *("recipes", "discriminators"),
)


def models(
    name: Annotated[str | None, typer.Argument(help="A model to describe in full.")] = None,
    json_lines: JsonOption = False,
) -> None:
    """List the installed models and their weight sets, or describe one.

    With --json each line has name, key, title, paper, tasks, channels, noise_aware, precisions,
    needs_weights, discriminators, recipes, options and weights (name, noise, channels, preference,
    folder, bytes, results).

    Example: imgclean models dncnn
    """
    from imgclean.weightsets.catalogue import installed

    catalogue = installed()
    found = registry()
    chosen = [found.model(name)] if name else found.models()
    if not chosen:
        raise found.none_works()
    if json_lines:
        for model in chosen:
            typer.echo(json.dumps(_facts(model, catalogue, options=name is not None)))
    elif name:
        _describe(chosen[0], catalogue)
    else:
        _list(chosen, catalogue)


def _list(chosen: list[Model], catalogue: Catalogue) -> None:
    table = Table("model", "about", "tasks", "weight sets")
    for model in chosen:
        info = model.info
        sets = "\n".join(_about_set(each) for each in catalogue.of_model(info.name))
        none = "none installed" if info.needs_weights else "none needed"
        table.add_row(info.name, info.title, ", ".join(info.tasks), sets or none)
    stdout.print(table)


def _describe(model: Model, catalogue: Catalogue) -> None:
    facts = _facts(model, catalogue, options=True)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")  # a path that is cut short is of no use
    for key in _SHOWN:
        value = facts[key]
        if value == []:
            continue
        table.add_row(key, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
    for option in facts["options"]:
        about = f"{option['type']}, default {option['default']}"
        table.add_row(f"option {option['name']}", f"{about}\n{option['description']}".strip())
    for each in catalogue.of_model(model.info.name):
        size = _file_size(each)
        about = "its file is missing" if size is None else decimal(size)
        table.add_row("weights", f"{_about_set(each)}, {about}\n{each.folder}")
        for result in each.config.results:
            text = (
                f"{result.set} {result.degradation}: {result.psnr:.2f} dB, SSIM {result.ssim:.4f}"
            )
            table.add_row("", text)
    stdout.print(table)


def _about_set(each: WeightSet) -> str:
    kind = "gray" if each.config.channels == 1 else "colour"
    return f"{each.name} ({kind}, {each.config.noise})"


def _file_size(each: WeightSet) -> int | None:
    try:
        return each.file.stat().st_size
    except OSError:
        return None


def _facts(model: Model, catalogue: Catalogue, *, options: bool) -> dict[str, Any]:
    info = model.info
    return {
        "name": info.name,
        "key": model.key,
        "title": info.title,
        "paper": info.paper,
        "tasks": list(info.tasks),
        "channels": list(info.channels),
        "noise_aware": info.noise_aware,
        "precisions": list(info.precisions),
        "needs_weights": info.needs_weights,
        "discriminators": sorted(info.discriminators),
        "recipes": _recipes(model) if options else [],
        "options": _options(model) if options else [],
        "weights": [
            {
                "name": each.name,
                "noise": each.config.noise,
                "channels": each.config.channels,
                "preference": each.config.preference,
                "folder": str(each.folder),
                "bytes": _file_size(each),
                "results": [result.model_dump() for result in each.config.results],
            }
            for each in catalogue.of_model(info.name)
        ],
    }


def _recipes(model: Model) -> list[str]:
    """Return the recipes of the model's plugin that train it, as `imgclean train` takes them."""
    shipped = registry().hook("imgclean_recipes", model.plugin)() or {}
    return [
        f"{model.plugin.source.entry_point}/{name}"
        for name, source in sorted(shipped.items())
        if _model_of(source) == model.info.name
    ]


def _model_of(source: Traversable) -> object:
    try:
        return tomllib.loads(source.read_text(encoding="utf-8")).get("model")
    except (OSError, ValueError):  # `imgclean train` says what is wrong with it
        return None


def _options(model: Model) -> list[dict[str, str]]:
    """Return the fields of the model's options class: name, type, default, description."""
    from imgclean.extension.import_string import resolve

    fields = getattr(resolve(model.info.options), "model_fields", {})
    return [
        {
            "name": name,
            "type": _type_name(field.annotation),
            "default": "required"
            if field.is_required()
            else str(field.get_default(call_default_factory=True)),
            "description": " ".join((field.description or "").split()),
        }
        for name, field in fields.items()
    ]


def _type_name(annotation: object) -> str:
    """Return a type as its author wrote it, such as `Literal['he', 'dirac']`."""
    if isinstance(annotation, type):
        return annotation.__name__
    return str(annotation).replace("typing.", "")
