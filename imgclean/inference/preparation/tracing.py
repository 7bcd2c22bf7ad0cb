"""From a module to a graph of its layers, as far as it can be understood."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import fx, nn

if TYPE_CHECKING:
    from collections.abc import Iterator


class NotUnderstood(Exception):
    """The module does what a graph cannot hold."""


def trace(module: nn.Module) -> fx.GraphModule:
    """Return a module of the same function that consists of a graph and of torch's layers.

    A layer that is not torch's becomes part of the graph; one that decides by the values or the
    shape that it is given, or that enters autocast, stays in it as it is, whole.

    Raises:
        NotUnderstood: `module` itself is such a layer.
    """
    tracer = _Tracer()
    try:
        with _refusing_autocast():
            return fx.GraphModule(module, tracer.trace(module))
    except Exception as error:  # a forward that meets a proxy raises anything
        raise NotUnderstood(type(module).__name__) from error


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return super().is_leaf_module(m, module_qualified_name) or not _is_understood(m)


def _is_understood(module: nn.Module) -> bool:
    try:
        trace(module)
    except NotUnderstood:
        return False
    return True


@contextmanager
def _refusing_autocast() -> Iterator[None]:
    """Have modules that choose their own precision fail to be traced; a graph would forget it."""
    enter = torch.autocast.__enter__

    def refuse(_: torch.autocast) -> None:
        raise NotUnderstood("autocast")

    torch.autocast.__enter__ = refuse  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.autocast.__enter__ = enter  # type: ignore[method-assign]
