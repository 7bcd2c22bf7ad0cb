"""The models whose speed `inference.py` compares, in colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from imgclean.degradation.gaussian import GREY_LEVELS
from imgclean.evaluation.multiplications import multiplications_per_pixel
from imgclean.weightsets.catalogue import WeightSet, installed, weightless
from imgclean.weightsets.config import WeightSetConfig
from imgclean.weightsets.network import (
    build_network,
    load_network,
    tiling_of,
    validate_options,
)
from imgclean.weightsets.store import write_weight_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from imgclean.extension.model_info import ModelInfo
    from imgclean.extension.registry import Registry

DNCNN = {"channels": 3, "depth": 20, "width": 64, "batch_norm": True}


@dataclass(frozen=True)
class Subject:
    """A model with weights.

    Attributes:
        info: the model.
        weights: its weight set.
        network: the network of both, in float32, as its paper has it.
        multiplications: for each pixel.
        hook: the plugin's own way through an image, if it has one.
        sigma: of the noise in grey levels, for a noise-aware network.
    """

    info: ModelInfo
    weights: WeightSet
    network: torch.nn.Module
    multiplications: int
    hook: Callable[..., Any] | None
    sigma: float

    def inputs(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return what the network takes: float[N, C, H, W], and the noise level if it uses it."""
        level = torch.full((x.shape[0],), self.sigma / GREY_LEVELS)
        return (x, level) if self.info.noise_aware else (x,)

    def function(
        self, x: torch.Tensor, network: Callable[..., torch.Tensor] | None = None
    ) -> Callable[[], torch.Tensor]:
        """Return what cleans float[N, C, H, W] by the network, or by another form of it."""
        inputs = self.inputs(x)
        form = self.network if network is None else network

        def clean() -> torch.Tensor:
            with torch.no_grad():
                return form(*inputs)

        return clean


def subject_of(
    registry: Registry, name: str, folder: Path, sigma: float, options: dict[str, Any] | None = None
) -> Subject:
    """Return a model with its preferred weight set for colour; without one, with fresh weights.

    Args:
        registry: where the model is.
        name: of the model.
        folder: for fresh weights.
        sigma: as of `Subject`.
        options: of the network with fresh weights; a weight set is then not looked for.
    """
    model = registry.model(name)
    weights = _weights(model.info, folder, options)
    network = load_network(model.info, weights)
    tiling = tiling_of(model.info, validate_options(model.info, weights.config.options))
    return Subject(
        info=model.info,
        weights=weights,
        network=network,
        multiplications=multiplications_per_pixel(network, 3, tiling, sigma / GREY_LEVELS),
        hook=registry.own_hook("imgclean_denoise", model.plugin),
        sigma=sigma,
    )


def _weights(info: ModelInfo, folder: Path, options: dict[str, Any] | None) -> WeightSet:
    if not info.needs_weights:
        return weightless(info, 3)
    found = [each for each in installed().of_model(info.name) if each.config.channels == 3]
    if found and options is None:
        return found[0]
    return fresh_set(info, folder, options or {"channels": 3})


def fresh_set(info: ModelInfo, folder: Path, options: dict[str, Any]) -> WeightSet:
    """Return a weight set of a network that has not been trained, in a folder of that folder."""
    config = WeightSetConfig(
        name=f"{info.name}-fresh",
        model=info.name,
        sha256="0" * 64,
        noise="gaussian:0-55",
        channels=options["channels"],
        options=options,
    )
    network = build_network(info, validate_options(info, config.options))
    return write_weight_set(folder / config.name, config, network, "float32")
