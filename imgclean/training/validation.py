"""Measures a freshly trained weight set, for its config and its model card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.evaluation.colours import colour_of_weights
from imgclean.evaluation.protocol import measure
from imgclean.evaluation.restorers import ModelRestorer
from imgclean.evaluation.trials import smallest_side
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
    levels = config.domain.paper_levels()
    results: list[Measurement] = []
    for folder in folders:
        images = read_clean_images(
            (Path(folder),),
            channels="own",
            smallest=smallest_side(levels),
            emit=emit,
        )
        for noise in levels:
            colour = colour_of_weights(noise, config.channels)
            restorer = ModelRestorer(denoiser)
            line = measure(images, noise, restorer, seed=0, emit=emit, colour=colour)
            emit(line)
            results.append(
                Measurement(**{name: getattr(line, name) for name in Measurement.model_fields})
            )
    return results
