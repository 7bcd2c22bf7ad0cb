"""Networks of MatConvNet in MATLAB's v7.3 files, which are HDF5."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from imgclean.errors import CheckpointRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_LARGEST = 2**28  # values of an array: a file of some bytes can claim any number of them
_NOT_ONE = ("dilate", "stride")


def read_matconvnet(content: bytes, path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of the convolutions and batch norms of a network, layer by layer.

    What has no weights, such as `relu` and `loss`, is passed over.

    Raises:
        CheckpointRefused: the file holds no such network, or a layer with weights of another type.
        Exception: it is damaged.
    """
    import h5py

    with h5py.File(BytesIO(content), "r") as file:
        layers = _layers(file, path)
        tensors: dict[str, torch.Tensor] = {}
        seen = 0
        for index, layer in enumerate(layers):
            kind = _text(layer["type"]) if "type" in layer else "?"
            arrays = list(_weights(file, layer))
            if kind == "conv" and arrays:
                found = _convolution(arrays, first=not seen)
                found |= _unusual(layer)
                seen += 1
            elif kind == "bnorm" and len(arrays) == 3:
                found = _batch_norm(arrays)
            elif arrays:
                raise CheckpointRefused(f"{path}: layer {index + 1} is of the type {kind!r}")
            else:
                continue
            tensors |= {f"net.layers.{index}.{name}": each for name, each in found.items()}
    return tensors


def _layers(file: Any, path: Path) -> list[Any]:
    """Return the groups of the layers: a cell array holds a reference to each."""
    import h5py

    cells = file.get("net/layers")
    if not isinstance(cells, h5py.Dataset) or not h5py.check_ref_dtype(cells.dtype):
        there = ", ".join(sorted(each for each in file if not each.startswith("#"))[:3])
        raise CheckpointRefused(
            f"{path} holds no network of MatConvNet: there is no list net.layers, but {there}",
            hint="in MATLAB: save('net.mat', 'net', '-v7.3')",
        )
    return [file[reference] for reference in cells[()].ravel()]


def _text(dataset: Any) -> str:
    """Return a MATLAB text, which is an array of UTF-16 characters."""
    return "".join(chr(each) for each in _array(dataset).ravel())


def _weights(file: Any, layer: Any) -> Iterator[NDArray[Any]]:
    """Yield the arrays in a layer's cell array `weights`; empty ones as such."""
    cells = layer.get("weights")
    if cells is None or cells.attrs.get("MATLAB_empty"):
        return
    for reference in cells[()].ravel():
        dataset = file[reference]
        yield np.empty(0) if dataset.attrs.get("MATLAB_empty") else _array(dataset)


def _array(dataset: Any) -> NDArray[Any]:
    if dataset.size > _LARGEST:
        raise ValueError(f"an array of {dataset.size} values")
    return np.asarray(dataset[()])


def _convolution(arrays: list[NDArray[Any]], *, first: bool) -> dict[str, torch.Tensor]:
    """Return weight and bias of [height, width, in, out], which HDF5 shows the other way round.

    MATLAB leaves out a last dimension of 1, that of a single output.
    """
    weight, *biases = arrays
    while weight.ndim < 4:
        weight = weight[:, None] if first and weight.ndim == 3 else weight[None]
    found = {"weight": _tensor(weight.transpose(0, 1, 3, 2))}
    if biases and biases[0].size:
        found["bias"] = _tensor(biases[0].ravel())
    return found


def _batch_norm(arrays: list[NDArray[Any]]) -> dict[str, torch.Tensor]:
    """Return scale, shift and moments of each channel: the mean and the standard deviation."""
    scale, shift, moments = arrays
    return {
        "weight": _tensor(scale.ravel()),
        "bias": _tensor(shift.ravel()),
        "moments": _tensor(moments.T),
    }


def _unusual(layer: Any) -> dict[str, torch.Tensor]:
    """Return what makes a convolution another than one of all pixels: dilation and stride."""
    found = {name: _array(layer[name]).ravel() for name in _NOT_ONE if name in layer}
    return {name: _tensor(each) for name, each in found.items() if (each != 1).any()}


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
