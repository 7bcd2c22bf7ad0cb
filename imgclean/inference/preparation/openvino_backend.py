"""OpenVINO as what computes, on a CPU. Its package is an extra."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

import torch

from imgclean.errors import InvalidSetting, one_line

if TYPE_CHECKING:
    from torch import nn

    from imgclean.extension.model_info import Precision
    from imgclean.inference.tile_functions import TileFunction

_HINTS: dict[Precision, str] = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}


def by_openvino(network: nn.Module, sample: torch.Tensor, precision: Precision) -> TileFunction:
    """Return the network as OpenVINO computes it.

    Args:
        network: `forward(x)`, on the CPU.
        sample: float32[1, C, h, w] that it can be tried with.
        precision: in which OpenVINO computes; what it returns is float32.

    Raises:
        InvalidSetting: OpenVINO cannot convert the network.
    """
    openvino = _import_openvino()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it traces as torch did in its day
            model = openvino.convert_model(network, example_input=sample)
        settings = {
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        }
        network_there = openvino.compile_model(model, "CPU", settings)
    except Exception as error:
        raise InvalidSetting(
            f"OpenVINO cannot convert the network: {one_line(error)}", hint="leave --backend out"
        ) from error

    def run(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(network_there(x.contiguous().numpy())[0])

    return run


def _import_openvino() -> Any:
    # OpenVINO's converter reports its use over the network where this package can be imported.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
