"""DnCNNs in the layouts of others' code: what stands under which name, and what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean import ForeignCheckpoint, Recognised
from imgclean.errors import WeightsIncompatible
from imgclean_dncnn.domains import noise_domain
from imgclean_dncnn.stacks import Stack, stack_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEPTHS = (17, 20)
_WIDTH = 64
_KERNEL = (3, 3)
_HINT = (
    f"a DnCNN has {_DEPTHS[0]} or {_DEPTHS[1]} convolutions of 3x3 with {_WIDTH} channels between "
    "them, and takes and gives 1 or 3 image channels"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How someone's code names the layers of a DnCNN.

    Attributes:
        code: whose.
        layers: matches every layer's name; its group is the number in the stack.
        adds: the output is added to the image, not subtracted from it.
    """

    code: str
    layers: re.Pattern[str]
    adds: bool = False

    def position(self, layer: str) -> float:
        """Return what sorts a layer into the stack."""
        match = self.layers.fullmatch(layer)
        number = match and match[1]
        if number:
            return int(number)
        return float("-inf") if layer.startswith("in") else float("inf")


_LAYOUTS = (
    Layout("MatConvNet", re.compile(r"net\.layers\.(\d+)")),
    Layout("imgclean", re.compile(r"layers\.(\d+)")),
    Layout("KAIR", re.compile(r"model\.(\d+)")),
    Layout("DnCNN-PyTorch", re.compile(r"dncnn\.(\d+)")),
    Layout("deepinv", re.compile(r"in_conv|conv_list\.(\d+)|out_conv"), adds=True),
)


def recognise(checkpoint: ForeignCheckpoint) -> Recognised:
    """Return the checkpoint as options and tensors of `DnCNN`.

    Raises:
        WeightsIncompatible: it is another network's.
    """
    names = list(dict.fromkeys(name.rpartition(".")[0] for name in checkpoint.tensors))
    layout = next((each for each in _LAYOUTS if _strangers(each, names) == []), None)
    if layout:
        names.sort(key=layout.position)
    stack = stack_of(checkpoint.tensors, names)
    _require_dncnn(stack)
    if layout is None:
        strangers = min((_strangers(each, names) for each in _LAYOUTS), key=len)
        raise _unknown(name for name in checkpoint.tensors if name.rpartition(".")[0] in strangers)
    stack.require_order()
    if stack.unknown:
        raise _unknown(stack.unknown)
    if layout.adds:
        stack.negate()
    noise, source = noise_domain(checkpoint.file, layout.code)
    return Recognised(
        layout=layout.code,
        options={
            "channels": stack.channels_in,
            "depth": len(stack.convolutions),
            "batch_norm": stack.has_batch_norm,
        },
        tensors=stack.tensors(),
        noise=noise,
        noise_source=source,
    )


def _strangers(layout: Layout, layers: list[str]) -> list[str]:
    """Return the layers that a layout does not have."""
    return [each for each in layers if not layout.layers.fullmatch(each)]


def _require_dncnn(stack: Stack) -> None:
    """Refuse, in the words of what it is, a network of another size or shape."""
    if not stack.convolutions:
        raise WeightsIncompatible("no convolutions: not a DnCNN", hint=_HINT)
    depth = len(stack.convolutions)
    said = [f"{depth} convolution{'s' * (depth > 1)}", f"{stack.width} channels"]
    other = sorted(stack.kernels - {_KERNEL})
    said += [f"kernels of {'x'.join(map(str, each))}" for each in other[:1]]
    ends = stack.channels_in, stack.channels_out
    if ends not in ((1, 1), (3, 3)):
        said.append(f"{ends[0]} image channels in and {ends[1]} out")
    if depth not in _DEPTHS or stack.width != _WIDTH or len(said) > 2:
        raise WeightsIncompatible(f"{', '.join(said)}: not a DnCNN", hint=_HINT)


def _unknown(names: Iterable[str]) -> WeightsIncompatible:
    first, *others = names
    more = f" and {others[0]}" if len(others) == 1 else f", {others[0]}, ..." if others else ""
    return WeightsIncompatible(f"a DnCNN has no {first}{more}", hint=_HINT)
