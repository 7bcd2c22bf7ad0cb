"""From a module to a graph of its layers, as far as it can be understood."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import torch
from torch import fx, nn

_Known = dict[nn.Module, bool]  # whether a module can be understood


class NotUnderstood(Exception):
    """The module does what a graph cannot hold."""


def trace(module: nn.Module) -> fx.GraphModule:
    """Return a module of the same function that consists of a graph and of torch's layers.

    A layer that is not torch's becomes part of the graph; one that decides by the values or the
    shape that it is given, or that enters autocast, stays in it as it is, whole.

    Raises:
        NotUnderstood: `module` itself is such a layer.
    """
    return _traced(module, {})


def _traced(module: nn.Module, known: _Known) -> fx.GraphModule:
    with ExitStack() as autocast:  # within it, also a layer that leaves it is found
        for kind in _autocast_devices():
            autocast.enter_context(torch.autocast(kind, torch.bfloat16))
        try:
            return fx.GraphModule(module, _Tracer(known).trace(module))
        except Exception as error:  # a forward that meets a proxy raises anything
            raise NotUnderstood(type(module).__name__) from error


class _Tracer(fx.Tracer):
    def __init__(self, known: _Known) -> None:
        super().__init__()
        self._known = known
        self._autocast = _autocast_state()

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return super().is_leaf_module(m, module_qualified_name) or not self._is_understood(m)

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        """Refuse a layer that chooses its own precision: a graph would forget it."""
        if _autocast_state() != self._autocast:
            raise NotUnderstood("autocast")
        return super().create_node(*args, **kwargs)

    def _is_understood(self, module: nn.Module) -> bool:
        if module not in self._known:
            try:
                _traced(module, self._known)
            except NotUnderstood:
                self._known[module] = False
            else:
                self._known[module] = True
        return self._known[module]


def _autocast_devices() -> list[str]:
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def _autocast_state() -> list[tuple[bool, torch.dtype]]:
    """Return whether autocast is on, and to what, in this thread."""
    kinds = _autocast_devices()
    return [(torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in kinds]
