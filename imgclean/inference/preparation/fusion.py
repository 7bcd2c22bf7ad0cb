"""Finds convolutions in a graph together with what can be computed along with them."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import fx, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

if TYPE_CHECKING:
    from collections.abc import Callable

_ADDITIONS = {
    "call_function": (operator.add, torch.add),  # `+=` too: a graph has it as a sum
    "call_method": ("add", "add_"),
}
_RELUS = {
    "call_function": (torch.relu, torch.relu_, functional.relu, functional.relu_),
    "call_method": ("relu", "relu_"),
}
_LEAKY_RELUS = (functional.leaky_relu, functional.leaky_relu_)


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution and what follows it: out = max(y, slope * y), y = conv(x) [+ other].

    Attributes:
        layer: the convolution, a batch norm after it folded in.
        slope: of negative values: 1 for no activation, 0 for ReLU.
    """

    layer: nn.Conv2d
    slope: float


def fuse_convolutions(graph: fx.GraphModule, make: Callable[[Convolution], nn.Module]) -> None:
    """Replace, in place, the graph's convolutions and what follows each.

    Args:
        graph: in eval mode.
        make: from the description to a module with `forward(x)`, or `forward(x, other)`.
    """
    layers = [(node, _layer(graph, node)) for node in graph.graph.nodes]
    found = [(node, each) for node, each in layers if type(each) is nn.Conv2d]
    for number, (node, layer) in enumerate(found):
        chain = _Chain.of(graph, node, layer)
        name = f"fused_{number}"
        graph.add_module(name, make(chain.described))
        chain.replace(name)
    graph.delete_all_unused_submodules()
    graph.recompile()


def is_relu(graph: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node sets what is negative to 0."""
    return isinstance(_layer(graph, node), nn.ReLU) or node.target in _RELUS.get(node.op, ())


def changes_its_input(graph: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node writes to what it reads, as `relu_` does."""
    if node.op == "call_module":
        return bool(getattr(_layer(graph, node), "inplace", False))
    name = node.target if node.op == "call_method" else getattr(node.target, "__name__", "")
    return str(name).endswith("_") and not str(name).endswith("__")


@dataclass(slots=True)
class _Chain:
    """Nodes that become one."""

    nodes: list[fx.Node]
    described: Convolution
    other: fx.Node | None

    @classmethod
    def of(cls, graph: fx.GraphModule, first: fx.Node, layer: nn.Conv2d) -> _Chain:
        """Follow a convolution as long as nothing else uses what is between."""
        nodes, other, slope = [first], None, 1.0
        following = _only_user(first)
        norm = _layer(graph, following)
        if following and isinstance(norm, nn.BatchNorm2d) and norm.track_running_stats:
            layer = fuse_conv_bn_eval(layer, norm)
            nodes.append(following)
            following = _only_user(following)
        if following is not None and (other := _other_term(following, nodes[-1])) is not None:
            nodes.append(following)
            following = _only_user(following)
        if following is not None and (found := _slope(graph, following)) is not None:
            slope = found
            nodes.append(following)
        return cls(nodes, Convolution(layer, slope), other)

    def replace(self, name: str) -> None:
        """Put a call of the submodule in the place of the last node."""
        first, last = self.nodes[0], self.nodes[-1]
        arguments = first.args if self.other is None else (*first.args, self.other)
        with last.graph.inserting_after(last):
            call = last.graph.call_module(name, arguments, first.kwargs)
        last.replace_all_uses_with(call)
        for node in reversed(self.nodes):
            node.graph.erase_node(node)


def _layer(graph: fx.GraphModule, node: fx.Node | None) -> nn.Module | None:
    """Return the module that a node calls."""
    if node is None or node.op != "call_module":
        return None
    return graph.get_submodule(str(node.target))


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _other_term(node: fx.Node, term: fx.Node) -> fx.Node | None:
    """Return what is added to `term`, if `node` is that sum of two tensors."""
    if node.target not in _ADDITIONS.get(node.op, ()) or len(node.args) != 2 or node.kwargs:
        return None
    mutated, added = node.args
    other = added if mutated is term else mutated
    if not isinstance(other, fx.Node) or other is term:
        return None
    if node.target == "add_" and mutated is other and len(other.users) > 1:
        return None  # whoever else looks at it would see the sum
    return other


def _slope(graph: fx.GraphModule, node: fx.Node) -> float | None:
    """Return the slope of negative values, if `node` is a ReLU or a leaky one."""
    if is_relu(graph, node):
        return 0.0
    layer: Any = _layer(graph, node)
    if isinstance(layer, nn.LeakyReLU):
        return float(layer.negative_slope)
    if node.op == "call_function" and node.target in _LEAKY_RELUS:
        given = node.args[1] if len(node.args) > 1 else node.kwargs.get("negative_slope", 0.01)
        return float(given) if isinstance(given, (int, float)) else None
    return None
