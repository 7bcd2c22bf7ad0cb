"""What the core hands to a plugin's hooks. Types only: nothing here imports torch or numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray

    from imgclean.events import Emit
    from imgclean.extension.model_info import ModelInfo, Precision, Task


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of an image, in pixels from its top left corner."""

    x: int
    y: int
    width: int
    height: int


class Raster(Protocol):
    """An image that can be read window by window, so that it need not fit into memory."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return float32[C, h, w], nominally in [0, 1]. The window lies inside the image."""


class RunTiles(Protocol):
    """One pass of a function over an image, tile by tile."""

    def __call__(
        self,
        function: Callable[[torch.Tensor], torch.Tensor],
        raster: Raster,
        halo: int,
        alignment: int = 1,
        *,
        share: float = 1.0,
    ) -> Raster:
        """Return the image whose tiles `function` computes, when it is read or returned.

        Args:
            function: float[N, C, h, w] to float[N, C', h, w], on the run's device.
            raster: the input.
            halo: pixels of context that every output pixel depends on.
            alignment: tile origins are multiples of it.
            share: what part of all passes' work it is, for the progress that is shown.
        """


class MeanOverTiles(Protocol):
    """One pass of a function over an image, of whose result only the mean is kept."""

    def __call__(
        self,
        function: Callable[[torch.Tensor], torch.Tensor],
        raster: Raster,
        halo: int,
        alignment: int = 1,
        *,
        share: float = 1.0,
    ) -> NDArray[np.float64]:
        """Return the mean of each channel over the image, float64[C']; arguments as `RunTiles`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiseRequest:
    """How one image is to be cleaned.

    Attributes:
        sigma: noise standard deviation in units of the image's [0, 1], or None for blind.
        task: what is asked for.
        scale: enlargement factor of the task `upscale`, else 1.
        device: torch device string.
        precision: the precision that the model was prepared in.
        options: the model options of the weight set, with those of the run laid over them.
        run_tiles: runs a function over a raster in tiles.
        mean_over_tiles: does so too, and returns the mean of each channel over the image.
        advance: told what share of the whole work was done in no pass, for the progress that is
            shown; raises where the user has asked to stop.
        clean: the clean image, where an evaluation has it: for what no other run can be given.
    """

    sigma: float | None
    task: Task
    scale: int
    device: str
    precision: Precision
    options: Mapping[str, Any]
    run_tiles: RunTiles
    mean_over_tiles: MeanOverTiles
    advance: Callable[[float], None]
    clean: Raster | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """One stage of a training run, as a plugin sees it.

    Attributes:
        recipe: the validated recipe of the stage.
        stage: its index; 0 in a run of one stage.
        model: what is trained.
        network: where the stage begins: fresh, or as the weight set to begin from or the stage
            before left it.
        data: folders of clean images.
        output: the run folder.
        emit: where progress is reported.
        device: torch device string.
        checkpoint: where the plugin writes its checkpoints; if the file is there, it goes on from
            it.
    """

    recipe: Any
    stage: int
    model: ModelInfo
    network: torch.nn.Module
    data: tuple[Path, ...]
    output: Path
    emit: Emit
    device: str
    checkpoint: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainResult:
    """What a training run made.

    Attributes:
        network: the trained module, in eval mode.
        steps: optimiser steps taken.
        seconds: time spent in the loop, over all resumptions.
    """

    network: torch.nn.Module
    steps: int
    seconds: float
