"""What can compute a network."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from imgclean.errors import InvalidSetting
from imgclean.inference.preparation.compilation import can_compile

if TYPE_CHECKING:
    import torch

Backend = Literal["auto", "torch", "compile", "openvino"]


def require_backend(backend: Backend, device: torch.device) -> None:
    """Refuse what cannot compute here, before there is an image.

    Raises:
        InvalidSetting: there is no compiler, OpenVINO is not installed, or not for that device.
    """
    if backend == "compile" and not can_compile(device):
        raise InvalidSetting(
            f"no compiler for {device} was found",
            hint="install a C++ compiler, or leave --backend out",
        )
    if backend != "openvino":
        return
    if device.type != "cpu":
        raise InvalidSetting(
            f"OpenVINO computes on the CPU, not on {device}", hint="add --device cpu"
        )
    if find_spec("openvino") is None:
        raise InvalidSetting("OpenVINO is not installed", hint="pip install 'imgclean[openvino]'")
