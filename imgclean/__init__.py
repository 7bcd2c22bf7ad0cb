"""Cleans noise out of images; every denoiser is a plugin.

The names below are imported when they are first used, so that a plugin which only needs
`hookimpl` does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgclean.api import denoise, load
    from imgclean.errors import ImgcleanError
    from imgclean.extension.checkpoints import ForeignCheckpoint, Recognised
    from imgclean.extension.hookspecs import hookimpl
    from imgclean.extension.model_info import HOOK_API, ModelInfo, Published, Tiling
    from imgclean.extension.requests import (
        DenoiseRequest,
        Raster,
        TrainJob,
        TrainResult,
        Window,
    )

__version__ = "0.1.0"

__all__ = [
    "HOOK_API",
    "DenoiseRequest",
    "ForeignCheckpoint",
    "ImgcleanError",
    "ModelInfo",
    "Published",
    "Raster",
    "Recognised",
    "Tiling",
    "TrainJob",
    "TrainResult",
    "Window",
    "__version__",
    "denoise",
    "hookimpl",
    "load",
]

_HOME = {
    "HOOK_API": "extension.model_info",
    "DenoiseRequest": "extension.requests",
    "ForeignCheckpoint": "extension.checkpoints",
    "ImgcleanError": "errors",
    "ModelInfo": "extension.model_info",
    "Published": "extension.model_info",
    "Raster": "extension.requests",
    "Recognised": "extension.checkpoints",
    "Tiling": "extension.model_info",
    "TrainJob": "extension.requests",
    "TrainResult": "extension.requests",
    "Window": "extension.requests",
    "denoise": "api",
    "hookimpl": "extension.hookspecs",
    "load": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
