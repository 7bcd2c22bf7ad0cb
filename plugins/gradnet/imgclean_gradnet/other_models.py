"""Installed models that can be the naive block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import ImgcleanError, InvalidSetting
from imgclean.extension.loader import load_plugins

if TYPE_CHECKING:
    from imgclean import ModelInfo


def model_of_naive(name: str) -> ModelInfo:
    """Return an installed model that cleans an image in one pass.

    Raises:
        UnknownModel, AmbiguousModel, PluginBroken: there is none of that name that can be used.
        InvalidSetting: it needs passes of its own over an image.
    """
    registry = load_plugins()
    try:
        model = registry.model(name)
    except ImgcleanError as error:
        raise error.about("GradNet's naive block") from error
    if registry.own_hook("imgclean_denoise", model.plugin):
        raise InvalidSetting(
            f"GradNet's naive block: {name} cleans an image in a way of its own",
            hint="take another model for options.naive",
        )
    return model.info
