"""Measures what a restorer makes of a set of images, as the papers do.

PSNR, SSIM and what else is asked for are means over images. `trials.py` has how an image is
degraded and compared.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.degradation.spec import Pairs
from imgclean.errors import ImageError, InvalidSetting
from imgclean.evaluation.colours import usual_colour
from imgclean.evaluation.measures import means, take
from imgclean.evaluation.trials import SSIM_WINDOW, Scores, trial_of, trial_of_pair
from imgclean.events import Evaluated, EvaluatedImage, Progressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from imgclean.degradation.base import Degradation
    from imgclean.evaluation.colours import Colour
    from imgclean.evaluation.measures import Measure
    from imgclean.evaluation.regions import RegionTally
    from imgclean.evaluation.restorers import Restorer
    from imgclean.evaluation.trials import Trial
    from imgclean.events import Emit
    from imgclean.images.collection import CleanImages
    from imgclean.images.pairs import ImagePairs


SMALLEST_SIDE = SSIM_WINDOW
"""Shortest side in pixels that can be measured where nothing is enlarged."""


def measure(
    clean: CleanImages,
    degradation: Degradation,
    restorer: Restorer,
    *,
    seed: int,
    emit: Emit,
    colour: Colour | None = None,
    unrounded: bool = False,
    per_image: bool = False,
    regions: RegionTally | None = None,
    measures: Sequence[Measure] = (),
) -> Evaluated:
    """Return the mean figures on a set under a degradation.

    Args:
        clean: 8-bit images whose sides are at least `trials.smallest_side` pixels long.
        degradation: of one level.
        restorer: what is measured.
        seed: of the first image's noise; the next image has the next one, so that images of one
            size do not share their noise, whose level differs by some hundredths of a dB.
        emit: gets `Progressed` events, and with `per_image` an `EvaluatedImage` for each.
        colour: in which the images are measured; by default the papers' choice.
        unrounded: whether the output is compared as it is, neither clamped nor rounded.
        per_image: whether each image has an event of its own.
        regions: takes in what each image's textured and smooth regions are like.
        measures: what is taken beside PSNR and SSIM; the images are large enough for them.

    Raises:
        InvalidSetting: the degradation has no one level, or cannot be applied.
        ImageError: an image cannot be cleaned; the message names it.
    """
    require_one_level(degradation)
    chosen = colour or usual_colour(degradation, clean.channels)
    trials = (
        trial_of(image, degradation, chosen, seed + index, unrounded=unrounded)
        for index, image in enumerate(clean.images)
    )
    run = _Run(clean.title, str(degradation), clean.names, restorer, emit, per_image=per_image)
    return run.over(trials, regions, measures)


def measure_pairs(
    pairs: ImagePairs,
    restorer: Restorer,
    *,
    emit: Emit,
    colour: Colour | None = None,
    unrounded: bool = False,
    per_image: bool = False,
    regions: RegionTally | None = None,
    measures: Sequence[Measure] = (),
) -> Evaluated:
    """Return the mean figures on real pairs; arguments as for `measure`.

    Raises:
        ImageError: an image cannot be cleaned; the message names it.
    """
    chosen = colour or usual_colour(Pairs(), pairs.channels)
    trials = (
        trial_of_pair(clean, noisy, chosen, unrounded=unrounded)
        for clean, noisy in zip(pairs.clean, pairs.noisy, strict=True)
    )
    run = _Run(pairs.title, str(Pairs()), pairs.names, restorer, emit, per_image=per_image)
    return run.over(trials, regions, measures)


def require_one_level(degradation: Degradation) -> None:
    """Refuse a degradation under which two tools would not measure the same.

    Raises:
        InvalidSetting: it is a range, a choice, or what real pairs show.
    """
    if isinstance(degradation, Pairs):
        raise InvalidSetting(
            f"{degradation} cannot be applied", hint="--noisy names a folder of real noisy images"
        )
    if degradation.blind:
        raise InvalidSetting(
            f"{degradation} is a range or a choice",
            hint="evaluation takes one level, such as gaussian:25",
        )


class _Run:
    """One measurement: a restorer on the trials of a set."""

    def __init__(
        self,
        title: str,
        degradation: str,
        names: Sequence[str],
        restorer: Restorer,
        emit: Emit,
        *,
        per_image: bool,
    ) -> None:
        self._names = names
        self._restorer = restorer
        self._emit = emit
        self._per_image = per_image
        self._seconds = 0.0
        self._labels: dict[str, Any] = {
            "set": title,
            "degradation": degradation,
            "model": restorer.name,
            "weights": restorer.weights,
        }

    def over(
        self,
        trials: Iterable[Trial],
        regions: RegionTally | None,
        measures: Sequence[Measure],
    ) -> Evaluated:
        """Return the means over all trials."""
        self._progress(0.0, 0.0)
        scores: list[Scores] = []
        rates: list[float | None] = []
        taken: list[dict[str, Any]] = []
        for name, trial in zip(self._names, trials, strict=True):
            output = self._restored(trial, name)
            scores.append(trial.score(output))
            rates.append(trial.bits_per_pixel)
            taken.append(take(measures, trial, output))
            if regions is not None:
                regions.add(trial, output)
            if self._per_image:
                figures = _rounded(scores[-1]) | {"bits_per_pixel": _mean_rate(rates[-1:])}
                self._emit(EvaluatedImage(image=name, **self._labels, **figures, **taken[-1]))
            height, width, _ = trial.noisy.shape
            self._progress(len(scores) / len(self._names), height * width / 1e6)
        return Evaluated(
            **self._labels,
            images=len(scores),
            **_rounded(Scores(*np.mean(np.array(scores), axis=0))),
            seconds=round(self._seconds, 3),
            bits_per_pixel=_mean_rate(rates),
            **means(taken),
        )

    def _restored(self, trial: Trial, name: str) -> NDArray[np.float32]:
        started = time.perf_counter()
        try:
            output = self._restorer.restore(trial.planes, trial.dtype, trial.truth)
        except ImageError as error:
            raise error.about(name) from error
        self._seconds += time.perf_counter() - started
        return output

    def _progress(self, share: float, megapixels: float) -> None:
        work = " ".join(self._labels[key] for key in ("set", "degradation", "weights"))
        self._emit(Progressed(input=work, share=share, megapixels=megapixels))


def _rounded(scores: Scores) -> dict[str, Any]:
    digits = {"psnr": 4, "ssim": 5, "input_psnr": 4, "input_ssim": 5}
    return {name: round(float(getattr(scores, name)), digits[name]) for name in digits}


def _mean_rate(rates: Sequence[float | None]) -> float | None:
    """Return the mean bits per pixel of images, None unless all are compressed."""
    known = [each for each in rates if each is not None]
    return round(float(np.mean(known)), 5) if len(known) == len(rates) else None
