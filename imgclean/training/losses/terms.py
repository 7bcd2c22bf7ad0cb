"""The terms of a training loss, as data in a recipe."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from imgclean.training.recipe_tables import Section

NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Reduction = Literal["mean", "half-sum"]


class Ramp(Section):
    """A weight that moves along a line while the stage's budget is spent.

    The multi-scale CNN's (1 + s t) / T at step t of T is the ramp from 1 / T to 1 / T + s.

    Attributes:
        start, end: the weight until `since` and from `until` on.
        since, until: shares of the stage's budget, 0 to 1.
    """

    start: NonNegative
    end: NonNegative
    since: Share = 0.0
    until: Share = 1.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since >= self.until:
            raise ValueError("since must be below until")
        return self

    def at(self, share: float) -> float:
        """Return the weight after a share of the stage's budget, 0 to 1."""
        passed = (share - self.since) / (self.until - self.since)
        passed = min(1.0, max(0.0, passed))
        return (1 - passed) * self.start + passed * self.end


class _Term(Section):
    weight: NonNegative | Ramp = 1.0

    def weight_at(self, share: float) -> float:
        """Return the term's weight after a share of the stage's budget, 0 to 1."""
        return self.weight.at(share) if isinstance(self.weight, Ramp) else self.weight


class SquaredError(_Term):
    """Squared error, the measure that PSNR is of.

    Attributes:
        reduction: `mean` over all samples; or `half-sum`, the sum of squares over twice the
            number of images (Zhang et al. 2017, DnCNN, equation 1).
    """

    kind: Literal["mse"]
    reduction: Reduction = "mean"


class AbsoluteError(_Term):
    """Mean absolute error (GradNet, equation 4, without its misprinted subtraction)."""

    kind: Literal["l1"]


class Charbonnier(_Term):
    """Mean of sqrt(error^2 + epsilon^2), a smooth L1 (Charbonnier et al. 1994).

    Attributes:
        epsilon: the error, in units of the image's [0, 1], below which it is nearly squared.
    """

    kind: Literal["charbonnier"]
    epsilon: PositiveFloat = 1e-3


class GradientConsistency(_Term):
    """L1 of the two Sobel components of output and clean (GradNet, equation 5).

    The paper's weight is 0.1, beside `l1` (equation 6).
    """

    kind: Literal["gradient"]


class EdgeWeightedError(_Term):
    """Error of the images multiplied by an edge map of the clean one (DN-ResNet; GradNet-IV).

    It goes beside `mse`, with the norm `l1` beside that. With `sobel` and a weight of 0.025 it is
    DN-ResNet's `edge-a`, with `canny` its `edge-b`. `canny` has the clean images copied to the CPU
    and waits for them at every step; `sobel` stays on the device.

    Attributes:
        map: `sobel`, the gradient's magnitude in each channel (0 to about 4.5); or `canny`, 1 on
            the edges that scikit-image finds in the mean of the channels, else 0.
        norm: whether the products are squared (DN-ResNet) or not (GradNet, Section 3.2).
        reduction: as of `mse`, so that both are of one scale.
    """

    kind: Literal["edge"]
    map: Literal["sobel", "canny"] = "sobel"
    norm: Literal["l2", "l1"] = "l2"
    reduction: Reduction = "mean"


class WeightPenalty(_Term):
    """The sum of (|w| + epsilon)^p over chosen parameters, which makes weights sparse.

    The multi-scale CNN has it on the weights of its fifth and sixth layer.

    Attributes:
        parameters: shell patterns of parameter names, such as `layers.4.weight`.
        p: the exponent, above 0.
        epsilon: keeps the gradient finite at w = 0.
    """

    kind: Literal["weight_penalty"]
    parameters: Annotated[list[str], Field(min_length=1)]
    p: PositiveFloat = 0.1
    epsilon: PositiveFloat = 1e-4


class AdversarialLoss(_Term):
    """How far a discriminator, trained along, tells the output from clean images.

    Non-saturating: the mean of -log D(output) (Goodfellow et al. 2014; multi-scale CNN,
    equation 5). Its weight in the paper is a `Ramp`.

    Attributes:
        discriminator: a name that the model offers, or the core's own `patch`.
        lr: the discriminator's rate, with Adam.
        steps_before: batches that the discriminator is trained on before the first step.
        lr_before: its rate until then; `lr` where it is None.
        updates: times that the discriminator is shown each batch.
    """

    kind: Literal["adversarial"]
    discriminator: str = "patch"
    lr: PositiveFloat = 1e-6
    steps_before: Annotated[int, Field(ge=0)] = 0
    lr_before: PositiveFloat | None = None
    updates: PositiveInt = 2


LossTerm = Annotated[
    SquaredError
    | AbsoluteError
    | Charbonnier
    | GradientConsistency
    | EdgeWeightedError
    | WeightPenalty
    | AdversarialLoss,
    Field(discriminator="kind"),
]
"""One weighted term of a loss; `kind` says which."""
