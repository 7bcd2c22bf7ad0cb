"""From a model's description and a weight set to a `torch.nn.Module`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from imgclean.errors import (
    ImgcleanError,
    InvalidSetting,
    PluginBroken,
    WeightsIncompatible,
    one_line,
)
from imgclean.extension.import_string import resolve
from imgclean.extension.model_info import ModelInfo, Tiling
from imgclean.weightsets.config import list_mistakes
from imgclean.weightsets.store import read_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from imgclean.weightsets.catalogue import WeightSet


_Made = TypeVar("_Made")


def validate_options(info: ModelInfo, options: Mapping[str, Any]) -> BaseModel:
    """Return the model's options, its defaults filled in.

    Raises:
        InvalidSetting: an option is unknown or has a value that it cannot take.
    """
    kind = cast("type[BaseModel]", resolve(info.options))
    try:
        return kind.model_validate(dict(options))
    except ValidationError as error:
        raise InvalidSetting(
            f"options of {info.name}: {list_mistakes(error)}",
            hint=f"see `imgclean models {info.name}`",
        ) from error


def channels_of(info: ModelInfo, options: Mapping[str, Any]) -> int:
    """Return the image channels of the network that is built with these options.

    Raises:
        InvalidSetting: as `validate_options`.
    """
    return int(validate_options(info, options).channels)  # type: ignore[attr-defined]


def tiling_of(info: ModelInfo, options: BaseModel) -> Tiling:
    """Return how images may be cut for the model built with these options."""
    if isinstance(info.tiling, Tiling):
        return info.tiling
    function = cast("Callable[[BaseModel], Tiling]", resolve(info.tiling))
    return _call_plugin(info, "tiling", lambda: function(options))


def build_network(info: ModelInfo, options: BaseModel) -> torch.nn.Module:
    """Return the model's network, with fresh weights, in train mode.

    Raises:
        PluginBroken: the plugin's factory cannot be imported, or raised.
    """
    factory = cast("Callable[..., torch.nn.Module]", resolve(info.factory))
    return _call_plugin(info, "factory", lambda: factory(**options.model_dump()))


def takes_clean(network: torch.nn.Module) -> bool:
    """Whether `forward` takes the clean images too, to show what could be reached with them."""
    return "clean" in inspect.signature(network.forward).parameters


def load_network(info: ModelInfo, weights: WeightSet) -> torch.nn.Module:
    """Return the trained network in float32 and eval mode.

    Raises:
        WeightsCorrupt: the file is missing, damaged or not the one that the config names.
        WeightsIncompatible: its tensors do not fit the network, or not with its overrides.
    """
    network = build_network(info, validate_options(info, weights.options))
    if not info.needs_weights:
        return network.eval()
    if weights.overrides:
        _require_same_tensors(info, network, weights)
    load_tensors(info, network, weights)
    return network.eval()


def load_tensors(info: ModelInfo, network: torch.nn.Module, weights: WeightSet) -> None:
    """Put a set's tensors into a network of that model.

    Raises: as `load_network`.
    """
    tensors = read_tensors(weights)
    problem = _first_difference(_tensors_of(network), tensors)
    if problem:
        raise WeightsIncompatible(
            f"{weights.file} does not fit {info.name}: {problem}",
            hint="the set's options and its tensors come from different networks",
        )
    network.load_state_dict(tensors, strict=False)


def _call_plugin(info: ModelInfo, part: str, call: Callable[[], _Made]) -> _Made:
    try:
        return call()
    except ImgcleanError:
        raise
    except Exception as error:
        raise PluginBroken(
            f"the {part} of model {info.name} failed: {one_line(error)}",
            hint="report it to the plugin's authors",
        ) from error


def _require_same_tensors(info: ModelInfo, network: torch.nn.Module, weights: WeightSet) -> None:
    """Refuse overrides that ask for other tensors than the set's own options do."""
    own = build_network(info, validate_options(info, weights.config.options))
    problem = _first_difference(_tensors_of(network), _tensors_of(own))
    if problem:
        raise WeightsIncompatible(
            f"{weights.name} does not fit {info.name} with "
            f"{', '.join(weights.described_overrides)}: {problem}",
            hint="an option that changes the weights belongs to training",
        )


def _tensors_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return what a weight set holds of a network."""
    return {
        name: tensor
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def _first_difference(
    expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]
) -> str:
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            return f"it lacks {name}"
        if name not in expected:
            return f"it has {name}, which the network lacks"
        if expected[name].shape != found[name].shape:
            return f"{name} is {tuple(found[name].shape)}, not {tuple(expected[name].shape)}"
    return ""
