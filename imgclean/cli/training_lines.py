"""What is said of a training run under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.events import DiscriminatorStep

if TYPE_CHECKING:
    from imgclean.events import TrainStep, Validated


def step_text(event: TrainStep | DiscriminatorStep) -> str:
    """Return how far a stage is, without its name."""
    if isinstance(event, DiscriminatorStep):
        return f"discriminator  step {event.step:,}  {event.accuracy:.0%} right"
    text = f"step {event.step:,}  {event.psnr:.2f} dB"
    if event.discriminator_accuracy is not None:  # there is no room for the rate beside it
        return f"{text}  discriminator {event.discriminator_accuracy:.0%} right"
    return f"{text}  rate {event.rate:.1e}"


def validated_line(event: Validated) -> str:
    """Return the line of a measurement on the way."""
    stage = f"{event.stage}, " if event.stage else ""
    images = f"{event.images} image{'s' * (event.images > 1)}"
    return f"{stage}step {event.step:,}: {event.psnr:.2f} dB on {images}, {event.degradation}"
