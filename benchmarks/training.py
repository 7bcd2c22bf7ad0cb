"""Times training steps against plain eager float32, and what preparing the data costs.

    python benchmarks/training.py --data bsd432/                   # DnCNN-17, gray, 128 of 40x40
    python benchmarks/training.py --data bsd432/ --device cuda     # DnCNN-20, colour, 128 of 50x50

Both ways take turns in one run; the ratio is that of the medians. The plain way is a network in
float32 in torch's default memory format, Adam, and one batch that is never drawn anew. The other is
the loop of `imgclean train` with its data, AdamW, clipping and running mean. On a GPU the share of
time in which it computes is what torch's profiler sees of kernels.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from imgclean_dncnn import DNCNN
from imgclean_dncnn.network import DnCNN
from rich.console import Console

from imgclean.events import TrainStep, ignore
from imgclean.inference.device import device_name, forbid_tf32, has_bf16, synchronise
from imgclean.training.budget import stage_budgets
from imgclean.training.inspection import Inspection
from imgclean.training.patch_draws import make_batches, smallest_side
from imgclean.training.recipe import Recipe, read_recipe
from imgclean.training.runtime import Runtime, launch
from imgclean.training.stage import StageJob, train_stage
from imgclean.training.training_set import TrainingSet, read_data, training_set

say = Console(highlight=False).print


@dataclass(frozen=True)
class Case:
    """What is timed: a network and a batch."""

    channels: int
    depth: int
    patch: int
    batch: int
    steps: int

    def network(self) -> DnCNN:
        """Return it, untrained."""
        return DnCNN(self.channels, self.depth)


CASES = {
    "cpu": Case(channels=1, depth=17, patch=40, batch=128, steps=4),
    "cuda": Case(channels=3, depth=20, patch=50, batch=128, steps=400),
}


def main() -> None:
    """Time both ways by turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of images")
    parser.add_argument("--device", default="cpu", choices=list(CASES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, help="in place of 128")
    arguments = parser.parse_args()
    case = CASES[arguments.device]
    if arguments.batch:
        case = Case(case.channels, case.depth, case.patch, arguments.batch, case.steps)
    forbid_tf32()
    device = torch.device(arguments.device)
    runtime = launch(device, 1, bf16=has_bf16(device))
    recipe = recipe_of(case, arguments.data)
    smallest = smallest_side(recipe)
    found = read_data(recipe.data, channels=case.channels, smallest=smallest, emit=ignore)
    images = training_set(found, recipe.data, device, emit=ignore)
    plain, ours, data = [], [], []
    for _ in range(arguments.rounds):
        plain.append(time_plain(case, device))
        ours.append(time_stage(case, recipe, images, runtime))
        data.append(time_data(recipe, images, runtime))
    report(case, device, runtime, plain, ours, data)
    if device.type == "cuda":
        say(f"device busy {busy_share(case, recipe, images, runtime):.0%} of the time")


def recipe_of(case: Case, folder: str) -> Recipe:
    """Return the recipe of as many steps as are timed."""
    settings: dict[str, Any] = {
        "model": "dncnn",
        "noise": "gaussian:0-55",
        "patch": case.patch,
        "batch": case.batch,
        "options": {"channels": case.channels, "depth": case.depth},
        "data": {"clean": [folder]},
        "optimiser": {"name": "adamw"},
        "budget": {"steps": case.steps},
        "checkpoint_seconds": 1e9,
        "validation": {"every": 1.0},
    }
    return read_recipe(settings)


def time_plain(case: Case, device: torch.device) -> float:
    """Return seconds a step."""
    network = case.network().to(device)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    clean = torch.rand(case.batch, case.channels, case.patch, case.patch, device=device)
    noisy = clean + 0.1 * torch.randn_like(clean)
    started = 0.0
    for step in range(case.steps):
        if step == 1:  # the first one finds its way
            synchronise(device)
            started = time.perf_counter()
        optimiser.zero_grad()
        loss = (network(noisy) - clean).square().mean()
        loss.backward()
        optimiser.step()
    synchronise(device)
    return (time.perf_counter() - started) / (case.steps - 1)


def time_stage(case: Case, recipe: Recipe, images: TrainingSet, runtime: Runtime) -> float:
    """Return seconds a step of the loop of `imgclean train`."""
    events: list[TrainStep] = []

    def keep(event: object) -> None:
        if isinstance(event, TrainStep):
            events.append(event)

    (budget,) = stage_budgets(recipe, positions=len(images.pixels), processes=1)
    with tempfile.TemporaryDirectory() as folder:
        job = StageJob(
            index=0,
            name="",
            recipe=recipe,
            freeze=(),
            info=DNCNN,
            budget=budget,
            network=case.network(),
            pixels=images.pixels,
            inspection=Inspection([], "", counts=False),
            runtime=runtime,
            output=Path(folder),
            checkpoint=Path(folder, "checkpoint.pt"),
            emit=keep,
        )
        train_stage(job, None)
    first, last = events[0], events[-1]
    return (last.seconds - first.seconds) / (last.step - first.step)


def time_data(recipe: Recipe, images: TrainingSet, runtime: Runtime) -> float:
    """Return seconds that a batch takes to be drawn and made noisy."""
    batches = make_batches(recipe, images.pixels, runtime, stage=0, tell=False)
    batches(0)
    synchronise(runtime.device)
    started = time.perf_counter()
    for step in range(1, 21):
        batches(step)
    synchronise(runtime.device)
    return (time.perf_counter() - started) / 20


def busy_share(case: Case, recipe: Recipe, images: TrainingSet, runtime: Runtime) -> float:
    """Return the share of time in which kernels run."""
    kinds = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=kinds) as profiler:
        started = time.perf_counter()
        time_stage(case, recipe, images, runtime)
        synchronise(runtime.device)
        wall = time.perf_counter() - started
    return sum(each.self_device_time_total for each in profiler.key_averages()) / 1e6 / wall


def report(
    case: Case,
    device: torch.device,
    runtime: Runtime,
    plain: list[float],
    ours: list[float],
    data: list[float],
) -> None:
    """Print the medians of the rounds."""
    slow, fast, drawn = (statistics.median(each) for each in (plain, ours, data))
    say(
        f"DnCNN-{case.depth}, {case.channels} channels, batch {case.batch} of "
        f"{case.patch}x{case.patch}, {device_name(device)}, {torch.get_num_threads()} threads"
    )
    say(f"plain eager float32   {slow * 1e3:9.1f} ms a step")
    name = "bf16" if runtime.bf16 else "float32"
    say(f"imgclean train, {name:8} {fast * 1e3:7.1f} ms a step, {1 / fast:.2f} steps/s")
    say(f"ratio {slow / fast:.2f}; data {drawn * 1e3:.2f} ms, {drawn / fast:.2%} of a step")


if __name__ == "__main__":
    main()
