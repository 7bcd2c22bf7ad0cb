"""What a training run does, as data."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from imgclean.degradation.parsing import parse_degradation
from imgclean.degradation.spec import Gaussian
from imgclean.errors import InvalidSetting
from imgclean.weightsets.config import list_mistakes


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _known_noise(text: str) -> str:
    try:
        return str(_parse_gaussian(text))
    except InvalidSetting as error:
        raise ValueError(f"{error} ({error.hint})") from error


def _parse_gaussian(text: str) -> Gaussian:
    noise = parse_degradation(text)
    if isinstance(noise, Gaussian):
        return noise
    raise InvalidSetting(f"{noise} is not Gaussian noise", hint="use gaussian:25 or gaussian:0-55")


class Budget(_Section):
    """How long to train: `steps` (repeatable) or `minutes` (ends on time); exactly one is set.

    Whichever it is, the learning rate falls along it to zero.
    """

    steps: PositiveInt | None = None
    minutes: PositiveFloat | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("set either steps or minutes")
        return self

    def share(self, step: int, seconds: float) -> float:
        """Return the fraction spent, 0 to 1, after `step` steps and `seconds` in the loop."""
        spent = step / self.steps if self.steps else seconds / (60 * (self.minutes or 1))
        return min(1.0, spent)


class Optimiser(_Section):
    """The optimiser; its rates rise linearly to their peak and fall along a cosine to zero.

    Attributes:
        name: `adamw`; or `muon`, which moves the weights between wide layers with Muon and the
            rest with AdamW, and needs far fewer steps.
        lr: AdamW's peak rate.
        muon_lr: Muon's peak rate.
        weight_decay: AdamW's, on weights; batch norm and biases have none.
        warmup: steps until the peak.
        clip: largest norm of a step's gradient.
    """

    name: Literal["adamw", "muon"] = "adamw"
    lr: PositiveFloat = 1e-3
    muon_lr: PositiveFloat = 5e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    warmup: Annotated[int, Field(ge=0)] = 200
    clip: PositiveFloat = 5.0


class Recipe(_Section):
    """A training run.

    Attributes:
        model: name of the model.
        options: options of the model; `channels` decides between colour and gray training.
        data: folders of clean images.
        init: weight set to begin from, a name or a path; None for fresh weights.
        noise: degradation spec; the level is drawn anew for each patch.
        patch: side of a training patch in pixels.
        batch: patches a step. On a CPU many small steps go further than few large ones.
        seed: of everything that is drawn.
        ema: decay of the running mean of the weights, which is what the run yields.
        precision: arithmetic of the forward and backward pass; the weights stay float32.
        store: precision of the weight file.
        validate_on: folders of clean images to measure the result with.
    """

    model: str
    options: dict[str, Any] = {}
    data: Annotated[list[str], Field(min_length=1)]
    init: str | None = None
    noise: Annotated[str, AfterValidator(_known_noise)] = "gaussian:0-55"
    patch: Annotated[int, Field(ge=8)] = 40
    batch: PositiveInt = 8
    seed: Annotated[int, Field(ge=0)] = 0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    store: Literal["float32", "float16"] = "float32"
    validate_on: list[str] = []
    optimiser: Optimiser = Optimiser()
    budget: Budget = Budget(minutes=60.0)

    @property
    def domain(self) -> Gaussian:
        """What `noise` names."""
        return _parse_gaussian(self.noise)


def read_recipe(settings: dict[str, Any]) -> Recipe:
    """Return the recipe that `settings` describes.

    Raises:
        InvalidSetting: a key is unknown or a value is not one that it can take; every mistake
            is listed with its path.
    """
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        raise InvalidSetting(f"the recipe is not valid: {list_mistakes(error)}") from error
