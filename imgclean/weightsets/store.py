"""Weight sets to and from disk. safetensors only: reading one runs no code."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

import safetensors.torch
import torch

from imgclean.atomic import replacing
from imgclean.errors import WeightsCorrupt
from imgclean.weightsets.card import render_card
from imgclean.weightsets.catalogue import WeightSet
from imgclean.weightsets.config import CARD_NAME, CONFIG_NAME, WEIGHTS_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.weightsets.config import WeightSetConfig

_UNUSED = "num_batches_tracked"  # batch norm's step counter; inference never reads it


def read_tensors(weights: WeightSet) -> dict[str, torch.Tensor]:
    """Return the set's tensors in float32 on the CPU.

    Raises:
        WeightsCorrupt: the file is missing, its hash is not the config's, or it is no
            safetensors file.
    """
    content = weights.held.content if weights.held else _checked_content(weights)
    try:
        tensors = safetensors.torch.load(content)
    except safetensors.SafetensorError as error:
        raise WeightsCorrupt(f"{weights.file} is not a safetensors file ({error})") from error
    return {name: tensor.float() for name, tensor in tensors.items()}


def _checked_content(weights: WeightSet) -> bytes:
    """Return the content of the set's file, whose hash is the config's."""
    try:
        content = weights.file.read_bytes()
    except OSError as error:
        raise WeightsCorrupt(
            f"{weights.file} cannot be read ({error.strerror})",
            hint="install or fetch the weight set again",
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != weights.config.sha256:
        raise WeightsCorrupt(
            f"{weights.file} is damaged: its sha256 is {digest[:12]}..., "
            f"{CONFIG_NAME} says {weights.config.sha256[:12]}...",
            hint="install or fetch the weight set again",
        )
    return content


def write_weight_set(
    folder: Path,
    config: WeightSetConfig,
    network: torch.nn.Module,
    store: Literal["float32", "float16"],
) -> WeightSet:
    """Write the network as a weight set: weights, config with their hash, model card.

    The config goes last, so that a folder that has one is complete.

    Returns:
        The set as written.
    """
    dtype = torch.float16 if store == "float16" else torch.float32
    tensors = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in network.state_dict().items()
        if not name.endswith(_UNUSED)
    }
    return write_content(folder, config, safetensors.torch.save(tensors, metadata={"format": "pt"}))


def write_content(folder: Path, config: WeightSetConfig, content: bytes) -> WeightSet:
    """Write a weight set whose tensors are a safetensors file already; as `write_weight_set`."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / WEIGHTS_NAME, content)
    config = config.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    write_config(folder, config)
    return WeightSet(config, folder)


def write_config(folder: Path, config: WeightSetConfig) -> None:
    """Write the config and the model card that says the same to people."""
    _write(folder / CARD_NAME, render_card(config).encode())
    _write(folder / CONFIG_NAME, config.model_dump_json(indent=2).encode() + b"\n")


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)
