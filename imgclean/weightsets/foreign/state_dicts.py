"""The state dict in what was saved with it: the epoch, the optimiser, a second network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from imgclean.errors import CheckpointRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CONTAINERS = (  # averaged parameters first: they are what a training is judged by
    "params_ema",
    "params",
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
)
_OWN_TRAINING = frozenset({"stage", "step", "network", "average", "optimisers"})
_DEEPEST = 8


def state_dict_in(loaded: object, path: Path) -> Mapping[str, object]:
    """Return the state dict in what `torch.load` returned.

    Raises:
        CheckpointRefused: there is none, or it is the state of one of our own training runs.
    """
    for _ in range(_DEEPEST):
        if not isinstance(loaded, dict) or not loaded:
            break
        if loaded.keys() >= _OWN_TRAINING:
            raise CheckpointRefused(
                f"{path} is the state of a training run of imgclean, no weight set",
                hint=f"name its run folder, {path.parent}/",
            )
        inner = next((key for key in _CONTAINERS if isinstance(loaded.get(key), dict)), None)
        if inner is None:
            break
        loaded = loaded[inner]
    if not isinstance(loaded, dict) or not _are_named(loaded):
        raise CheckpointRefused(
            f"{path} holds no state dict, but {_kind(loaded)}",
            hint="save one with torch.save(network.state_dict(), 'weights.pth')",
        )
    return loaded


def _are_named(found: Mapping[object, object]) -> bool:
    """Whether all is named and something is a tensor."""
    return all(isinstance(each, str) for each in found) and any(
        isinstance(each, torch.Tensor) for each in found.values()
    )


def _kind(loaded: object) -> str:
    if isinstance(loaded, dict) and loaded:
        names = ", ".join(str(each) for each in list(loaded)[:3])
        return f"a dict of {names}{', ...' * (len(loaded) > 3)}"
    return f"a {type(loaded).__name__}"
