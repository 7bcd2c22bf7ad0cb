"""Measures a freshly trained weight set, for its config and its model card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.degradation.spec import GaussianSpec
from imgclean.evaluation.protocol import SMALLEST_SIDE, evaluate
from imgclean.images.collection import read_clean_images
from imgclean.weightsets.config import Measurement

if TYPE_CHECKING:
    from imgclean.events import Emit
    from imgclean.inference.denoiser import Denoiser

_PAPERS_LEVELS = (15.0, 25.0, 50.0)


def validate(denoiser: Denoiser, folders: list[str], emit: Emit) -> list[Measurement]:
    """Return PSNR and SSIM on each folder, at each level that the set was trained for.

    A blind set is measured at 15, 25 and 50, as far as its range holds them.

    Raises:
        DataUnusable: a folder holds no usable image.
    """
    config = denoiser.weights.config
    domain = config.domain
    levels = [each for each in _PAPERS_LEVELS if domain.contains(each)] if domain.blind else []
    results: list[Measurement] = []
    for folder in folders:
        images = read_clean_images(
            (Path(folder),),
            channels=config.channels,
            smallest=SMALLEST_SIDE,
            emit=emit,
        )
        for level in levels or [domain.low]:
            noise = GaussianSpec(level, level)
            line = evaluate(images, noise, denoiser, seed=0, emit=emit)
            emit(line)
            results.append(
                Measurement(**{name: getattr(line, name) for name in Measurement.model_fields})
            )
    return results
