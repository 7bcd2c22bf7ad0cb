"""Installed models that can be a part of another model's network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgclean.errors import ImgcleanError, InvalidSetting
from imgclean.extension.loader import load_plugins
from imgclean.weightsets.network import build_network, tiling_of, validate_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from imgclean.extension.model_info import ModelInfo, Tiling


def inner_model(name: str, *, part: str, option: str) -> ModelInfo:
    """Return an installed model that cleans an image in one pass.

    Args:
        name: of the model.
        part: which part it would be, as `GradNet's naive block`, for errors.
        option: the model option that names it, for hints.

    Raises:
        UnknownModel, AmbiguousModel, PluginBroken: there is none of that name that can be used.
        InvalidSetting: it needs passes of its own over an image.
    """
    registry = load_plugins()
    try:
        model = registry.model(name)
    except ImgcleanError as error:
        raise error.about(part) from error
    if registry.own_hook("imgclean_denoise", model.plugin):
        raise InvalidSetting(
            f"{part}: {name} cleans an image in a way of its own",
            hint=f"take another model for {option}",
        )
    return model.info


def inner_network(info: ModelInfo, options: Mapping[str, Any]) -> torch.nn.Module:
    """Return the network of an inner model, with fresh weights: `forward(x, sigma)`.

    Raises:
        InvalidSetting: the options are not valid.
        PluginBroken: the plugin's factory raised.
    """
    return build_network(info, validate_options(info, options))


def inner_tiling(info: ModelInfo, options: Mapping[str, Any]) -> Tiling:
    """Return how images may be cut for it.

    Raises:
        InvalidSetting: the options are not valid.
    """
    return tiling_of(info, validate_options(info, options))
