"""Measures a model under synthetic noise, as the denoising papers do.

Noise is added in float, neither clipped nor quantised; the output is clamped and rounded to
8 bits; PSNR and SSIM are means over images.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.degradation.gaussian import GREY_LEVELS
from imgclean.degradation.image import degrade_image
from imgclean.degradation.spec import Gaussian
from imgclean.errors import InvalidSetting
from imgclean.evaluation.metrics import psnr, ssim
from imgclean.events import Evaluated, Progressed
from imgclean.images.rasters import ArrayRaster, ArraySink

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.degradation.base import Degradation
    from imgclean.events import Emit
    from imgclean.images.collection import CleanImages
    from imgclean.inference.denoiser import Denoiser

SMALLEST_SIDE = 11
"""Shortest side in pixels that can be measured: that of SSIM's window."""


def evaluate(
    clean: CleanImages, noise: Degradation, denoiser: Denoiser, *, seed: int, emit: Emit
) -> Evaluated:
    """Return the mean PSNR and SSIM of the denoiser on the set under `noise`.

    Args:
        clean: images of at least `SMALLEST_SIDE` pixels.
        noise: one level.
        denoiser: what is measured, at its own precision for 8-bit images.
        seed: every image's noise is drawn from a generator seeded with it.
        emit: gets a `Progressed` event for each image.

    Raises:
        InvalidSetting: the noise is a range, or not Gaussian.
    """
    hint = "evaluation takes one level, such as gaussian:25"
    if noise.blind:
        raise InvalidSetting(f"{noise} is a range", hint=hint)
    if not isinstance(noise, Gaussian):
        raise InvalidSetting(f"{noise} is not Gaussian noise", hint=hint)
    scores: list[tuple[float, float, float, float]] = []
    seconds = 0.0
    for image in clean.images:
        noisy = degrade_image(image, noise, seed=seed).noisy
        started = time.perf_counter()
        output = denoise_float(denoiser, noisy)
        seconds += time.perf_counter() - started
        levels = noisy * GREY_LEVELS
        scores.append(
            (psnr(image, output), ssim(image, output), psnr(image, levels), ssim(image, levels))
        )
        share = len(scores) / len(clean.images)
        megapixels = image.shape[0] * image.shape[1] / 1e6
        emit(Progressed(input=f"{clean.title} {noise}", share=share, megapixels=megapixels))
    means = np.mean(np.array(scores), axis=0)
    return Evaluated(
        set=clean.title,
        degradation=str(noise),
        model=denoiser.info.name,
        weights=denoiser.weights.name,
        images=len(scores),
        psnr=round(float(means[0]), 4),
        ssim=round(float(means[1]), 5),
        input_psnr=round(float(means[2]), 4),
        input_ssim=round(float(means[3]), 5),
        seconds=round(seconds, 3),
    )


def denoise_float(denoiser: Denoiser, noisy: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the clean uint8[H, W, C] of a float image [H, W, C] in [0, 1]."""
    planes = np.ascontiguousarray(noisy.transpose(2, 0, 1), dtype=np.float32)
    sink = ArraySink((planes.shape[0], planes.shape[1], planes.shape[2]))
    denoiser.denoise(ArrayRaster(planes), sink, dtype=np.dtype(np.uint8))
    return np.rint(sink.values.clip(0, 1) * GREY_LEVELS).astype(np.uint8).transpose(1, 2, 0)
