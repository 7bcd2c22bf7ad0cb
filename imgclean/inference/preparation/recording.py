"""CUDA graphs: what is computed for one tile shape, launched as a whole."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from imgclean.inference.tile_functions import TileFunction

_MOST_RECORDINGS = 4  # each holds the activations of its shape


class _Recording(NamedTuple):
    graph: torch.cuda.CUDAGraph
    x: torch.Tensor
    y: torch.Tensor


class RecordedOnCuda:
    """Records what a function does with a shape when it meets the shape again, and replays it.

    The first time shows cuDNN the shape, so that what is recorded is its best choice. A function
    that cannot be recorded is called as it is.

    Args:
        function: float32[N, C, h, w] on the device to float[N, C', h, w].
    """

    def __init__(self, function: TileFunction) -> None:
        self._function = function
        self._met: set[torch.Size] = set()
        self._recordings: OrderedDict[torch.Size, _Recording] = OrderedDict()
        self._is_recordable = True

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the function returns, on the current stream."""
        if x.shape not in self._met or not self._is_recordable:
            self._met.add(x.shape)
            return self._function(x)
        recording = self._recordings.get(x.shape) or self._record(x)
        if recording is None:
            return self._function(x)
        self._recordings.move_to_end(x.shape)
        recording.x.copy_(x)
        recording.graph.replay()
        return recording.y.clone()

    def _record(self, x: torch.Tensor) -> _Recording | None:
        if len(self._recordings) == _MOST_RECORDINGS:
            self._recordings.popitem(last=False)
        graph, own = torch.cuda.CUDAGraph(), x.clone()
        torch.cuda.synchronize(x.device)
        try:
            with torch.cuda.graph(graph):
                y = self._function(own)
        except torch.cuda.OutOfMemoryError:
            raise
        except RuntimeError:  # it looks at values, or synchronises
            self._is_recordable = False
            return None
        self._recordings[x.shape] = recording = _Recording(graph, own, y)
        return recording
