"""How a network begins a stage: what it inherits, and what stays as it is."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import torch

from imgclean.errors import InvalidSetting
from imgclean.events import Note
from imgclean.extension.loader import load_plugins
from imgclean.training.stages import FRESH
from imgclean.weightsets.catalogue import find, installed
from imgclean.weightsets.network import build_network, load_tensors, validate_options
from imgclean.weightsets.store import read_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgclean.events import Emit
    from imgclean.extension.model_info import ModelInfo
    from imgclean.training.recipe import Recipe


def begin_network(
    recipe: Recipe,
    index: int,
    info: ModelInfo,
    before: Mapping[str, torch.Tensor] | None,
    emit: Emit,
) -> torch.nn.Module:
    """Return the network with which a stage begins, on the CPU.

    Args:
        recipe: of the whole run.
        index: of the stage.
        info: the model.
        before: the tensors that the stage before has made, if they are at hand.
        emit: gets a note where a part of the network begins fresh.

    Raises:
        InvalidSetting: the options do not fit the model, or nothing of what it is to begin from
            fits the network.
        WeightsIncompatible: the run's weight set to begin from does not fit, and the first stage
            has not other options.
        ImgcleanError: what it is to begin from cannot be read, see `find`.
    """
    stage = recipe.runs[index]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stage.seed + index)
        network = build_network(info, validate_options(info, stage.options))
    of_stage = recipe.stages[index] if recipe.stages else None
    init, into = (of_stage.init, of_stage.into) if of_stage is not None else (None, None)
    if init == FRESH:
        return network
    of_part = {}
    if init is not None:
        of_part = _fitting(network, _tensors_of(init, into, info))
    if init is not None and into is None:
        inherit(network, of_part, emit)
    elif before is not None:
        inherit(network, {**before, **of_part}, emit)
    elif not index and recipe.init is not None:
        weights = find(recipe.init, installed(), (info,))
        if of_stage is None or (into is None and "options" not in of_stage.changes):
            load_tensors(info, network, weights)
        else:  # another network than its, or with a part of another set
            inherit(network, {**read_tensors(weights), **of_part}, emit)
    elif of_part:
        inherit(network, of_part, emit)
    return network


def begins_trained(recipe: Recipe, index: int) -> bool:
    """Whether a stage goes on from weights that were trained, and not from fresh ones alone."""
    init = recipe.stages[index].init if recipe.stages else None
    if init is None:
        return index > 0 or recipe.init is not None
    return init != FRESH


def _tensors_of(reference: str, into: str | None, info: ModelInfo) -> dict[str, torch.Tensor]:
    """Return a set's tensors under the names that they have in the network, or in a part of it."""
    if into is None:
        return read_tensors(find(reference, installed(), (info,)))
    tensors = read_tensors(find(reference, installed(), load_plugins().infos()))
    return {f"{into}.{name}": each for name, each in tensors.items()}


def inherit(network: torch.nn.Module, earlier: Mapping[str, torch.Tensor], emit: Emit) -> None:
    """Let a network begin as another one ended, where names and shapes are the same.

    Raises:
        InvalidSetting: nothing is the same.
    """
    same = _fitting(network, earlier)
    network.load_state_dict(same, strict=False)
    fresh = len(network.state_dict()) - len(same)
    if fresh:
        emit(Note(message=f"{len(same)} tensors are inherited, {fresh} begin fresh"))


def _fitting(
    network: torch.nn.Module, tensors: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Return what has name and shape of a tensor of the network.

    Raises:
        InvalidSetting: nothing has.
    """
    own = network.state_dict()
    same = {
        name: tensor
        for name, tensor in tensors.items()
        if name in own and own[name].shape == tensor.shape
    }
    if own and not same:
        raise InvalidSetting(
            "the network to begin from is another one: nothing of it fits",
            hint="stages may change options that keep names and shapes of some layers",
        )
    return same


def freeze_parameters(network: torch.nn.Module, patterns: tuple[str, ...]) -> None:
    """Let matching parameters stay as they are, and the statistics of layers that have no other.

    Raises:
        InvalidSetting: a pattern matches nothing, or all is frozen.
    """
    names = [name for name, _ in network.named_parameters()]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise InvalidSetting(
                f"no parameter matches {pattern!r}, which is to be frozen",
                hint=f"there is {', '.join(names[:4])}, ...",
            )
    for name, parameter in network.named_parameters():
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            parameter.requires_grad = False
    if not any(each.requires_grad for each in network.parameters()):
        raise InvalidSetting("every parameter is frozen", hint="freeze fewer")
    for module in network.modules():
        own = list(module.parameters(recurse=False))
        if own and not any(each.requires_grad for each in own):
            module.eval()
