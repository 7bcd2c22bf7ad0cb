"""What a weight set's config says of how good it is: its results on whole sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.degradation.spec import Pairs
from imgclean.evaluation.colours import colour_of_weights
from imgclean.evaluation.protocol import measure, measure_pairs
from imgclean.evaluation.published import compared
from imgclean.images.collection import CleanImages
from imgclean.weightsets.config import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgclean.degradation.base import Degradation
    from imgclean.evaluation.measures import Measure
    from imgclean.evaluation.restorers import ModelRestorer
    from imgclean.events import Emit, Evaluated
    from imgclean.images.pairs import ImagePairs


def measure_levels(
    images: CleanImages | ImagePairs,
    levels: Iterable[Degradation],
    restorer: ModelRestorer,
    *,
    emit: Emit,
    whole: bool,
    measures: Sequence[Measure] = (),
) -> list[Evaluated]:
    """Return what a weight set makes of a set at each level, in the colours that it is for.

    Args:
        images: clean ones, 8 bits; or pairs, which have no level and one line.
        levels: of one level each.
        restorer: the model with its weights.
        emit: gets each line and the progress towards it.
        whole: whether these are all images of the set whose name they have; only then does the
            paper's figure stand beside a line.
        measures: what is taken beside PSNR and SSIM; the images are large enough for them.

    Raises:
        ImageError: an image cannot be cleaned; the message names it.
    """
    channels = restorer.denoiser.weights.config.channels
    lines = []
    for level in levels if isinstance(images, CleanImages) else [Pairs()]:
        if isinstance(images, CleanImages):
            colour = colour_of_weights(level, channels)
            line = measure(
                images, level, restorer, seed=0, emit=emit, colour=colour, measures=measures
            )
        else:
            line = measure_pairs(images, restorer, emit=emit, measures=measures)
        lines.append(compared(line, restorer, level, channels) if whole else line)
        emit(lines[-1])
    return lines


def as_results(lines: Iterable[Evaluated]) -> list[Measurement]:
    """Return lines as a config holds them."""
    names = Measurement.model_fields
    return [Measurement(**{name: getattr(each, name) for name in names}) for each in lines]
