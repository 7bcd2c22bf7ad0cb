"""`torch.compile`, at once or as soon as it repays."""

from __future__ import annotations

import os
import shutil
import time
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch

from imgclean.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from imgclean.inference.tile_functions import TileFunction

_PRICE = 20.0  # seconds that compiling for one tile shape may cost
_MOST_SHAPES = 8  # torch.compile gives up after as many


def can_compile(device: torch.device) -> bool:
    """Whether there is what `torch.compile` needs: a C++ compiler, or triton on a GPU."""
    if device.type == "cuda":
        return find_spec("triton") is not None
    compilers = (os.environ.get("CXX", ""), "c++", "g++", "clang++", "cl")
    return device.type == "cpu" and any(shutil.which(each) for each in compilers if each)


def compiled(network: nn.Module, device: torch.device) -> TileFunction:
    """Return a network that is compiled for each tile shape when it first meets it.

    It raises `InvalidSetting` if the compiler cannot.
    """
    from torch._dynamo.exc import TorchDynamoException  # seconds, for those who compile

    options: dict[str, Any] = {"freezing": True} if device.type == "cpu" else {}
    function = torch.compile(network, dynamic=False, options=options)

    def run(x: torch.Tensor) -> torch.Tensor:
        try:
            return function(x)  # type: ignore[no-any-return]
        except TorchDynamoException as error:
            reason = str(error).partition("\n")[0]  # what follows is for torch's own developers
            raise InvalidSetting(
                f"the network cannot be compiled: {reason}", hint="leave --backend out"
            ) from error

    return run


class CompiledInTime:
    """Computes without the compiler until that has cost as long as compiling would.

    So that neither a short run pays for a compiler, nor a long one goes without. A network that
    cannot be compiled stays with the other function.

    Args:
        function: to begin with.
        compile_it: returns the same, compiled.
        price: seconds that compiling takes for one shape.
    """

    def __init__(
        self, function: TileFunction, compile_it: Callable[[], TileFunction], price: float = _PRICE
    ) -> None:
        self._function = function
        self._compile = lru_cache(compile_it)
        self._price = price
        self._spent: dict[torch.Size, float] = {}

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the function returns."""
        if self._spent.get(x.shape, 0.0) >= self._price:
            try:
                return self._compile()(x)
            except Exception:  # noqa: BLE001 - compilers raise anything
                self._price = float("inf")
        started = time.perf_counter()
        result = self._function(x)
        if x.shape in self._spent or len(self._spent) < _MOST_SHAPES:
            spent = time.perf_counter() - started
            self._spent[x.shape] = self._spent.get(x.shape, 0.0) + spent
        return result
