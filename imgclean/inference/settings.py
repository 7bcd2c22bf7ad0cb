"""How images are to be cleaned, apart from the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from imgclean.degradation.gaussian import GREY_LEVELS
from imgclean.errors import InvalidSetting
from imgclean.inference.controls import require_controls
from imgclean.inference.device import PrecisionChoice
from imgclean.inference.preparation.backends import Backend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgclean.extension.model_info import Task
    from imgclean.inference.strength_choice import Strength
    from imgclean.inference.tiles import TileChoice

DEBLOCKED_QUALITY = 95
"""At which lossy files are written that were deblocked: at their own the blocks would be back."""

_SMALLEST_TILE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceSettings:
    """What the command line's options of the same names say.

    Attributes:
        task: what is asked for.
        scale: pixels of the large image, along each side, for one of the small; the task
            `upscale` enlarges by it.
        sigma: noise standard deviation in grey levels of 255, or None for blind.
        strength: share of the model's change that is applied, 0 to 1; `auto`: by each image's
            noise, see `automatic_strength`.
        keep_detail: share of fine luminance that textured places get back, 0 to 1.
        chroma_only: of colour images only the chroma is cleaned; gray ones stay as they are.
        ensemble: average over the eight flips and turns.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        precision: `auto`, `fp32`, `bf16` or `fp16`.
        tile: side of the output tile in pixels, `auto` or `none`.
        backend: what computes: `auto`, `torch`, `compile` or `openvino`.
        options: options of the model by name, laid over those of the weight set.

    Raises:
        InvalidSetting: a value is out of its range, or has no meaning beside another one.
    """

    task: Task = "denoise"
    scale: int = 1
    sigma: float | None = None
    strength: Strength = 1.0
    keep_detail: float = 0.0
    chroma_only: bool = False
    ensemble: bool = False
    device: str = "auto"
    precision: PrecisionChoice = "auto"
    tile: TileChoice = "auto"
    backend: Backend = "auto"
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)  # compared all the same

    def __post_init__(self) -> None:
        if self.scale < 1:
            raise InvalidSetting(f"scale {self.scale} is not 1 or more")
        if self.sigma is not None and not 0 <= self.sigma <= GREY_LEVELS:
            raise InvalidSetting(f"sigma {self.sigma:g} is not between 0 and 255")
        require_controls(self.task, self.strength, self.keep_detail, chroma_only=self.chroma_only)
        if self.precision not in get_args(PrecisionChoice):
            raise InvalidSetting(f"{self.precision!r} is not a precision")
        if self.backend not in get_args(Backend):
            raise InvalidSetting(f"{self.backend!r} is not a backend")
        if not isinstance(self.tile, int) and self.tile not in ("auto", "none"):
            raise InvalidSetting(f"a tile of {self.tile!r} is neither auto, none nor a number")
        if isinstance(self.tile, int) and self.tile < _SMALLEST_TILE:
            raise InvalidSetting(f"a tile of {self.tile} pixels is too small; use 16 or more")

    @property
    def described_task(self) -> str:
        """The task in words, as `upscale by 3`."""
        return f"upscale by {self.scale}" if self.task == "upscale" else self.task

    @property
    def unit_sigma(self) -> float | None:
        """Sigma in units of an image in [0, 1]."""
        return None if self.sigma is None else self.sigma / GREY_LEVELS


def require_task(task: Task, scale: int | None, sigma: float | None) -> int:
    """Return the scale of a run that was asked for a task, 1 where nothing is enlarged.

    Raises:
        InvalidSetting: the scale is missing, or a setting belongs to another task.
    """
    if task == "upscale" and scale is None:
        raise InvalidSetting(
            "--task upscale wants to know how far", hint="add --scale 2, --scale 3 or --scale 4"
        )
    if task != "upscale" and scale is not None:
        raise InvalidSetting(
            f"--scale {scale} is for enlarging, not to {task}", hint="add --task upscale"
        )
    if task != "denoise" and sigma is not None:
        raise InvalidSetting(f"--sigma {sigma:g} is for noise, not to {task}", hint="leave it out")
    return scale or 1
