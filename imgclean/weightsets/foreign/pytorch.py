"""Checkpoints that `torch.save` wrote. Nothing that could run code is ever unpickled."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import torch

from imgclean.errors import CheckpointRefused
from imgclean.weightsets.foreign.pickles import Dangers, dangers_in
from imgclean.weightsets.foreign.state_dicts import state_dict_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LEGACY_PICKLES = 4  # a magic number, a version, the machine's traits, then what was saved
_READABLE_PROTOCOL = 2
_IN_TRUST = "in a Python that you trust with it: torch.save"


def read_zip(content: bytes, path: Path) -> Mapping[str, object]:
    """Return the state dict in a zip archive, as PyTorch writes since 1.6.

    Raises:
        CheckpointRefused: it holds no state dict, or could run code.
        Exception: it is damaged.
    """
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = {each.rpartition("/")[2]: each for each in archive.namelist()}
        if "constants.pkl" in names:
            raise CheckpointRefused(
                f"{path} is a TorchScript archive, which holds code",
                hint=f"{_IN_TRUST}(torch.jit.load({path.name!r}).state_dict(), 'weights.pth')",
            )
        if "data.pkl" not in names:
            raise CheckpointRefused(f"{path} is a zip archive, but no checkpoint of PyTorch")
        pickled = archive.read(names["data.pkl"])
    return _load(content, pickled, 1, path)


def read_legacy(content: bytes, path: Path) -> Mapping[str, object]:
    """Return the state dict in pickles, as PyTorch wrote before 1.6.

    Raises: as `read_zip`.
    """
    return _load(content, content, _LEGACY_PICKLES, path)


def _load(content: bytes, pickled: bytes, pickles: int, path: Path) -> Mapping[str, object]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other protocols of pickle
            loaded = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        dangers = dangers_in(pickled, pickles)
        if dangers.names:
            raise _refused(path, dangers) from error
        if dangers.protocol > _READABLE_PROTOCOL:
            raise CheckpointRefused(
                f"{path} is of pickle's protocol {dangers.protocol}, which PyTorch does not read "
                "without running code",
                hint=f"{_IN_TRUST}(torch.load({path.name!r}, weights_only=False), 'weights.pth')",
            ) from error
        raise
    return state_dict_in(loaded, path)


def _refused(path: Path, dangers: Dangers) -> CheckpointRefused:
    load = f"{_IN_TRUST}(torch.load({path.name!r}, weights_only=False)"
    if dangers.whole_object:
        return CheckpointRefused(
            f"{path} is a pickle of a whole module ({dangers.names[0]}), which could run code",
            hint=f"{load}.state_dict(), 'weights.pth')",
        )
    return CheckpointRefused(
        f"{path} holds {dangers.names[0]} beside tensors, which could run code",
        hint=f"{load}['state_dict'], 'weights.pth')",
    )
