"""How long a step of the multi-scale CNN's adversarial phase takes against each discriminator.

    python benchmarks/discriminators.py

Gray patches, bfloat16, one thread, the denoiser's step included. VGG19 has random weights, on which
its speed does not depend; as `vgg19` its convolutions are frozen, as `scratch` they are trained.
They take turns; the table has the median of the rounds' processor time.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from imgclean_mscnn.discriminator import VGG19Discriminator
from imgclean_mscnn.network import MSCNN
from rich.console import Console
from rich.table import Table

from imgclean.training.adversary import Adversary
from imgclean.training.patch_discriminator import PatchDiscriminator

CPU = torch.device("cpu")


def main() -> None:
    """Time a few steps against each; print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--patch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    frozen = VGG19Discriminator(1)
    frozen.features.requires_grad_(requires_grad=False)
    networks = {"patch": PatchDiscriminator(1), "vgg19": frozen, "scratch": VGG19Discriminator(1)}
    adversaries = {
        name: Adversary(each, lr=1e-4, updates=2, device=CPU, autocast=True)
        for name, each in networks.items()
    }
    denoiser = MSCNN(1).to(memory_format=torch.channels_last)
    denoiser.scales.requires_grad_(requires_grad=False)
    clean = torch.rand(arguments.batch, 1, arguments.patch, arguments.patch)
    clean = clean.to(memory_format=torch.channels_last)
    seconds: dict[str, list[float]] = {name: [] for name in adversaries}
    for turn in range(arguments.rounds + 1):
        for name, each in adversaries.items():
            began = time.process_time()
            step(denoiser, each, clean)
            if turn:  # the first warms up
                seconds[name].append(time.process_time() - began)
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    table = Table("discriminator", "ms a step", "of patch's")
    for name, each in medians.items():
        table.add_row(name, f"{each * 1000:.0f}", f"{each / medians['patch']:.1f}")
    Console().print(table)


def step(denoiser: torch.nn.Module, adversary: Adversary, clean: torch.Tensor) -> None:
    """Compute what a step of both networks computes, the denoiser's optimiser excepted."""
    with torch.autocast("cpu", torch.bfloat16):
        output = denoiser(clean).float()
    adversary.update(output.detach(), clean)
    loss = (output - clean).square().mean() + 1e-3 * adversary.generator_loss(output)
    denoiser.zero_grad()
    loss.backward()


if __name__ == "__main__":
    main()
