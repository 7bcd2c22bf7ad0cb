"""Where a run computes: devices, processes and precision, by lightning-fabric."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, TypeVar

import torch
import torch.distributed
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from imgclean.errors import DeviceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

_Value = TypeVar("_Value")
_RANKS = ("RANK", "LOCAL_RANK")  # torchrun sets both, fabric's own launcher the second
_LOCAL_PROCESSES = "LOCAL_WORLD_SIZE"
_PROCESSES = "WORLD_SIZE"


def is_follower() -> bool:
    """Whether this process works for another one, which reports, writes and decides."""
    return any(os.environ.get(each, "0") != "0" for each in _RANKS)


def are_several(devices: int) -> bool:
    """Whether several processes train together: as many as are asked for, or as torchrun has."""
    return devices > 1 or int(os.environ.get(_PROCESSES, "1")) > 1


class Runtime:
    """The processes of a run, each with a device.

    Attributes:
        device: this process's.
        rank: of this process, from 0.
        processes: how many there are.
        bf16: whether the passes are computed in bfloat16.
    """

    def __init__(self, fabric: Fabric, *, bf16: bool) -> None:
        self._fabric = fabric
        self.bf16 = bf16
        self.device = fabric.device
        self.rank = fabric.global_rank
        self.processes = fabric.world_size
        self._control: torch.distributed.ProcessGroup | None = None
        if self.processes > 1 and self.device.type == "cuda":  # numbers of the CPU, without a GPU
            self._control = torch.distributed.new_group(backend="gloo")

    @property
    def leads(self) -> bool:
        """Whether this process reports, writes and decides."""
        return self.rank == 0

    def prepare(self, network: torch.nn.Module) -> torch.nn.Module:
        """Return a module that computes in the run's precision and averages gradients."""
        return self._fabric.setup_module(network)

    def backward(self, loss: torch.Tensor) -> None:
        """Compute the gradients, averaged over the processes."""
        self._fabric.backward(loss)

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which passes compute in the run's precision."""
        return self._fabric.autocast()

    def agree(self, seconds: float, stop: bool) -> tuple[float, bool]:
        """Return the leading process's seconds, and whether any process is to stop."""
        if self.processes == 1:
            return seconds, stop
        said = torch.tensor([seconds if self.leads else 0.0, float(stop)], dtype=torch.float64)
        torch.distributed.all_reduce(said, group=self._control)
        return float(said[0]), bool(said[1] > 0)

    def means(self, values: Mapping[str, torch.Tensor]) -> dict[str, float]:
        """Return the means over the processes; all have the same names."""
        if not values:
            return {}
        stacked = torch.stack(list(values.values()))
        if self.processes > 1:
            torch.distributed.all_reduce(stacked)
            stacked /= self.processes
        return dict(zip(values, stacked.tolist(), strict=True))

    def average_gradients(self, module: torch.nn.Module) -> None:
        """Average the gradients of a module that `prepare` has not seen."""
        if self.processes > 1:
            for parameter in module.parameters():
                if parameter.grad is not None:
                    torch.distributed.all_reduce(parameter.grad)
                    parameter.grad /= self.processes

    def from_leader(self, value: _Value) -> _Value:
        """Return what the leading process gave."""
        return self._fabric.broadcast(value) if self.processes > 1 else value

    def wait(self) -> None:
        """Wait until all processes are here."""
        self._fabric.barrier()

    def close(self) -> None:
        """Let the processes go."""
        if self.processes > 1 and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def launch(device: torch.device, devices: int, *, bf16: bool) -> Runtime:
    """Start the processes of a run, where there are several; under `torchrun` they run already.

    Args:
        device: of this process, or, with several, their kind.
        devices: how many on this machine; `torchrun` has decided itself.
        bf16: compute the passes in bfloat16 under autocast; weights and optimiser stay float32.

    Raises:
        DeviceUnavailable: this machine has fewer.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    local = int(os.environ.get(_LOCAL_PROCESSES, devices))
    several = int(os.environ.get(_PROCESSES, local)) > 1
    _refuse_too_many(device, local)
    backend = "nccl" if device.type == "cuda" else "gloo"
    fabric = Fabric(
        accelerator=device.type,
        devices=local if several else _only(device),
        num_nodes=int(os.environ.get(_PROCESSES, local)) // local if several else 1,
        strategy=DDPStrategy(process_group_backend=backend) if several else "auto",
        precision="bf16-mixed" if bf16 else "32-true",
    )
    fabric.launch()
    return Runtime(fabric, bf16=bf16)


def _refuse_too_many(device: torch.device, devices: int) -> None:
    """Raise where there are fewer devices; of a CPU there are as many as processes are wanted."""
    there = {"cuda": torch.cuda.device_count(), "mps": 1}.get(device.type, devices)
    if devices > there:
        raise DeviceUnavailable(
            f"{devices} devices are asked for, and this machine has {there} of kind {device.type}",
            hint="use a smaller --devices",
        )


def _only(device: torch.device) -> int | list[int]:
    return [device.index or 0] if device.type == "cuda" else 1
