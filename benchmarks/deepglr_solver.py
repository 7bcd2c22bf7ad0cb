"""Compares ways to solve the systems of DeepGLR's patches, by turns, with and without gradients.

The dense way builds the 676x676 matrix of each patch and factorises it; its gradient is that of
autograd. The others are those of `imgclean_deepglr.solver`. Errors are those of 16 patches against
float64. Memory is what a call adds at its peak; on the CPU each in a process of its own.

    python benchmarks/deepglr_solver.py                   # 144 patches, one thread
    python benchmarks/deepglr_solver.py --device cuda     # 144 and 4096 patches
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from imgclean_deepglr.graph import OFFSETS, degrees, edge_weights, ends, largest_mu
from imgclean_deepglr.solver import solve
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from imgclean.evaluation.fresh_process import run_fresh
from imgclean.evaluation.peak_memory import PeakMemory
from imgclean.evaluation.speed import medians_by_turns, seconds_of
from imgclean.events import Emit, ignore
from imgclean.inference.allocator import keep_freed_memory
from imgclean.inference.device import device_name, forbid_tf32

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

SIDE = 26
CHANNELS = 3
COMPARED = 16
SECONDS_OF_TURN = 0.2
WAYS = ("dense", "cholesky", "cg")
BACKWARD = (False, True)
PATCHES = {"cpu": (144,), "cuda": (144, 4096)}


@dataclass(frozen=True)
class Case:
    """What is solved, and how.

    Attributes:
        way: one of `WAYS`.
        backward: whether all three arguments want gradients.
        patches: how many.
        device: where.
        threads: of the CPU.
    """

    way: str
    backward: bool
    patches: int
    device: str
    threads: int

    def arguments(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return edge weights, mu at its bound, and right-hand sides: the same for every way."""
        generator = torch.Generator().manual_seed(0)
        shape = self.patches, 3, SIDE, SIDE
        weights = edge_weights(torch.randn(shape, generator=generator) * 0.5)
        right = torch.rand(self.patches, CHANNELS, SIDE, SIDE, generator=generator)
        made = (each.to(self.device) for each in (weights, largest_mu(weights), right))
        weights, mu, right = (each.requires_grad_(self.backward) for each in made)
        return weights, mu, right

    def call(self) -> Callable[[], tuple[Tensor, ...]]:
        """Return what solves once, and goes back for all three gradients if they are wanted."""
        arguments = self.arguments()
        slopes = slopes_of(arguments[2])

        def run() -> tuple[Tensor, ...]:
            solution = solution_by(self.way, *arguments)
            if not self.backward:
                return (solution,)
            return torch.autograd.grad(solution, arguments, slopes)

        return run


def solution_by(way: str, weights: Tensor, mu: Tensor, right: Tensor) -> Tensor:
    """Return x of (I + mu L) x = right by one of `WAYS`."""
    if way == "dense":
        factor = torch.linalg.cholesky(dense_matrices(weights, mu))
        return torch.cholesky_solve(right.flatten(2).mT, factor).mT.reshape_as(right)
    return solve(weights, mu, right, "cg" if way == "cg" else "cholesky")


def slopes_of(solution: Tensor) -> Tensor:
    """Return a gradient of the solution, not constant: constants pass and leave edges without."""
    steps = torch.arange(solution[0].numel(), device=solution.device, dtype=solution.dtype)
    return steps.sin().view_as(solution[0]).expand_as(solution).contiguous()


def dense_matrices(weights: Tensor, mu: Tensor) -> Tensor:
    """Return I + mu L of each patch, float[P, h w, h w], for weights float[P, 4, h, w]."""
    patches, _, height, width = weights.shape
    count = height * width
    numbers = torch.arange(count, device=weights.device).view(height, width)
    pairs = [ends(numbers, offset) for offset in OFFSETS]
    first, second = (torch.cat([pair[end].flatten() for pair in pairs]) for end in (0, 1))
    couplings = weights * mu[:, None, None, None]
    edges = [ends(couplings[:, kind], offset)[0] for kind, offset in enumerate(OFFSETS)]
    off = -torch.cat([each.flatten(1) for each in edges], 1)
    on = 1 + degrees(couplings).flatten(1)
    rows = torch.cat((first, second, numbers.flatten()))
    columns = torch.cat((second, first, numbers.flatten()))
    matrices = weights.new_zeros(patches, count * count)
    matrices[:, rows * count + columns] = torch.cat((off, off, on), 1)
    return matrices.view(patches, count, count)


def main() -> None:
    """Compare on one device."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--patches", type=int, nargs="*", help="144; on CUDA also 4096")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    console = Console()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        console.print(f"there is no CUDA device here (torch {torch.__version__})")
        return
    keep_freed_memory()  # as the command line does
    forbid_tf32()
    torch.set_num_threads(arguments.threads)
    for patches in arguments.patches or PATCHES[arguments.device]:
        like = Case("dense", False, patches, arguments.device, arguments.threads)
        compare(like, arguments.rounds, console)


def compare(like: Case, rounds: int, console: Console) -> None:
    """Measure every way by turns, and print the table.

    Args:
        like: a case; the others differ in way and backward.
        rounds: of each measurement.
        console: gets the table.
    """
    cases = [replace(like, way=way, backward=backward) for way in WAYS for backward in BACKWARD]
    memory = {case: memory_of(case) for case in cases}
    device = torch.device(like.device)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Measuring", total=rounds + 1)
        seconds = medians_by_turns(
            {case: timing_of(case, device) for case in cases if memory[case] is not None},
            rounds,
            lambda: progress.advance(task),
        )
    table = Table(
        title=f"{like.patches} patches of {SIDE}x{SIDE}, {CHANNELS} right-hand sides, float32\n"
        f"{device_name(device)}, {like.threads} threads, torch {torch.__version__}"
    )
    for heading in ("way", "", "ms", "speed-up", "MiB", "share", "error"):
        table.add_column(heading, justify="left" if heading in ("way", "") else "right")
    for case in cases:
        dense = replace(case, way="dense")
        table.add_row(
            case.way,
            "and gradients" if case.backward else "solution",
            *figures(seconds.get(case), seconds.get(dense), "{:.2f}", "{1:.1f}x", 1e3),
            *figures(memory[case], memory[dense], "{:.1f}", "{0:.1%}", 1),
            f"{error_of(case):.1e}",
            end_section=case.backward,
        )
    console.print(table)


def figures(
    own: float | None, dense: float | None, form: str, ratio: str, scale: float
) -> tuple[str, str]:
    """Return the cells of a figure and of its ratio to that of the dense way.

    Args:
        own: the figure; None where there was too little memory.
        dense: that of the dense way.
        form: of the figure.
        ratio: of own / dense and of dense / own.
        scale: by which the figure is multiplied.
    """
    if own is None:
        return "too much memory", ""
    return form.format(own * scale), "" if dense is None else ratio.format(own / dense, dense / own)


def timing_of(case: Case, device: torch.device) -> Callable[[], float]:
    """Return what measures the seconds of one call; of as many as fit in a fifth of a second."""
    call = case.call()
    call()
    calls = max(1, round(SECONDS_OF_TURN / seconds_of(call, device)))

    def measure() -> float:
        return seconds_of(lambda: [call() for _ in range(calls)], device) / calls

    return measure


def memory_of(case: Case) -> float | None:
    """Return the MiB that a call adds; None if there are not as many.

    What torch has allocated on CUDA is exact. The CPU's memory is the process's, and takes a fresh
    one.
    """
    if case.device == "cuda":
        return peak_of(case, ignore)
    return run_fresh(peak_of, case, ignore)


def peak_of(case: Case, _: Emit) -> float | None:
    """Return the MiB that a call adds at its peak, to the process that this is called in."""
    torch.set_num_threads(case.threads)
    forbid_tf32()
    replace(case, patches=1).call()()  # what libraries keep for themselves comes before
    call = case.call()
    try:
        with PeakMemory(torch.device(case.device)) as peak:
            call()
    except torch.cuda.OutOfMemoryError:
        return None
    return peak.mebibytes


def error_of(case: Case) -> float:
    """Return the relative error against the dense way in float64; the largest, of gradients."""
    few = replace(case, patches=COMPARED)
    exact = [each.detach().double() for each in few.arguments()]
    leaves = [each.requires_grad_(case.backward) for each in exact]
    solution = solution_by("dense", leaves[0], leaves[1], leaves[2])
    found = few.call()()
    if not case.backward:
        return relative_error(found[0], solution)
    true = torch.autograd.grad(solution, leaves, slopes_of(solution))
    on_patch = (leaves[0] != 0, torch.tensor(1), torch.tensor(1))
    pairs = zip(found, true, on_patch, strict=True)
    return max(relative_error(one * where, other * where) for one, other, where in pairs)


def relative_error(found: Tensor, true: Tensor) -> float:
    """Return the norm of the difference over that of the true values."""
    return float((found.double() - true).norm() / true.norm())


if __name__ == "__main__":
    main()
