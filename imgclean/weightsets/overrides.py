"""A weight set with other options of its model than those that it was trained with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from imgclean.errors import InvalidSetting
from imgclean.extension.import_string import resolve
from imgclean.weightsets.network import validate_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgclean.extension.model_info import ModelInfo
    from imgclean.weightsets.catalogue import WeightSet

_CHANNELS = "channels"


def with_options(info: ModelInfo, weights: WeightSet, options: Mapping[str, Any]) -> WeightSet:
    """Return a weight set as it is used with other options; its tensors stay the same.

    That they fit the options shows when the network is loaded, see `load_network`.

    Args:
        info: the model.
        weights: a weight set of it.
        options: values by name, laid over the set's own.

    Raises:
        InvalidSetting: the model has no such option, it cannot take the value, or it is
            `channels`, on which the choice of the set rests.
    """
    if not options:
        return weights
    fields = getattr(resolve(info.options), "model_fields", {})
    known = [name for name in fields if name != _CHANNELS]
    for name in options:
        if name == _CHANNELS:
            raise InvalidSetting(
                f"{_CHANNELS} cannot be set: {weights.name} is for {weights.config.channels}",
                hint="name another weight set",
            )
        if name not in known:
            raise InvalidSetting(
                f"{info.name} has no option {name!r}",
                hint=f"its options are {', '.join(known)}" if known else "it has none to set",
            )
    changed = dataclasses.replace(weights, overrides=dict(options))
    validate_options(info, changed.options)
    return changed
