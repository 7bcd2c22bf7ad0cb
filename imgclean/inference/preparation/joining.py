"""Convolutions whose results are put together: as one, or each with the ReLU behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import fx, nn

from imgclean.inference.preparation.fusion import is_relu
from imgclean.inference.preparation.geometry import keeps_size

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_ZEROS = 150  # multiplications for each result, which take as long as to write it once more


def join_parallel(graph: fx.GraphModule) -> None:
    """Replace, in place, each concatenation of convolutions of one tensor by one convolution.

    Its kernels have the largest one's size, those that were smaller a border of zeros. As long as
    these are few, they cost less, where matrices are multiplied in hardware, than to write every
    result twice.
    """
    for node in list(graph.graph.nodes):
        parts = _concatenated(node)
        layers = [_layer(graph, part) for part in parts]
        found = [each for each in layers if each is not None]
        if len(found) < 2 or len(found) < len(parts) or not _fit(parts, found):
            continue
        one = joined(found)
        zeros = one.weight.numel() - sum(each.weight.numel() for each in found)
        if zeros > _MOST_ZEROS * one.out_channels:
            continue
        name = f"joined_{node.name}"
        graph.add_module(name, one)
        with graph.graph.inserting_after(node):
            call = graph.graph.call_module(name, parts[0].args)
        node.replace_all_uses_with(call)
        for each in (node, *parts):
            graph.graph.erase_node(each)
    graph.recompile()


def activate_parts(graph: fx.GraphModule) -> None:
    """Move, in place, a ReLU of concatenated convolutions in front of the concatenation.

    There it is computed along with each of them.
    """
    for node in list(graph.graph.nodes):
        parts = _concatenated(node)
        layers = [_layer(graph, part) for part in parts]
        relu = next(iter(node.users)) if len(node.users) == 1 else None
        if not parts or None in layers or relu is None or not is_relu(graph, relu):
            continue
        for part in set(parts):
            with graph.graph.inserting_after(part):
                activated = graph.graph.call_function(torch.relu, (part,))
            node.replace_input_with(part, activated)
        relu.replace_all_uses_with(node)
        graph.graph.erase_node(relu)
    graph.recompile()


def joined(layers: Sequence[nn.Conv2d]) -> nn.Conv2d:
    """Return one convolution to the channels of all of them, in their order.

    Args:
        layers: of odd kernels, which keep the size of their input.
    """
    height, width = (max(each.kernel_size[axis] for each in layers) for axis in (0, 1))
    weights, biases = [], []
    for each in layers:
        above, left = (height - each.kernel_size[0]) // 2, (width - each.kernel_size[1]) // 2
        weights.append(nn.functional.pad(each.weight.detach(), (left, left, above, above)))
        bias = each.weight.new_zeros(each.out_channels) if each.bias is None else each.bias
        biases.append(bias.detach())
    one = nn.Conv2d(
        layers[0].in_channels,
        sum(each.out_channels for each in layers),
        (height, width),
        padding=(height // 2, width // 2),
        device=weights[0].device,
    )
    one.weight = nn.Parameter(torch.cat(weights), requires_grad=False)
    one.bias = nn.Parameter(torch.cat(biases), requires_grad=False)
    return one


def _concatenated(node: fx.Node) -> list[fx.Node]:
    """Return what a node puts together along the channels, if it does nothing else."""
    if node.op != "call_function" or node.target is not torch.cat:
        return []
    arguments: Any = (*node.args, *node.kwargs.values())
    if len(arguments) != 2 or arguments[1] != 1 or not isinstance(arguments[0], (list, tuple)):
        return []
    return list(arguments[0])


def _layer(graph: fx.GraphModule, node: fx.Node) -> nn.Conv2d | None:
    """Return the convolution that a node calls, if only the concatenation uses its result."""
    if node.op != "call_module" or len(node.users) != 1 or node.kwargs:
        return None
    layer = graph.get_submodule(str(node.target))
    return layer if type(layer) is nn.Conv2d else None


def _fit(parts: Sequence[fx.Node], layers: Sequence[nn.Conv2d]) -> bool:
    """Whether they see the same tensor, and are of the usual kind."""
    return (
        len(set(parts)) == len(parts)
        and len({part.args for part in parts}) == 1
        and all(
            each.groups == 1
            and set(each.dilation) == {1}
            and each.padding_mode == "zeros"
            and keeps_size(each)
            for each in layers
        )
    )
