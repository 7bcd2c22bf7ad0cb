"""The options of `imgclean denoise` that no other command has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from imgclean.cli.options import CLEANING, FILES, IMAGES, RUNNING, input_path
from imgclean.errors import InvalidSetting
from imgclean.extension.model_info import Task
from imgclean.images.formats import WRITTEN
from imgclean.inference.controls import STRENGTH_HINT

_FORMATS = [each.name for each in WRITTEN]


InputsArgument = Annotated[
    list[Path] | None,
    typer.Argument(parser=input_path, help="Images, or folders of images; - for stdin."),
]
OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        rich_help_panel=FILES,
        help="File or folder to write to, - for stdout; by default photos/ goes to photos-clean/ "
        "and a.png to a-clean.png.",
    ),
]
FilesFromOption = Annotated[
    str | None,
    typer.Option(
        "--files-from", rich_help_panel=FILES, help="List of inputs, one a line; - for stdin."
    ),
]
NullOption = Annotated[
    bool,
    typer.Option(
        "--null", "-0", rich_help_panel=FILES, help="Zero bytes end the paths of that list."
    ),
]
DevicesOption = Annotated[
    str,
    typer.Option(
        "--device",
        rich_help_panel=RUNNING,
        help="auto, cpu, cuda, cuda:N or mps; several as cuda:0,cuda:1.",
    ),
]
RecursiveOption = Annotated[
    bool, typer.Option(rich_help_panel=FILES, help="Walk folders to the bottom.")
]
CopyOthersOption = Annotated[
    bool,
    typer.Option(
        show_default=False,
        rich_help_panel=FILES,
        help="Copy the other files of folders along.",
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        rich_help_panel=FILES,
        help=f"keep, {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}.",
    ),
]
QualityOption = Annotated[
    str,
    typer.Option(
        rich_help_panel=FILES,
        help="keep the source's, or 1 to 100 for formats that can lose something.",
    ),
]
SuffixOption = Annotated[
    str, typer.Option(rich_help_panel=FILES, help="Added to names where no -o is given.")
]
ResumeOption = Annotated[
    bool,
    typer.Option("--resume", rich_help_panel=FILES, help="Go on with an interrupted run."),
]
InPlaceOption = Annotated[
    bool,
    typer.Option("--in-place", rich_help_panel=FILES, help="Replace the inputs; each once."),
]
TaskOption = Annotated[
    Task,
    typer.Option(
        "--task",
        rich_help_panel=CLEANING,
        help="denoise; deblock: take out JPEG's blocks; upscale: enlarge, see --scale.",
    ),
]
ScaleOption = Annotated[
    int | None,
    typer.Option(min=2, max=4, rich_help_panel=CLEANING, help="How far to enlarge: 2, 3 or 4."),
]
SigmaOption = Annotated[
    float | None,
    typer.Option(
        rich_help_panel=CLEANING,
        help="Noise standard deviation in grey levels of 255, where known.",
    ),
]
StrengthOption = Annotated[
    str,
    typer.Option(
        "--strength",
        rich_help_panel=CLEANING,
        help="Share of the change to apply, 0 to 1, after all else; auto: by each image's noise.",
    ),
]
KeepDetailOption = Annotated[
    float,
    typer.Option(
        "--keep-detail",
        rich_help_panel=CLEANING,
        help="Share of fine luminance to give back where there is texture, 0 to 1.",
    ),
]
ChromaOnlyOption = Annotated[
    bool,
    typer.Option(
        "--chroma-only",
        rich_help_panel=CLEANING,
        help="Take away colour noise alone; luminance stays.",
    ),
]
SaveResidualOption = Annotated[
    str | None,
    typer.Option(
        "--save-residual",
        rich_help_panel=FILES,
        help="Folder to write what was taken away to, noisy - clean on mid grey.",
    ),
]
AgainOption = Annotated[
    bool,
    typer.Option("--again", rich_help_panel=CLEANING, help="Clean also what was cleaned before."),
]
RangeOption = Annotated[
    str,
    typer.Option(
        "--range",
        rich_help_panel=IMAGES,
        help="Sample values that become 0 and 1: auto, dtype, percentile:LO,HI or LO,HI.",
    ),
]
PagesOption = Annotated[
    str | None,
    typer.Option(rich_help_panel=IMAGES, help="Take only these pages, as 1,3-5, or first."),
]
ChannelsOption = Annotated[
    str | None,
    typer.Option(rich_help_panel=IMAGES, help="Take only these channels, as 1,3-5, or first."),
]
CropOption = Annotated[
    str | None,
    typer.Option(rich_help_panel=IMAGES, help="Take only this part, as X,Y,W,H in pixels."),
]
StripMetadataOption = Annotated[
    bool,
    typer.Option(
        show_default=False,
        rich_help_panel=IMAGES,
        help="Keep no metadata but the colour profile and the orientation.",
    ),
]
ProvenanceOption = Annotated[
    bool,
    typer.Option(
        rich_help_panel=IMAGES, help="Note model, weights and version in the clean image."
    ),
]
TileOption = Annotated[
    str,
    typer.Option(rich_help_panel=RUNNING, help="Side of a tile in pixels, auto or none."),
]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", rich_help_panel=RUNNING, help="Only say what would be done."),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="A line for each file, on a terminal too.")
]


def parse_strength(text: str) -> float | Literal["auto"]:
    """Return what `--strength` says.

    Raises:
        InvalidSetting: it is neither `auto` nor a number.
    """
    if text == "auto":
        return "auto"
    try:
        return float(text)
    except ValueError:
        raise InvalidSetting(
            f"--strength {text} is neither auto nor a number", hint=STRENGTH_HINT
        ) from None


def residual_folder(text: str | None, task: Task) -> Path | None:
    """Return the folder that `--save-residual` names; None where it is not given.

    Raises:
        InvalidSetting: it is empty, or noisy and clean images differ in size.
    """
    if text is None:
        return None
    if not text:
        raise InvalidSetting("--save-residual is empty", hint="name a folder")
    if task == "upscale":
        raise InvalidSetting(
            "--save-residual is noisy - clean, and --task upscale has no image of the same size",
            hint="leave it out",
        )
    return Path(text)
