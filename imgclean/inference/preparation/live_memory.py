"""How much memory a network needs while it computes."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from collections.abc import Callable


def with_peak_bytes(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor
) -> tuple[torch.Tensor, int]:
    """Return what the function makes of `x`, and the most bytes that are alive at once meanwhile.

    Counts the tensors that the function makes, with its result; neither `x` nor weights, nor what
    an operation uses inside.
    """
    live = _LiveTensors()
    with live:
        y = function(x)
    return y, live.peak


class _LiveTensors(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak: int = 0
        self._now = 0
        self._seen: set[int] = set()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nobody compiles what runs under it, and importing that takes a second

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
