"""Rewrites a network into one that computes the same, and is quicker at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from imgclean.inference.preparation.fusion import fuse_convolutions
from imgclean.inference.preparation.gates import fuse_gates
from imgclean.inference.preparation.joining import activate_parts, join_parallel
from imgclean.inference.preparation.strips import InStrips, for_strips
from imgclean.inference.preparation.tracing import NotUnderstood, trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import fx

    from imgclean.inference.preparation.fusion import Convolution


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What else is changed, where it is of use.

    Attributes:
        joins: convolutions beside each other become one.
        strip: pixels of a strip, where what looks beyond a pixel in the image only is computed
            strip by strip; 0 for the whole image.
    """

    joins: bool = False
    strip: int = 0


_AS_IT_IS = Arrangement()


def rewrite(
    module: nn.Module,
    make: Callable[[Convolution], nn.Module],
    arrangement: Arrangement = _AS_IT_IS,
) -> nn.Module:
    """Return the module with every convolution, and what follows it, made anew.

    What cannot be understood stays as it is; what lies in it is rewritten part by part.

    Args:
        module: in eval mode; its children may be replaced.
        make: as for `fuse_convolutions`.
        arrangement: what else is changed.
    """
    if type(module) is nn.Conv2d:
        module = nn.Sequential(module)  # so that the graph has it as a layer
    if not any(module.children()):
        return module
    try:
        graph = trace(module)
    except NotUnderstood:
        return rewrite_children(module, make, arrangement)
    for layer in _layers(graph):
        rewrite_children(layer, make, arrangement)
    if arrangement.joins:
        join_parallel(graph)
    activate_parts(graph)
    context = for_strips(graph) if arrangement.strip else 0
    fuse_convolutions(graph, make)
    fuse_gates(graph)
    return InStrips(graph, context, arrangement.strip) if context else graph


def rewrite_children(
    module: nn.Module,
    make: Callable[[Convolution], nn.Module],
    arrangement: Arrangement = _AS_IT_IS,
) -> nn.Module:
    """Rewrite, in place, what lies in a module, which itself stays as it is; return it."""
    for name, child in module.named_children():
        setattr(module, name, rewrite(child, make, arrangement))
    return module


def _layers(graph: fx.GraphModule) -> set[nn.Module]:
    """Return the modules that a graph calls."""
    nodes = graph.graph.nodes
    return {graph.get_submodule(str(each.target)) for each in nodes if each.op == "call_module"}
