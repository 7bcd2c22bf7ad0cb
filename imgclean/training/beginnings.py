"""How a network begins a stage: what it inherits, and what stays as it is."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting
from imgclean.events import Note

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from imgclean.events import Emit


def inherit(network: torch.nn.Module, earlier: Mapping[str, torch.Tensor], emit: Emit) -> None:
    """Let a network begin as another one ended, where names and shapes are the same.

    Raises:
        InvalidSetting: nothing is the same.
    """
    own = network.state_dict()
    same = {
        name: tensor
        for name, tensor in earlier.items()
        if name in own and own[name].shape == tensor.shape
    }
    if own and not same:
        raise InvalidSetting(
            "the network to begin from is another one: nothing of it fits",
            hint="stages may change options that keep names and shapes of some layers",
        )
    network.load_state_dict(same, strict=False)
    fresh = len(own) - len(same)
    if fresh:
        emit(Note(message=f"{len(same)} tensors are inherited, {fresh} begin fresh"))


def freeze_parameters(network: torch.nn.Module, patterns: tuple[str, ...]) -> None:
    """Let matching parameters stay as they are, and the statistics of layers that have no other.

    Raises:
        InvalidSetting: a pattern matches nothing, or all is frozen.
    """
    names = [name for name, _ in network.named_parameters()]
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in names):
            raise InvalidSetting(
                f"no parameter matches {pattern!r}, which is to be frozen",
                hint=f"there is {', '.join(names[:4])}, ...",
            )
    for name, parameter in network.named_parameters():
        if any(fnmatch(name, pattern) for pattern in patterns):
            parameter.requires_grad = False
    if not any(each.requires_grad for each in network.parameters()):
        raise InvalidSetting("every parameter is frozen", hint="freeze fewer")
    for module in network.modules():
        own = list(module.parameters(recurse=False))
        if own and not any(each.requires_grad for each in own):
            module.eval()
