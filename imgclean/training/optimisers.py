"""What moves the weights: Muon for the inner layers and AdamW for the rest, AdamW, or SGD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imgclean.training.recipe_tables import Optimiser

_SMALLEST_SIDE = 16
_SGD_MOMENTUM = 0.9  # as in DnCNN, Section IV-A
# Quintic whose iterates bring every singular value near 1, the small ones fast (Jordan 2024).
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5


def make_optimisers(
    network: torch.nn.Module, settings: Optimiser, *, precision: torch.dtype
) -> list[torch.optim.Optimizer]:
    """Return the optimisers of the network's parameters; each parameter is in exactly one.

    Every group holds its peak rate under `initial_lr`. Biases and batch norm have no weight decay.

    Args:
        network: on its device.
        settings: from the recipe.
        precision: of Muon's matrix products.
    """
    parameters = [each for each in network.parameters() if each.requires_grad]
    inner = [each for each in parameters if settings.name == "muon" and _is_inner(each)]
    taken = {id(each) for each in inner}
    rest = [each for each in parameters if id(each) not in taken]
    optimisers: list[torch.optim.Optimizer] = []
    if inner:
        optimisers.append(Muon(inner, lr=settings.muon_lr, precision=precision))
    if rest:
        groups = [
            {
                "params": [each for each in rest if each.ndim > 1],
                "weight_decay": settings.weight_decay,
            },
            {"params": [each for each in rest if each.ndim <= 1], "weight_decay": 0.0},
        ]
        fused = rest[0].device.type != "mps"
        if settings.name == "sgd":
            sgd = torch.optim.SGD(groups, lr=settings.lr, momentum=_SGD_MOMENTUM, fused=fused)
            optimisers.append(sgd)
        else:
            optimisers.append(torch.optim.AdamW(groups, lr=settings.lr, fused=fused))
    for group in (group for each in optimisers for group in each.param_groups):
        group["initial_lr"] = group["lr"]
    return optimisers


def set_rate(optimisers: Iterable[torch.optim.Optimizer], share: float) -> None:
    """Set every group's rate to `share` (0 to 1) of its peak."""
    for group in (group for each in optimisers for group in each.param_groups):
        group["lr"] = group["initial_lr"] * share


def _is_inner(weight: torch.Tensor) -> bool:
    """Tell whether a weight is a matrix or a stack of kernels between two wide layers."""
    return weight.ndim > 1 and min(weight.shape[:2]) >= _SMALLEST_SIDE


class Muon(torch.optim.Optimizer):
    """Momentum whose every step is made orthogonal, so that no direction of a layer is left behind.

    Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks". A kernel
    [out, in, k, k] is taken as the matrix [out, in k k]. Layers of equal shape go through the
    matrix products together.

    Args:
        parameters: weights of at least two dimensions.
        lr: roughly the spectral norm of a step.
        momentum: Nesterov momentum.
        precision: of the matrix products; bfloat16 is enough.
    """

    def __init__(
        self,
        parameters: Iterable[torch.Tensor],
        lr: float = 5e-3,
        momentum: float = 0.95,
        precision: torch.dtype = torch.bfloat16,
    ) -> None:
        self._precision = precision
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step; return what `closure` returns, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [each for each in group["params"] if each.grad is not None]
            for alike in _by_shape(weights):
                self._step_alike(alike, group["lr"], group["momentum"])
        return loss

    def _step_alike(self, weights: list[torch.Tensor], rate: float, momentum: float) -> None:
        directions = []
        for weight in weights:
            gradient = cast("torch.Tensor", weight.grad)
            state = self.state[weight]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(weight)
            mean = state["momentum"]
            mean.lerp_(gradient, 1 - momentum)
            directions.append(gradient.lerp(mean, momentum).flatten(1))
        steps = orthogonalise(torch.stack(directions).to(self._precision))
        # A tall matrix has fewer directions than rows: its entries are made as large as others'.
        tallness = max(1.0, steps.shape[1] / steps.shape[2]) ** 0.5
        for weight, step in zip(weights, steps, strict=True):
            weight.sub_(step.view(weight.shape).to(weight.dtype), alpha=rate * tallness)


def orthogonalise(matrices: torch.Tensor) -> torch.Tensor:
    """Return the nearest (semi-)orthogonal matrices, roughly: singular values in about 0.7 to 1.2.

    Newton-Schulz iteration with the quintic of Jordan 2024.

    Args:
        matrices: float[N, rows, columns].
    """
    if matrices.shape[1] > matrices.shape[2]:
        return orthogonalise(matrices.mT).mT
    a, b, c = _QUINTIC
    x: torch.Tensor = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def _by_shape(weights: list[torch.Tensor]) -> list[list[torch.Tensor]]:
    groups: dict[torch.Size, list[torch.Tensor]] = {}
    for weight in weights:
        groups.setdefault(weight.shape, []).append(weight)
    return list(groups.values())
