"""How good a trial of a cross validation is: on what it was trained on, and on what it was not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from imgclean.evaluation.restorers import ModelRestorer
from imgclean.evaluation.results import measure_levels
from imgclean.events import Evaluated, EvaluatedFold
from imgclean.training.validation import in_the_protocol

if TYPE_CHECKING:
    from imgclean.events import Emit
    from imgclean.images.collection import CleanImages
    from imgclean.images.pairs import ImagePairs
    from imgclean.inference.denoiser import Denoiser
    from imgclean.training.splits import Fold
    from imgclean.training.training_set import FoldImages

_FIGURES = ("images", "psnr", "ssim", "input_psnr", "input_ssim")


class FoldLines(NamedTuple):
    """What was measured on either side of a fold, a line for each level."""

    training: list[Evaluated]
    test: list[Evaluated]

    def events(self, fold: Fold) -> list[EvaluatedFold]:
        """Return both sides of each level as one event."""
        return [
            EvaluatedFold(
                repeat=fold.repeat,
                fold=fold.number,
                degradation=test.degradation,
                model=test.model,
                weights=test.weights,
                **_figures("training", training),
                **_figures("test", test),
            )
            for training, test in zip(self.training, self.test, strict=True)
        ]


def measure_fold(denoiser: Denoiser, images: FoldImages, emit: Emit) -> FoldLines:
    """Return PSNR and SSIM of whole images on either side, at the papers' levels of the domain.

    Args:
        denoiser: the trained set.
        images: of both sides.
        emit: gets the progress; the lines are no events of their own.

    Raises:
        ImageError: an image cannot be cleaned; the message names it.
    """
    restorer = ModelRestorer(denoiser)
    levels = denoiser.weights.config.domain.paper_levels()

    def progress(event: object) -> None:
        if not isinstance(event, Evaluated):
            emit(event)

    def lines(side: CleanImages | ImagePairs, name: str) -> list[Evaluated]:
        named = replace(in_the_protocol(side), title=f"{side.title} ({name})")
        return measure_levels(named, levels, restorer, emit=progress, whole=False)

    return FoldLines(lines(images.training, "training"), lines(images.test, "test"))


def _figures(side: str, line: Evaluated) -> dict[str, Any]:
    return {f"{side}_{name}": getattr(line, name) for name in _FIGURES}
