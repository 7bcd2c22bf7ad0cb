"""From a file that is no weight set to named tensors. What it is shows in its content alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import safetensors.torch

from imgclean.errors import CheckpointRefused, ImgcleanError, WeightsCorrupt
from imgclean.extension.checkpoints import ForeignCheckpoint
from imgclean.weightsets.foreign.matconvnet import read_matconvnet
from imgclean.weightsets.foreign.pytorch import read_legacy, read_zip
from imgclean.weightsets.foreign.tensors import plain_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_HEAD = 4096  # bytes that tell what a file is
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_PLACES = (0, 512, 1024, 2048)  # MATLAB writes 512 bytes of its own before it
_MATLAB_5 = b"MATLAB 5.0 MAT-file"
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_LONGEST_HEADER = 100_000_000  # of a safetensors file, as its library has it


def read_checkpoint(path: Path) -> tuple[ForeignCheckpoint, str]:
    """Return what the file holds, and the file's sha256.

    Raises:
        CheckpointRefused: it is no checkpoint, or one that could run code.
        WeightsCorrupt: it is damaged.
    """
    content, container = _recognised_content(path)
    try:
        named = _READERS[container](content, path)
    except ImgcleanError:
        raise
    except Exception as error:  # of as many kinds as there are ways to damage a file
        raise WeightsCorrupt(
            f"{path} is damaged: it begins as a file of {container}, but cannot be read "
            f"({type(error).__name__})",
            hint="fetch it again",
        ) from error
    checkpoint = ForeignCheckpoint(
        file=path.name, container=container, tensors=plain_tensors(named, path)
    )
    return checkpoint, hashlib.sha256(content).hexdigest()


def _recognised_content(path: Path) -> tuple[bytes, str]:
    """Return the bytes of a file and what container they are."""
    if not path.is_file():
        raise CheckpointRefused(f"{path} is no file", hint="name a checkpoint")
    try:
        with path.open("rb") as file:
            container = _container_of(file.read(_HEAD), path)
            file.seek(0)
            return file.read(), container
    except OSError as error:
        raise CheckpointRefused(f"{path} cannot be read ({error.strerror})") from error


def _container_of(head: bytes, path: Path) -> str:
    if not head:
        raise CheckpointRefused(f"{path} is empty", hint="fetch it again")
    if head.startswith(b"PK\x03\x04"):
        return "PyTorch"
    if head.startswith(_PICKLES):
        return "PyTorch before 1.6"
    if any(head.startswith(_HDF5, place) for place in _HDF5_PLACES):
        return "MATLAB v7.3"
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < _LONGEST_HEADER:
        return "safetensors"
    if head.startswith(_MATLAB_5):
        raise CheckpointRefused(
            f"{path} is a MATLAB file of version 5, which is not read",
            hint="in MATLAB: net = load(FILE).net; save('net.mat', 'net', '-v7.3')",
        )
    raise CheckpointRefused(
        f"{path} is no checkpoint: neither of PyTorch nor safetensors nor MATLAB v7.3",
        hint="name a weight set, or a file of one of these",
    )


def _read_safetensors(content: bytes, path: Path) -> Mapping[str, object]:  # noqa: ARG001 - alike
    return safetensors.torch.load(content)


_READERS: dict[str, Callable[[bytes, Path], Mapping[str, object]]] = {
    "PyTorch": read_zip,
    "PyTorch before 1.6": read_legacy,
    "MATLAB v7.3": read_matconvnet,
    "safetensors": _read_safetensors,
}
