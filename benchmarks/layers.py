"""What each layer of a network costs as the engine computes it.

    python benchmarks/layers.py dnresnet-colour-blind dnresnet-separable-colour-blind
    python benchmarks/layers.py SET... [--precision fp32] [--side 384] [--rounds 15] [--threads 1]

Of each convolution, in order: kernel, channels, multiplications a pixel, the shortest of several
times, and the multiplications in a second.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from imgclean.cli.options import prepare_process
from imgclean.extension.loader import load_plugins
from imgclean.inference.device import DTYPES
from imgclean.inference.preparation.gates import GatedConvolution
from imgclean.inference.preparation.narrow_convolution import NarrowConvolution
from imgclean.inference.preparation.packed_convolution import PackedConvolution
from imgclean.inference.preparation.pointwise_convolution import PointwiseConvolution
from imgclean.inference.preparation.prepare import Target, prepare_parts
from imgclean.inference.preparation.trial import Images
from imgclean.weightsets.catalogue import find, installed
from imgclean.weightsets.network import load_network, tiling_of, validate_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgclean.extension.model_info import Precision

CPU = torch.device("cpu")
FUSED = (PackedConvolution, NarrowConvolution, PointwiseConvolution, GatedConvolution)


def main() -> None:
    """Print a table for each weight set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", metavar="SET")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    parser.add_argument("--side", type=int, default=384, help="of the image in pixels")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    prepare_process(arguments.threads)
    for name in arguments.sets:
        rows = layers_of(name, arguments.precision, arguments.side, arguments.rounds)
        Console(width=100).print(table(f"{name}, {arguments.precision}", rows, arguments.side))


def layers_of(
    name: str, precision: Precision, side: int, rounds: int
) -> list[tuple[nn.Conv2d, float]]:
    """Return each convolution of a set's network, with its seconds, in order of execution."""
    infos = load_plugins().infos()
    weights = find(name, installed(), infos)
    (info,) = [each for each in infos if each.name == weights.config.model]
    network = load_network(info, weights).eval().to(memory_format=torch.channels_last)
    tiling = tiling_of(info, validate_options(info, weights.options))
    images = Images(weights.config.channels, tiling.alignment, None)
    prepared = prepare_parts(network, Target(CPU, precision), images)
    x = torch.rand(1, weights.config.channels, side, side).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        layers = called(network, lambda: network(x))
        with torch.autocast("cpu", DTYPES[precision], enabled=precision != "fp32"):
            seconds = timed(prepared, rounds, lambda: prepared(x))
    return list(zip(layers, seconds, strict=True))


def called(network: nn.Module, run: Callable[[], object]) -> list[nn.Conv2d]:
    """Return the convolutions in the order in which a run calls them."""
    order: list[nn.Conv2d] = []
    hooks = [
        each.register_forward_pre_hook(lambda module, _: order.append(module))
        for each in network.modules()
        if isinstance(each, nn.Conv2d)
    ]
    run()
    for hook in hooks:
        hook.remove()
    return order


def timed(network: nn.Module, rounds: int, run: Callable[[], object]) -> list[float]:
    """Return the shortest time of each fused convolution, in seconds, in order of execution."""
    starts: list[float] = []
    times: list[float] = []
    fused = [each for each in network.modules() if isinstance(each, FUSED)]
    inner = {each for one in fused for each in one.modules() if each is not one}
    for each in set(fused) - inner:
        each.register_forward_pre_hook(lambda *_: starts.append(time.perf_counter()))
        each.register_forward_hook(lambda *_: times.append(time.perf_counter() - starts.pop()))
    taken = []
    for _ in range(rounds + 1):  # the first is to warm up
        times.clear()
        run()
        taken.append(tuple(times))
    return [min(each) for each in zip(*taken[1:], strict=True)]


def table(title: str, rows: list[tuple[nn.Conv2d, float]], side: int) -> Table:
    """Return what each layer costs, and all of them."""
    made = Table("layer", "multiplications", "ms per MP", "G/s", title=title)
    for each in made.columns[1:]:
        each.justify = "right"
    pixels = side**2 / 1e6
    total = (0.0, 0.0)
    for layer, seconds in rows:
        height, width = layer.kernel_size
        count = layer.weight.numel() / layer.stride[0] ** 2
        cost = seconds * 1e3 / pixels
        kind = f"{height}x{width}, {layer.in_channels} -> {layer.out_channels}"
        kind += f", {layer.groups} groups" if layer.groups > 1 else ""
        made.add_row(kind, f"{count:,.0f}", f"{cost:.1f}", f"{count / cost:.0f}")
        total = (total[0] + count, total[1] + cost)
    made.add_row("all", f"{total[0]:,.0f}", f"{total[1]:.1f}", f"{total[0] / total[1]:.0f}")
    return made


if __name__ == "__main__":
    main()
