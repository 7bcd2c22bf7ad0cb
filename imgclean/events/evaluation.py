"""What was measured: of sets of images, of trials, of speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedImage:
    """One image of an evaluation.

    Attributes:
        set: name of the folder.
        image: path of the clean image, as the user would write it.
        degradation, model, weights, psnr, ssim, input_psnr, input_ssim, bits_per_pixel, blur,
            clean_blur, lpips, input_lpips: as of `Evaluated`.
    """

    event: ClassVar[str] = "evaluated_image"

    set: str
    image: str
    degradation: str
    model: str
    weights: str
    psnr: float
    ssim: float
    input_psnr: float
    input_ssim: float
    bits_per_pixel: float | None = None
    blur: float | None = None
    clean_blur: float | None = None
    lpips: float | None = None
    input_lpips: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """One line of an evaluation: a set under one degradation.

    Attributes:
        set: name of the folder.
        degradation: spec string; `pairs` for real noisy images.
        model, weights: names; of a classical method both are its name.
        images: how many.
        psnr, ssim: mean over images of the output, PSNR in dB.
        input_psnr, input_ssim: the same of the degraded input.
        seconds: time spent denoising.
        published_psnr, published_ssim: what the model's paper states, where it does.
        difference: measured PSNR less the published one.
        bits_per_pixel: that the compressed input takes, mean over images; None where nothing is
            compressed last.
        blur, clean_blur: of the output and of the clean image, 0 to 1, mean over images; None
            where it was not asked for.
        lpips, input_lpips: distance of the output and of the degraded input from the clean image,
            mean over images; None likewise.
    """

    event: ClassVar[str] = "evaluated"

    set: str
    degradation: str
    model: str
    weights: str
    images: int
    psnr: float
    ssim: float
    input_psnr: float
    input_ssim: float
    seconds: float
    published_psnr: float | None = None
    published_ssim: float | None = None
    difference: float | None = None
    bits_per_pixel: float | None = None
    blur: float | None = None
    clean_blur: float | None = None
    lpips: float | None = None
    input_lpips: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedRegions:
    """Textured and smooth regions of a set under one degradation, at one threshold.

    A PSNR is None where no image has such a region.

    Attributes:
        set, degradation, model, weights: as of `Evaluated`.
        threshold: of the clean image's gradient, 0 to 4.5; textured is what is above.
        textured_share: fraction of the pixels that are textured, mean over images.
        textured_psnr, smooth_psnr: of the output in dB, mean over the images that have the region.
        textured_input_psnr, smooth_input_psnr: the same of the degraded input.
        textured_images, smooth_images: how many images have the region.
    """

    event: ClassVar[str] = "evaluated_regions"

    set: str
    degradation: str
    model: str
    weights: str
    threshold: float
    textured_share: float
    textured_psnr: float | None
    smooth_psnr: float | None
    textured_input_psnr: float | None
    smooth_input_psnr: float | None
    textured_images: int
    smooth_images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedFold:
    """How good a trial of a cross validation is, under one degradation.

    What is better on the images that were trained on than on the others is learnt by heart.

    Attributes:
        repeat, fold: which split, and which part of it is tested with, both from 1.
        degradation, model, weights: as of `Evaluated`.
        training_images, test_images: how many.
        training_psnr, training_ssim, training_input_psnr, training_input_ssim: as of `Evaluated`,
            of the images that were trained on.
        test_psnr, test_ssim, test_input_psnr, test_input_ssim: the same of the others.
    """

    event: ClassVar[str] = "evaluated_fold"

    repeat: int
    fold: int
    degradation: str
    model: str
    weights: str
    training_images: int
    training_psnr: float
    training_ssim: float
    training_input_psnr: float
    training_input_ssim: float
    test_images: int
    test_psnr: float
    test_ssim: float
    test_input_psnr: float
    test_input_ssim: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedFolds:
    """The means over all trials of a cross validation, under one degradation.

    Attributes:
        degradation, model: as of `Evaluated`.
        folds, repeats: parts of a split, and splits; their product is the number of trials.
        training_psnr to test_input_ssim: means over the trials of what `EvaluatedFold` has.
        training_psnr_spread, training_ssim_spread, test_psnr_spread, test_ssim_spread: sample
            standard deviation of the repeats' means; None where there is one repeat.
    """

    event: ClassVar[str] = "evaluated_folds"

    degradation: str
    model: str
    folds: int
    repeats: int
    training_psnr: float
    training_ssim: float
    training_input_psnr: float
    training_input_ssim: float
    test_psnr: float
    test_ssim: float
    test_input_psnr: float
    test_input_ssim: float
    training_psnr_spread: float | None
    training_ssim_spread: float | None
    test_psnr_spread: float | None
    test_ssim_spread: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benched:
    """One line of a bench: a model in one precision on an image of one size.

    Attributes:
        model, weights: names.
        device: torch device string.
        precision: fp32, bf16 or fp16.
        width, height: of the image in pixels.
        ms_per_megapixel: milliseconds for a million pixels, the median of the rounds.
        multiplications_per_pixel: of the network as its paper has it.
        rate: GFLOP/s that this makes, two operations for each multiplication.
        matrix_rate: GFLOP/s of a matrix product in that precision, in the same rounds.
        share: `rate` in units of `matrix_rate`.
        peak_memory_mib: most memory above what the process had before it read the weights.
        psnr: in dB at sigma 25 on sample photographs; None of a model that does not denoise.
        psnr_cost: by how much it is lower than in fp32.
    """

    event: ClassVar[str] = "bench"

    model: str
    weights: str
    device: str
    precision: str
    width: int
    height: int
    ms_per_megapixel: float
    multiplications_per_pixel: int
    rate: float
    matrix_rate: float
    share: float
    peak_memory_mib: float
    psnr: float | None
    psnr_cost: float | None
