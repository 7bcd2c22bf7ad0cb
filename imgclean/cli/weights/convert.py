"""`imgclean weights convert`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imgclean.cli.console import say
from imgclean.cli.context import registry
from imgclean.errors import InputNotFound, InvalidSetting

if TYPE_CHECKING:
    from imgclean.weightsets.catalogue import WeightSet


def convert(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Checkpoint of PyTorch, safetensors or MATLAB v7.3, whatever its name.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder to write; by default ./NAME.", show_default=False
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="Of the set; by default after the folder, or the file."),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option("--noise", help="What it was trained on, as gaussian:25 or gaussian:0-55."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Whose it is; by default the model that takes it."),
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="SPDX expression, as MIT or CC-BY-4.0.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a weight set in that folder.")
    ] = False,
) -> None:
    """Make a weight set of a checkpoint from elsewhere. No code in the file is run.

    What it is shows in its content; what cannot be known is said.

    Example: imgclean weights convert dncnn_25.pth -o dncnn-25 --licence MIT
    """
    from imgclean.weightsets.foreign.recognition import read_foreign
    from imgclean.weightsets.naming import set_name
    from imgclean.weightsets.network import load_network
    from imgclean.weightsets.placing import place, require_place, restated

    _require_foreign(file)
    if output is not None:
        require_place(output, overwrite=overwrite)
    models = [registry().model(model).info] if model else registry().infos()
    found = read_foreign(file, models, noise=noise)
    owner = registry().model(model or found.config.model).info
    if output is not None and name is None:
        name = set_name(owner.name, output.resolve().name)
    found = restated(found, name=name, licence=licence)
    folder = output or Path(found.name)
    require_place(folder, overwrite=overwrite)
    load_network(owner, found)  # what does not fit is not written
    place(found, folder)
    _tell(found, folder)


def _require_foreign(file: Path) -> None:
    """Refuse what is not there, and what is a weight set already."""
    from imgclean.weightsets.catalogue import set_folder

    if not file.exists():
        raise InputNotFound(f"{file} does not exist", hint="name a checkpoint")
    folder = set_folder(file)
    if folder is not None:
        raise InvalidSetting(
            f"{file} is a folder or a part of a weight set, no checkpoint from elsewhere",
            hint=f"a weight set needs no conversion: use it with --weights {folder}/",
        )


def _tell(found: WeightSet, folder: Path) -> None:
    """Say what was recognised, what is not known, and where the set is."""
    from imgclean.weightsets.config import UNKNOWN_LICENCE, Conversion

    config, origin = found.config, found.config.provenance
    if not isinstance(origin, Conversion):
        raise TypeError("not converted")
    options = ", ".join(f"{key} {_text(each)}" for key, each in config.options.items())
    say(f"{origin.file}: {origin.container}, layout of {origin.layout}")
    say(f"{config.model}: {options}")
    known = {
        "file name": ", after the file's name",
        "layout": f", as {origin.layout} publishes it",
        "given": "",
        "assumed": " is assumed: the file does not say it, --noise does",
    }
    say(f"noise: {config.noise}{known[origin.noise_source]}")
    if config.licence == UNKNOWN_LICENCE:
        say("licence: not known, --licence states it")
    say(f"{config.name}: use it with --weights {folder}/")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
