"""What a training run says of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainStep:
    """Training goes on.

    Attributes:
        stage: name of the stage; empty in a run of one.
        step: optimiser steps taken in the stage.
        share: fraction of the stage's budget spent, 0 to 1.
        loss: mean training loss since the previous event.
        psnr: PSNR in dB of the training patches since the previous event.
        rate: current learning rate, that of AdamW or SGD.
        seconds: time spent in the stage's loop, over all resumptions.
        discriminator_accuracy: share of the images that a discriminator told rightly since the
            previous event, 0 to 1; None where there is none.
    """

    event: ClassVar[str] = "step"

    stage: str
    step: int
    share: float
    loss: float
    psnr: float
    rate: float
    seconds: float
    discriminator_accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscriminatorStep:
    """The discriminator learns alone, before the first step of a stage against it.

    Attributes:
        stage: name of the stage; empty where the run has only one.
        step: batches that it was shown.
        share: part of those that it is shown alone, 0 to 1.
        loss: its cross entropy, mean since the event before.
        accuracy: share of the images that it told rightly, likewise.
        seconds: time spent on it, over all resumptions.
    """

    event: ClassVar[str] = "discriminator_step"

    stage: str
    step: int
    share: float
    loss: float
    accuracy: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """The network was measured on the way, on parts of some images.

    Attributes:
        stage: name of the stage; empty in a run of one.
        step: optimiser steps taken in the stage.
        degradation: what makes the images noisy, or `pairs`.
        images: how many.
        psnr: their mean PSNR in dB.
    """

    event: ClassVar[str] = "validated"

    stage: str
    step: int
    degradation: str
    images: int
    psnr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBegun:
    """A trial of a cross validation begins.

    Attributes:
        trial: which, from 1.
        trials: how many there are.
        repeat, fold: which split, and which part of it is tested with, both from 1.
        folder: its run folder.
        seconds_left: until the last trial is over, by those that were run so far or by the budget;
            None where nothing is known yet.
    """

    event: ClassVar[str] = "trial"

    trial: int
    trials: int
    repeat: int
    fold: int
    folder: str
    seconds_left: float | None
