"""The tables of a recipe: data, validation, folds, augmentation, budget, optimiser."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import InvalidSetting

Keep = Literal["last", "psnr", "blur"]
"""Which of a stage's weights are its result, see `Recipe`."""

_NoNegative = Annotated[float, Field(ge=0)]


def known_noise(text: str) -> str:
    """Return a degradation spec as it is printed; a `ValueError` says what is wrong with it."""
    try:
        return str(parse_degradation(text))
    except InvalidSetting as error:
        raise ValueError(f"{error} ({error.hint})") from error


class Section(BaseModel):
    """A part of a recipe: strict, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Images(Section):
    """Clean images in folders, or pairs of a noisy and a clean image.

    Attributes:
        clean: folders of clean images; of pairs, one.
        noisy: folder of their noisy partners, or None where noise is added.
        match: of pairs, `s/pattern/replacement/` that turns a clean image's name into its noisy
            partner's.
        include, exclude: shell patterns; only files that match the one, none that match the other.
    """

    clean: list[str] = []
    noisy: str | None = None
    match: str | None = None
    include: list[str] = []
    exclude: list[str] = []

    @model_validator(mode="after")
    def _pairs_are_of_one_folder(self) -> Self:
        if self.noisy is not None and len(self.clean) != 1:
            raise ValueError("pairs take exactly one folder of clean images")
        if self.noisy is None and self.match is not None:
            raise ValueError("match is for pairs: noisy is missing")
        return self


class Data(Images):
    """What is trained on.

    Attributes:
        luma: whether colour images that train a gray network become luma (16 to 235 of 255), as
            papers on enlargement and compression have it, and not gray.
        hold_out: shell patterns; images that match are kept for validation.
        least_mean: images whose clean one has a lower mean, white being 1, are left out.
        least_psnr: images whose clean one has a lower PSNR in dB, by an estimate of the noise that
            is left in it, are left out.
    """

    luma: bool = False
    hold_out: list[str] = []
    least_mean: Annotated[float, Field(ge=0, le=1)] | None = None
    least_psnr: PositiveFloat | None = None


class Validation(Images):
    """What a run is measured with, on the way and at its end.

    Images of `data.hold_out` take its place on the way, and come on top at the end.

    Attributes:
        every: share of a stage's budget between two measurements on the way.
        images, crop: on the way, so many images are measured, on a square of so many pixels from
            the centre of each.
        noise: on the way, degradation spec at whose levels, those of the papers, they are measured;
            None for the middle level of what the stage learns to undo.
    """

    every: Annotated[float, Field(gt=0, le=1)] = 0.25
    images: PositiveInt = 8
    crop: Annotated[int, Field(ge=16)] = 160
    noise: Annotated[str, AfterValidator(known_noise)] | None = None


class Folds(Section):
    """Cross validation: trials, each trained without a part of the images and tested with it.

    Attributes:
        count: into how many parts the images are split; None for an ordinary run.
        repeats: how often, with another split each time.
        repeat, number: the one trial that is run, by its split and its part, both from 1; None
            for all of them, one after the other.
    """

    count: Annotated[int, Field(ge=2)] | None = None
    repeats: PositiveInt = 1
    repeat: PositiveInt | None = None
    number: PositiveInt | None = None

    @model_validator(mode="after")
    def _names_a_trial_that_there_is(self) -> Self:
        if self.count is None and (self.repeats > 1 or self.repeat or self.number):
            raise ValueError("count is missing: into how many folds the images are split")
        if (self.repeat is None) != (self.number is None):
            raise ValueError("one trial is named by repeat and number together")
        if (self.repeat or 1) > self.repeats or (self.number or 1) > (self.count or 1):
            raise ValueError("there is no such trial: repeat or number is too high")
        return self

    @property
    def asked(self) -> bool:
        """Whether all trials are to be run."""
        return self.count is not None and self.number is None


class Augmentation(Section):
    """What is done to a patch before noise is added; each is as likely as not.

    Attributes:
        flips: mirrored from left to right, from top to bottom.
        turns: rows and columns exchanged; with flips, all eight orientations.
    """

    flips: bool = True
    turns: bool = True


class Budget(Section):
    """How long to train; exactly one of steps, epochs and minutes is set.

    Whichever it is, the learning rate is shaped to it. Stages share it.

    Attributes:
        steps: optimiser steps.
        epochs: passes; see `patches_per_epoch`.
        minutes: in the loop, which ends on time.
        patches_per_epoch: what a pass is; by default, as many as cover all images once.
    """

    steps: PositiveInt | None = None
    epochs: PositiveFloat | None = None
    minutes: PositiveFloat | None = None
    patches_per_epoch: PositiveInt | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(each is not None for each in (self.steps, self.epochs, self.minutes)) != 1:
            raise ValueError("set either steps, epochs or minutes")
        return self


class Optimiser(Section):
    """The optimiser.

    Attributes:
        name: `muon`, which moves the weights between wide layers with Muon and the rest with
            AdamW, and needs far fewer steps; or `adamw`; or `sgd` with a momentum of 0.9.
        lr: peak rate of AdamW or SGD.
        muon_lr: Muon's peak rate.
        weight_decay: AdamW's and SGD's, on weights; batch norm and biases have none.
        clip: largest norm of a step's gradient; 0 for no limit.
    """

    name: Literal["muon", "adamw", "sgd"] = "muon"
    lr: PositiveFloat = 1e-3
    muon_lr: PositiveFloat = 5e-3
    weight_decay: _NoNegative = 1e-4
    clip: _NoNegative = 5.0
