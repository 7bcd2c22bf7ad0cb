"""Measures a freshly trained weight set, for its config and its model card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.evaluation.protocol import SMALLEST_SIDE, evaluate
from imgclean.images.collection import read_clean_images
from imgclean.weightsets.config import Measurement

if TYPE_CHECKING:
    from imgclean.events import Emit
    from imgclean.inference.denoiser import Denoiser


def validate(denoiser: Denoiser, folders: list[str], emit: Emit) -> list[Measurement]:
    """Return PSNR and SSIM on each folder, at the papers' levels of the set's domain.

    Raises:
        DataUnusable: a folder holds no usable image.
    """
    config = denoiser.weights.config
    results: list[Measurement] = []
    for folder in folders:
        images = read_clean_images(
            (Path(folder),),
            channels=config.channels,
            smallest=SMALLEST_SIDE,
            emit=emit,
        )
        for noise in config.domain.paper_levels():
            line = evaluate(images, noise, denoiser, seed=0, emit=emit)
            emit(line)
            results.append(
                Measurement(**{name: getattr(line, name) for name in Measurement.model_fields})
            )
    return results
