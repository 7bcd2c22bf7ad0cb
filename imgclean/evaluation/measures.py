"""What is measured beside PSNR and SSIM, where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import InvalidSetting, nearest_names
from imgclean.evaluation.metrics import blur
from imgclean.evaluation.perceptual import SMALLEST_FOR_LPIPS, load_lpips, require_lpips
from imgclean.evaluation.trials import SSIM_WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from imgclean.evaluation.trials import Trial
    from imgclean.events import Emit

MEASURES = ("blur", "lpips")
"""Names of what there is."""

_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Measure:
    """Two figures of an image.

    Attributes:
        fields: their names, as `events.Evaluated` has them.
        smallest: shortest side in pixels that can be measured.
        figures: from the clean image, the output and the input, each float64[h, w, C] in grey
            levels as PSNR compares them, to both figures.
    """

    fields: tuple[str, str]
    smallest: int
    figures: Callable[
        [NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], tuple[float, float]
    ]


def require_measures(names: Iterable[str]) -> tuple[str, ...]:
    """Return what is asked for, each once, after a look whether it can be measured here.

    Raises:
        InvalidSetting: there is no measure of that name.
        SetupError: a package that it needs is missing, or what may not be fetched.
    """
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in MEASURES:
            near = nearest_names(name, MEASURES)
            raise InvalidSetting(
                f"there is no measure {name!r}",
                hint=f"did you mean {' or '.join(near)}?"
                if near
                else f"there is {', '.join(MEASURES)}",
            )
    if "lpips" in wanted:
        require_lpips()
    return wanted


def make_measures(names: Iterable[str], emit: Emit) -> tuple[Measure, ...]:
    """Return measures that can be taken; what they need is fetched where it is not here.

    Args:
        names: as `require_measures` returns them.
        emit: gets a `Note` of what is fetched.

    Raises:
        SetupError: it cannot be fetched or used.
    """
    return tuple(_blur() if name == "blur" else _lpips(emit) for name in names)


def take(measures: Sequence[Measure], trial: Trial, output: NDArray[np.float32]) -> dict[str, Any]:
    """Return the figures of an image and the output float32[C, H, W], by field."""
    if not measures:
        return {}
    compared = trial.compared(output)
    return {
        name: round(figure, _DIGITS)
        for each in measures
        for name, figure in zip(each.fields, each.figures(*compared), strict=True)
    }


def means(figures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the means over images, by field."""
    names = figures[0] if figures else ()
    return {
        name: round(float(np.mean([each[name] for each in figures])), _DIGITS) for name in names
    }


def window_of(measures: Iterable[Measure]) -> int:
    """Return the shortest side in pixels of which SSIM and all of the measures can be taken."""
    return max((each.smallest for each in measures), default=SSIM_WINDOW)


def _blur() -> Measure:
    return Measure(
        ("blur", "clean_blur"), SSIM_WINDOW, lambda clean, output, _: (blur(output), blur(clean))
    )


def _lpips(emit: Emit) -> Measure:
    distance = load_lpips(emit)
    return Measure(
        ("lpips", "input_lpips"),
        SMALLEST_FOR_LPIPS,
        lambda clean, output, noisy: (distance(clean, output), distance(clean, noisy)),
    )
