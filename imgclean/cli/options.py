"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from imgclean.errors import InvalidSetting
from imgclean.inference.jobs import STREAM

CLEANING = "Cleaning"
FILES = "Files"
IMAGES = "Images"
RUNNING = "Running"

PrecisionName = Literal["auto", "fp32", "bf16", "fp16"]
ColourName = Literal["gray", "rgb"]
BackendName = Literal["auto", "torch", "compile", "openvino"]


def input_path(text: str) -> Path:
    """Return the path of an input: `-` is stdin, and `./-` a file of that name."""
    path = Path(text)
    return path.absolute() if path == STREAM and text != str(STREAM) else path


ModelOption = Annotated[
    str | None,
    typer.Option("--model", "-m", rich_help_panel=CLEANING, help="Model; see `imgclean models`."),
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        "-w",
        rich_help_panel=CLEANING,
        help="Weight set: a name, a path or hf://OWNER/NAME.",
    ),
]
WeightSetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--weights",
        "-w",
        rich_help_panel=CLEANING,
        help="Weight set: a name, a path or hf://OWNER/NAME; repeatable.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        rich_help_panel=CLEANING,
        help="Option of the model, as attention=local; repeatable.",
    ),
]
MaxPixelsOption = Annotated[
    float,
    typer.Option(
        min=0,
        rich_help_panel=IMAGES,
        help="Largest image that is read, in megapixels; 0 for no limit.",
    ),
]
DeviceOption = Annotated[
    str, typer.Option("--device", rich_help_panel=RUNNING, help="auto, cpu, cuda, cuda:N or mps.")
]
PrecisionOption = Annotated[
    PrecisionName,
    typer.Option(
        "--precision",
        rich_help_panel=RUNNING,
        help="Arithmetic. auto: bf16 for 8-bit images where it is fast, else fp32.",
    ),
]
BackendOption = Annotated[
    BackendName,
    typer.Option(
        "--backend",
        rich_help_panel=RUNNING,
        help="What computes: torch, torch.compile or OpenVINO. auto: torch, compiled if it pays.",
    ),
]
EnsembleOption = Annotated[
    bool,
    typer.Option(
        show_default=False,
        rich_help_panel=CLEANING,
        help="Average over eight flips and turns; 8 times slower.",
    ),
]
ColourOption = Annotated[
    ColourName | None, typer.Option("--colour", help="Work on gray or on RGB images.")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, rich_help_panel=RUNNING, help="CPU threads.")
]
IncludeOption = Annotated[
    list[str] | None,
    typer.Option(rich_help_panel=FILES, help="Only files that match, as '*.tif'; repeatable."),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(rich_help_panel=FILES, help="No files that match; repeatable."),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", rich_help_panel=FILES, help="Replace outputs.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Only warnings and failures.")]

CHANNELS: dict[ColourName, int] = {"gray": 1, "rgb": 3}


def prepare_process(threads: int | None) -> None:
    """Set up what computes: so many CPU threads, or torch's own choice, and the allocator."""
    from imgclean.inference.allocator import keep_freed_memory

    keep_freed_memory()
    if threads is not None:
        import torch

        torch.set_num_threads(threads)


def parse_tile(text: str) -> int | Literal["auto", "none"]:
    """Return what `--tile` says.

    Raises:
        InvalidSetting: it is neither `auto`, `none` nor a number.
    """
    if text == "auto":
        return "auto"
    if text == "none":
        return "none"
    if text.isdecimal():
        return int(text)
    raise InvalidSetting(f"--tile {text} is neither auto, none nor a number of pixels")


def parse_quality(text: str) -> int | None:
    """Return what `--quality` says; None for that of the source.

    Raises:
        InvalidSetting: it is neither `keep` nor 1 to 100.
    """
    if text == "keep":
        return None
    if text.isdecimal() and 1 <= int(text) <= 100:
        return int(text)
    raise InvalidSetting(f"--quality {text} is neither keep nor 1 to 100")
