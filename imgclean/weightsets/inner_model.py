"""Installed models that can be a part of another model's network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import ImgcleanError, InvalidSetting
from imgclean.extension.loader import load_plugins

if TYPE_CHECKING:
    from imgclean.extension.model_info import ModelInfo


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
