"""What a run says of a file: its progress, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.events import Done, Failed, Planned, Progressed, Warned

if TYPE_CHECKING:
    import numpy as np

    from imgclean.errors import ImgcleanError
    from imgclean.events import Emit
    from imgclean.extension.model_info import Precision
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.jobs import Job, Plan
    from imgclean.inference.selection import Selection
    from imgclean.interruption import Interruption


class Progress:
    """Reports how far a file is, and stops where the user asked to.

    Args:
        job: the file.
        total: its pixels, over all planes.
        emit: gets the events.
        interruption: whether the user asked to stop.
    """

    def __init__(self, job: Job, total: int, emit: Emit, interruption: Interruption) -> None:
        self._input = str(job.input)
        self._total = total
        self._finished = 0
        self._emit = emit
        self._interruption = interruption

    def advance(self, pixels: int) -> None:
        """Note finished pixels.

        Raises:
            KeyboardInterrupt: the user asked to stop.
        """
        self._interruption.raise_if_requested()
        self._finished += pixels
        share = min(1.0, self._finished / self._total)
        self._emit(Progressed(input=self._input, share=share, megapixels=pixels / 1e6))


def done(
    job: Job,
    denoiser: Denoiser | None,
    *,
    width: int,
    height: int,
    pages: int,
    dtype: np.dtype[np.generic],
    precision: Precision | None,
    strength: float | None,
    seconds: float,
) -> Done:
    """Return the event for a clean image that is in its place."""
    return Done(
        input=str(job.input),
        output=str(job.output),
        residual=_residual(job),
        width=width,
        height=height,
        pages=pages,
        dtype=str(dtype),
        model=denoiser.info.name if denoiser else None,
        weights=denoiser.weights.name if denoiser else None,
        device=str(denoiser.device) if denoiser else None,
        precision=precision,
        strength=None if strength is None else round(strength, 3),
        seconds=round(seconds, 3),
    )


def failed(job: Job, error: ImgcleanError) -> Failed:
    """Return the event for a file that could not be cleaned."""
    message = f"{error} ({error.hint})" if error.hint else str(error)
    return Failed(
        input=str(job.input), output=str(job.output), error=type(error).__name__, message=message
    )


def left_out(job: Job, what: str) -> Warned:
    """Return the warning that something of a file is not in the clean image."""
    return Warned(input=str(job.input), error="LeftOut", message=f"{job.input}: {what}")


def without_chroma(job: Job) -> Warned:
    """Return the warning that nothing is done to an image that is not red, green and blue."""
    text = f"{job.input}: is not cleaned: --chroma-only is for red, green and blue"
    return Warned(input=str(job.input), error="NoChroma", message=text)


def nearly_empty(job: Job, pages: tuple[int, ...] = (1,), count: int = 1) -> Warned:
    """Return the warning that the range is much wider than the samples, on these of the pages."""
    where = "it uses" if count == 1 else f"page {pages[0]} uses"
    if len(pages) > 1:
        where = f"page {pages[0]} and {len(pages) - 1} more use"
    text = f"{job.input}: {where} less than an eighth of the range that noise is judged in"
    hint = "--range percentile:0.1,99.9 or --range LO,HI fits it to the samples"
    return Warned(input=str(job.input), error="RangeNearlyEmpty", message=f"{text} ({hint})")


def announce(plan: Plan, selection: Selection, emit: Emit, device: str | None) -> None:
    """Emit a `Planned` event for each image instead of cleaning it; nothing is read or written.

    Args:
        plan: what would be cleaned.
        selection: by whom.
        emit: gets the events.
        device: where; None if that is not known beforehand.
    """
    models = {each.info.name for each in selection.denoisers}
    weights = {each.weights.name for each in selection.denoisers}
    for job in plan.jobs:
        emit(
            Planned(
                input=str(job.input),
                output=str(job.output),
                residual=_residual(job),
                model=next(iter(models)) if len(models) == 1 else None,
                weights=next(iter(weights)) if len(weights) == 1 else None,
                device=device,
            )
        )


def _residual(job: Job) -> str | None:
    return None if job.residual is None else str(job.residual.output)
