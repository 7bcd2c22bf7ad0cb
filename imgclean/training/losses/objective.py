"""The weighted sum of a loss's terms."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from imgclean.errors import InvalidSetting
from imgclean.training.losses import measures
from imgclean.training.losses.terms import (
    AbsoluteError,
    AdversarialLoss,
    Charbonnier,
    EdgeWeightedError,
    GradientConsistency,
    SquaredError,
    WeightPenalty,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from imgclean.training.adversary import Adversary
    from imgclean.training.losses.terms import LossTerm


class Objective:
    """What a training step minimises.

    Args:
        terms: what is added up; at least one, and at most one `adversarial`.
        network: whose parameters a `weight_penalty` is of. Where several processes train, the
            module inside of their wrapper: the penalty is the same in each, and so is the mean
            of its gradients.
        adversary: of the `adversarial` term; may be None where there is none.

    Raises:
        InvalidSetting: a pattern of a `weight_penalty` matches no parameter, or there are two
            adversarial terms.
        ValueError: there is an adversarial term and no adversary.
    """

    def __init__(
        self,
        terms: Sequence[LossTerm],
        network: torch.nn.Module,
        adversary: Adversary | None = None,
    ) -> None:
        if sum(isinstance(each, AdversarialLoss) for each in terms) > 1:
            raise InvalidSetting("a loss has two adversarial terms", hint="keep one of them")
        measured = [_measure(each, network, adversary) for each in terms]
        self._parts = list(zip(_names(terms), terms, measured, strict=True))

    def __call__(
        self, output: Tensor, clean: Tensor, share: float
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss, and what each term measured.

        All is computed in float32 (float64 stays so), also under autocast. Nothing waits for the
        device, except an `edge` term with Canny's map.

        Args:
            output: of the network, float[N, C, H, W].
            clean: the truth, of that shape, in [0, 1].
            share: of the stage's budget that is spent, 0 to 1.

        Returns:
            The weighted sum, with its graph; and each term's value without its weight and
            without a graph, by its kind (the second `mse` is `mse-2`). None has dimensions.
        """
        with torch.autocast(output.device.type, enabled=False):
            output, clean = _in_full(output), _in_full(clean)
            values = [measure(output, clean) for _, _, measure in self._parts]
            weighted = [
                value * term.weight_at(share)
                for value, (_, term, _) in zip(values, self._parts, strict=True)
            ]
            total = torch.stack(weighted).sum()
        names = [name for name, _, _ in self._parts]
        return total, {name: each.detach() for name, each in zip(names, values, strict=True)}


def _measure(
    term: LossTerm, network: torch.nn.Module, adversary: Adversary | None
) -> Callable[[Tensor, Tensor], Tensor]:
    match term:
        case SquaredError():
            return partial(measures.squared_error, term)
        case AbsoluteError():
            return measures.absolute_error
        case Charbonnier():
            return partial(measures.charbonnier, term)
        case GradientConsistency():
            return measures.gradient_difference
        case EdgeWeightedError():
            return partial(measures.edge_weighted_error, term)
        case WeightPenalty():
            parameters = measures.penalised_parameters(term, network)
            return lambda _output, _clean: measures.weight_penalty(term, parameters)
        case AdversarialLoss():
            if adversary is None:
                raise ValueError("an adversarial term needs an adversary")
            return lambda output, _clean: adversary.generator_loss(output)


def _in_full(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _names(terms: Sequence[LossTerm]) -> list[str]:
    """Return the terms' kinds, those that came before with a number."""
    kinds = [each.kind for each in terms]
    seen = [kinds[: index + 1].count(kind) for index, kind in enumerate(kinds)]
    return [kind if n == 1 else f"{kind}-{n}" for kind, n in zip(kinds, seen, strict=True)]
