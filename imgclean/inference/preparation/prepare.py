"""From a network to the function that tiles go through."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from imgclean.errors import InvalidSetting
from imgclean.inference.device import DTYPES
from imgclean.inference.preparation import cudnn_convolution, packed_convolution
from imgclean.inference.preparation.compilation import CompiledInTime, can_compile, compiled
from imgclean.inference.preparation.cudnn_convolution import CudnnConvolution, can_use_cudnn
from imgclean.inference.preparation.narrow_convolution import NarrowConvolution, repays
from imgclean.inference.preparation.openvino_backend import by_openvino
from imgclean.inference.preparation.packed_convolution import PackedConvolution, can_pack
from imgclean.inference.preparation.plain_convolution import PlainConvolution
from imgclean.inference.preparation.pointwise_convolution import (
    PointwiseConvolution,
    is_pointwise,
)
from imgclean.inference.preparation.recording import RecordedOnCuda
from imgclean.inference.preparation.rewriting import Arrangement, rewrite, rewrite_children
from imgclean.inference.preparation.trial import UNKNOWN_BYTES, tried

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.model_info import Precision
    from imgclean.inference.preparation.backends import Backend
    from imgclean.inference.preparation.fusion import Convolution
    from imgclean.inference.preparation.trial import Images, Trial
    from imgclean.inference.tile_functions import TileFunction

Way = Literal["fused", "folded", "plain", "compiled", "openvino"]

_STRIP = (
    20 << 10
)  # bytes of one feature map: a cache holds no more of hundreds, fewer are all calls
_TOLERANCE: dict[Precision, float] = {"fp32": 1e-4, "bf16": 0.1, "fp16": 0.02}  # of the largest


@dataclass(frozen=True, slots=True)
class Target:
    """What a network is prepared for.

    Attributes:
        device: where it runs.
        precision: in which it computes.
        backend: what computes it. `auto` and `torch` are torch's own operations; where they cannot
            be fused, `auto` compiles what a long run needs.
    """

    device: torch.device
    precision: Precision
    backend: Backend = "auto"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network, ready for tiles.

    Attributes:
        function: float32[N, C, h, w] in [0, 1], on the device, to float[N, C, h, w].
        bytes_per_pixel: what is alive at once of all that it computes, at most.
        way: `fused` operations; batch norm only `folded`; `plain`, as the plugin has it;
            `compiled`; `openvino`.
    """

    function: TileFunction
    bytes_per_pixel: int
    way: Way


def prepare(network: nn.Module, target: Target, images: Images) -> Prepared:
    """Make a network quick for a target.

    Convolutions are computed together with the batch norm, the sum and the ReLU that follow, in the
    target's precision, their weights laid out once. The result is tried on a small image; a network
    that it does not agree with, or that cannot be understood, runs as it is.

    Args:
        network: `forward(x, sigma)`, on the device, in float32 and eval mode; it stays as it is.
        target: for what; its backend is there.
        images: what it will be given.

    Raises:
        InvalidSetting: the backend cannot compute this network.
    """
    whole = _AtLevel(network, images.sigma)
    plain = in_precision(whole, target)
    if target.backend in ("auto", "torch") and not _has_convolutions(network):
        return Prepared(plain, UNKNOWN_BYTES, "plain")
    sample = images.sample(target.device)
    trial = tried(plain, sample)
    if target.backend == "openvino":
        function = _by_openvino(whole, target, images, trial)
        return Prepared(function, trial.bytes_per_pixel, "openvino")
    if target.backend == "compile":
        return Prepared(_compiled(whole, target), trial.bytes_per_pixel, "compiled")
    make = _Maker(target)
    anew = _made_of_copy(whole, lambda copied: rewrite(copied, make, make.arrangement))
    if anew is None or make.way is None:
        return Prepared(plain, trial.bytes_per_pixel, "plain")
    rewritten = in_precision(anew, target)
    second = tried(rewritten, sample)
    if not second.agrees_with(trial, _TOLERANCE[target.precision]):
        return Prepared(plain, trial.bytes_per_pixel, "plain")
    if make.way == "folded" and target.backend == "auto" and can_compile(target.device):
        rewritten = CompiledInTime(rewritten, lambda: _compiled(whole, target))
    elif target.device.type == "cuda":
        rewritten = RecordedOnCuda(rewritten)
    return Prepared(rewritten, second.bytes_per_pixel, make.way)


def prepare_parts(network: nn.Module, target: Target, images: Images) -> nn.Module:
    """Return a copy of a network whose parts are prepared, for a plugin that calls them itself.

    They are torch's on every backend: the others have no parts that could be called.

    Args:
        network, target, images: as for `prepare`. If the copy does not agree with the network,
            that is returned.
    """
    if not _has_convolutions(network):
        return network
    make = _Maker(target)
    parts = _made_of_copy(network, lambda copied: rewrite_children(copied, make, make.arrangement))
    if parts is None:
        return network
    sample = images.sample(target.device)
    plain, prepared = (
        tried(in_precision(_AtLevel(each, images.sigma), target), sample)
        for each in (network, parts)
    )
    return parts if prepared.agrees_with(plain, _TOLERANCE[target.precision]) else network


def fused_precisions(device: torch.device) -> list[Precision]:
    """Return the precisions in which convolutions are computed with what follows them."""
    if device.type == "cuda":
        return [name for name, dtype in DTYPES.items() if cudnn_convolution.is_sound(device, dtype)]
    if device.type == "cpu":
        return [name for name, dtype in DTYPES.items() if packed_convolution.is_sound(dtype)]
    return []


def in_precision(function: TileFunction, target: Target) -> TileFunction:
    """Compute in a precision; sums with the float32 input, as a residual's, stay float32."""
    if target.precision == "fp32":
        return function

    def cast(x: torch.Tensor) -> torch.Tensor:
        with torch.autocast(target.device.type, DTYPES[target.precision]):
            return function(x)

    return cast


class _AtLevel(nn.Module):
    """A network at one noise level, or blind: `forward(x)`."""

    def __init__(self, network: nn.Module, sigma: float | None) -> None:
        super().__init__()
        self.network = network
        self._sigma = sigma

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        level = None if self._sigma is None else x.new_full((x.shape[0],), self._sigma)
        return self.network(x, level)  # type: ignore[no-any-return]


class _Maker:
    """Makes the convolutions of a network for a target.

    Attributes:
        way: `fused` if any of them computes what follows it, `folded` if none does, None if there
            is no convolution.
        arrangement: of the network's layers. Zeros in a kernel are as good as free where there is
            hardware for the product of matrices.
    """

    def __init__(self, target: Target) -> None:
        self._device = device = target.device
        self._dtype = dtype = DTYPES[target.precision]
        self.way: Way | None = None
        self.arrangement = Arrangement()
        if device.type == "cpu":
            self.arrangement = Arrangement(
                joins=target.precision != "fp32", strip=_STRIP // dtype.itemsize
            )

    def __call__(self, convolution: Convolution) -> nn.Module:
        device, dtype = self._device, self._dtype
        if device.type == "cpu" and can_pack(convolution, dtype):
            self.way = "fused"
            if dtype == torch.float32 and repays(convolution.layer):
                return NarrowConvolution(convolution)
            if is_pointwise(convolution.layer, dtype):
                return PointwiseConvolution(convolution, dtype)
            return PackedConvolution(convolution, dtype)
        if device.type == "cuda" and can_use_cudnn(convolution, device, dtype):
            self.way = "fused"
            return CudnnConvolution(convolution, dtype)
        self.way = self.way or "folded"
        return PlainConvolution(convolution)


def _made_of_copy(network: nn.Module, make: Callable[[nn.Module], nn.Module]) -> nn.Module | None:
    """Return what is made of a copy, or None where that fails."""
    try:
        return make(copy.deepcopy(network))
    except Exception:  # noqa: BLE001 - it holds a lock, say, which cannot be copied
        return None


def _by_openvino(whole: nn.Module, target: Target, images: Images, trial: Trial) -> TileFunction:
    """Return the network as OpenVINO computes it, held to the trial of the network itself."""
    # From a larger example than that of the trial: what the network decides by the shape of an
    # image stays as it was there.
    function = by_openvino(whole, images.sample(target.device, times=2), target.precision)
    second = tried(function, images.sample(target.device))
    if trial.result is not None and not second.agrees_with(trial, _TOLERANCE[target.precision]):
        raise InvalidSetting(
            "OpenVINO computes something else than the network", hint="leave --backend out"
        )
    return function


def _compiled(whole: nn.Module, target: Target) -> TileFunction:
    return in_precision(compiled(whole, target.device), target)


def _has_convolutions(network: nn.Module) -> bool:
    return any(isinstance(module, nn.Conv2d) for module in network.modules())
