"""From the trials of a cross validation to their means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.events import EvaluatedFold, EvaluatedFolds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DIGITS = {"psnr": 4, "input_psnr": 4, "ssim": 5, "input_ssim": 5}
_SIDES = ("training", "test")


def fold_means(lines: Iterable[EvaluatedFold], *, folds: int, repeats: int) -> list[EvaluatedFolds]:
    """Return the means over all trials, a line for each level in the order of the first trial.

    Args:
        lines: of every trial, a line for each level.
        folds: parts of a split.
        repeats: splits.
    """
    by_level: dict[str, list[EvaluatedFold]] = {}
    for line in lines:
        by_level.setdefault(line.degradation, []).append(line)
    return [
        EvaluatedFolds(
            degradation=level,
            model=found[0].model,
            folds=folds,
            repeats=repeats,
            **_means(found),
            **_spreads(found),
        )
        for level, found in by_level.items()
    ]


def _means(lines: Sequence[EvaluatedFold]) -> dict[str, float]:
    return {
        f"{side}_{name}": round(_mean(lines, f"{side}_{name}"), digits)
        for side in _SIDES
        for name, digits in _DIGITS.items()
    }


def _spreads(lines: Sequence[EvaluatedFold]) -> dict[str, Any]:
    return {
        f"{side}_{name}_spread": _spread(lines, f"{side}_{name}", _DIGITS[name])
        for side in _SIDES
        for name in ("psnr", "ssim")
    }


def _spread(lines: Sequence[EvaluatedFold], name: str, digits: int) -> float | None:
    """Return the sample standard deviation of the repeats' means; None without a finite one."""
    repeats = sorted({each.repeat for each in lines})
    means = [_mean([each for each in lines if each.repeat == one], name) for one in repeats]
    if len(means) < 2 or not np.isfinite(means).all():
        return None
    return round(float(np.std(means, ddof=1)), digits)


def _mean(lines: Sequence[EvaluatedFold], name: str) -> float:
    return float(np.mean([getattr(each, name) for each in lines]))
