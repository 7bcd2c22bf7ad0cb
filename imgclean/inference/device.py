"""Which device, and which precision on it."""

from __future__ import annotations

import os
import platform
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from imgclean.errors import DeviceUnavailable, InvalidSetting

if TYPE_CHECKING:
    from imgclean.extension.model_info import ModelInfo, Precision

_AMPERE = (8, 0)  # the first CUDA generation with bfloat16 units

PrecisionChoice = Literal["auto", "fp32", "bf16", "fp16"]
DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}


def choose_device(text: str = "auto") -> torch.device:
    """Return the device that `auto`, `cpu`, `cuda`, `cuda:N` or `mps` names.

    Raises:
        InvalidSetting: it names none.
        DeviceUnavailable: this machine, or this build of torch, does not have it. There is no
            silent fall back to the CPU.
    """
    if text == "auto":
        return torch.device(_best_kind())
    try:
        device = torch.device(text)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise InvalidSetting(f"{text!r} is not a device", hint="use auto, cpu, cuda, cuda:N or mps")
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            found = f"{count} found" if count else "no CUDA device found"
            raise DeviceUnavailable(
                f"device {text} is not available ({found})",
                hint="use --device cpu, or see `imgclean doctor`",
            )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceUnavailable(
            f"device {text} is not available", hint="use --device cpu, or see `imgclean doctor`"
        )
    return device


def choose_precision(
    choice: PrecisionChoice, info: ModelInfo, device: torch.device, dtype: np.dtype[np.generic]
) -> Precision:
    """Return the precision to compute in.

    `auto` takes bf16 where the device multiplies it in hardware, the model declares it safe
    and the image has 8 bits; deeper images get fp32, whose result keeps their steps.

    Raises:
        InvalidSetting: the model does not declare the requested precision safe.
    """
    if choice == "auto":
        shallow = np.dtype(dtype) == np.uint8
        return "bf16" if shallow and "bf16" in info.precisions and has_bf16(device) else "fp32"
    if choice not in info.precisions:
        safe = ", ".join(info.precisions)
        raise InvalidSetting(f"{info.name} is not safe in {choice}", hint=f"use one of {safe}")
    return choice


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= _AMPERE
    if device.type == "cpu":
        probes = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
        return any(bool(getattr(torch.cpu, each, bool)()) for each in probes)
    return False


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given.

    Raises:
        RuntimeError: an error of before has left it unusable.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def device_name(device: torch.device) -> str:
    """Return what the device is called, such as `NVIDIA H200` or `AMD EPYC 9354 (2 cores)`."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = platform.processor() or platform.machine()
    with suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
        name = found[1] if found else name
    return f"{name} ({os.cpu_count()} cores)" if device.type == "cpu" else f"{name} (MPS)"


def forbid_tf32() -> None:
    """Make fp32 mean float32 on CUDA; cuDNN computes in TF32 by default."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def measure_cudnn_choices() -> None:
    """Have cuDNN measure, for each tile shape that it meets, which of its algorithms is best."""
    torch.backends.cudnn.benchmark = True


def _best_kind() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
