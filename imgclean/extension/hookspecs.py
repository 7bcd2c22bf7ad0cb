"""The hooks that a plugin may implement (hook API 1).

A plugin is a distribution with an entry point in the group `imgclean.plugins`; the object it
names, usually a module, carries functions marked with `imgclean.hookimpl`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

    from imgclean.extension.model_info import ModelInfo
    from imgclean.extension.requests import DenoiseRequest, Raster, TrainJob, TrainResult

PROJECT = "imgclean"
ENTRY_POINT_GROUP = "imgclean.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def imgclean_models() -> Iterable[ModelInfo]:  # type: ignore[empty-body]
    """Return the models that this plugin offers. Required; must not import torch."""


@hookspec(firstresult=True)
def imgclean_denoise(model: Any, image: Raster, request: DenoiseRequest) -> Raster | None:
    """Return the clean image, or None to have the core run one pass of tiles.

    Args:
        model: the `torch.nn.Module`, prepared: on its device, in its precision, in eval mode.
        image: windows of float32[C, h, w], nominally in [0, 1], on the CPU.
        request: sigma, device, precision, options, and `run_tiles` for passes of one's own.
    """


@hookspec(firstresult=True)
def imgclean_train(job: TrainJob) -> TrainResult | None:
    """Train a model in the plugin's own way, or return None for the core's supervised loop."""


@hookspec(firstresult=True)
def imgclean_recipes() -> Mapping[str, Traversable] | None:
    """Return training recipes (TOML files) by name."""


@hookspec
def imgclean_commands(app: Any) -> None:
    """Add commands to the Typer application `app`."""
