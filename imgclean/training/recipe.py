"""What a training run does, as data."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from imgclean.errors import InvalidSetting
from imgclean.training.losses.terms import LossTerm, SquaredError
from imgclean.training.recipe_tables import (
    Augmentation,
    Budget,
    Data,
    Folds,
    Keep,
    Optimiser,
    Section,
    Validation,
    known_noise,
)
from imgclean.training.schedule import Cosine, Schedule
from imgclean.training.splits import Fold
from imgclean.training.stages import Stage, with_changes
from imgclean.weightsets.config import list_mistakes

PAIRS_DOMAIN = "pairs"


def _one_adversary(terms: list[LossTerm]) -> list[LossTerm]:
    if sum(each.kind == "adversarial" for each in terms) > 1:
        raise ValueError("only one term may be adversarial")
    return terms


class Recipe(BaseModel):
    """A training run.

    Attributes:
        model: name of the model.
        init: weight set to begin from, a name or a path; None for fresh weights.
        noise: degradation spec; what varies is drawn anew for each patch. Pairs have their own.
        patch: side of a training patch in pixels.
        batch: patches a step, on each device. `auto`: 8 on a CPU, where many small steps go
            further than few large ones; on a GPU 64 for up to half an hour, else 128.
        seed: of everything that is drawn.
        ema: decay of the running mean of the weights, which is what the run yields.
        keep: which of the running means: `last`; or of those that were measured on the way `psnr`,
            the one of the highest PSNR, or `blur`, the one whose images are most nearly as blurred
            as the clean ones, and whose PSNR is not 1 dB below that of the stage's beginning.
        precision: arithmetic of the forward and backward pass; the weights stay float32.
        compile: whether torch.compile makes the network faster first, which takes a minute.
        store: precision of the weight file.
        checkpoint_seconds: time between two checkpoints.
        licence: SPDX expression of the weight set.
        options: options of the model; `channels` decides between colour and gray training.
        data, validation, folds, augmentation, loss, optimiser, schedule, budget: see there. The
            terms of the loss are added up.
        stages: what is trained one after the other, each from what the one before has made.
    """

    model_config = Section.model_config

    model: str
    init: str | None = None
    noise: Annotated[str, AfterValidator(known_noise)] = "gaussian:0-55"
    patch: Annotated[int, Field(ge=8)] = 40
    batch: PositiveInt | Literal["auto"] = "auto"
    seed: Annotated[int, Field(ge=0)] = 0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999
    keep: Keep = "last"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    compile: bool = False
    store: Literal["float32", "float16"] = "float32"
    checkpoint_seconds: PositiveFloat = 60.0
    licence: str = "MIT"
    options: dict[str, Any] = {}
    data: Data = Data()
    validation: Validation = Validation()
    folds: Folds = Folds()
    augmentation: Augmentation = Augmentation()
    loss: Annotated[list[LossTerm], Field(min_length=1), AfterValidator(_one_adversary)] = [
        SquaredError(kind="mse")
    ]
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Cosine()
    budget: Budget = Budget(minutes=60.0)
    stages: list[Stage] = []

    @model_validator(mode="before")
    @classmethod
    def _pairs_bring_their_noise(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or not isinstance(settings.get("data"), dict):
            return settings
        if settings["data"].get("noisy") is None:
            return settings
        if settings.get("noise", PAIRS_DOMAIN) != PAIRS_DOMAIN:
            raise ValueError("noise is for clean images; pairs bring their own")
        return settings | {"noise": PAIRS_DOMAIN}

    @model_validator(mode="after")
    def _pairs_are_there(self) -> Self:
        if self.noise == PAIRS_DOMAIN and self.data.noisy is None:
            raise ValueError("noise is `pairs`, but data.noisy names no folder of noisy images")
        own = self.data.noisy or self.validation.noisy or self.validation.noise == PAIRS_DOMAIN
        if self.validation.noise is not None and own:
            raise ValueError("validation.noise is for clean images; pairs bring their own")
        if self.data.noisy and self.validation.clean and self.validation.noisy is None:
            raise ValueError(
                "validation.noisy is missing: what learns from pairs is measured on some"
            )
        return self

    @property
    def fold(self) -> Fold | None:
        """Which images a trial of a cross validation is tested with; None of any other run."""
        folds = self.folds
        if folds.count is None or folds.repeat is None or folds.number is None:
            return None
        return Fold(count=folds.count, seed=self.seed, repeat=folds.repeat, number=folds.number)

    @property
    def runs(self) -> tuple[Recipe, ...]:
        """The recipe of each stage, in order; of a run without stages, itself."""
        if not self.stages:
            return (self,)
        base = self.model_dump(exclude={"stages"})
        return tuple(
            Recipe.model_validate(with_changes(base, each.changes)) for each in self.stages
        )


def read_recipe(settings: dict[str, Any]) -> Recipe:
    """Return the recipe that `settings` describes.

    Raises:
        InvalidSetting: a key is unknown or a value is not one that it can take; every mistake
            is listed with its path, also those in stages.
    """
    mistakes: list[str] = []
    recipe: Recipe | None = None
    try:
        recipe = Recipe.model_validate(settings)
    except ValidationError as error:
        mistakes.append(list_mistakes(error))
    mistakes += _mistakes_in_stages(settings)
    if recipe is None or mistakes:
        raise InvalidSetting(
            f"the recipe is not valid: {'; '.join(mistakes)}",
            hint="docs/training.md lists the keys; `imgclean train --show RECIPE` prints a recipe",
        )
    return recipe


def _mistakes_in_stages(settings: dict[str, Any]) -> list[str]:
    """Return what is wrong in the changes of stages, as far as the rest does not hide it."""
    base = {"model": ""} | {key: value for key, value in settings.items() if key != "stages"}
    known = _messages(base)
    mistakes = []
    stages = settings.get("stages")
    for index, stage in enumerate(stages if isinstance(stages, list) else []):
        if isinstance(stage, dict):
            changes = {key: stage[key] for key in stage.keys() - Stage.model_fields.keys()}
            found = _messages(with_changes(base, changes))
            mistakes += [f"stages.{index}.{each}" for each in found if each not in known]
    return mistakes


def _messages(settings: dict[str, Any]) -> list[str]:
    try:
        Recipe.model_validate(settings)
    except ValidationError as error:
        return list_mistakes(error).split("; ")
    return []
