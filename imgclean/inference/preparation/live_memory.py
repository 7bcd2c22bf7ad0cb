"""How much memory a network needs while it computes."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from collections.abc import Callable


def peak_live_bytes(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> int:
    """Return the most bytes of tensors that are alive at once while the function runs on `x`.

    Counts what the function makes, with its result; neither `x` nor weights, nor what an operation
    uses inside.
    """
    live = _LiveTensors()
    with live:
        function(x)
    return live.peak


class _LiveTensors(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak: int = 0
        self._now = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        known = {id(each.untyped_storage()) for each in tree_leaves(args) if _is_dense(each)}
        result = func(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if _is_dense(each) and id(storage := each.untyped_storage()) not in known | self._seen:
                self._seen.add(id(storage))
                self._now += storage.nbytes()
                weakref.finalize(storage, self._free, id(storage), storage.nbytes())
        self.peak = max(self.peak, self._now)
        return result

    def _free(self, key: int, count: int) -> None:
        self._seen.discard(key)
        self._now -= count


def _is_dense(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.layout == torch.strided
