"""Which images a trial of a cross validation is tested with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgclean.errors import InvalidSetting


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """The part of the images that one trial is tested with; it is trained on all others.

    Attributes:
        count: into how many parts the images are split.
        seed: of the splits.
        repeat: which of the splits, from 1.
        number: which of its parts, from 1.
    """

    count: int
    seed: int
    repeat: int
    number: int

    def test(self, images: int) -> tuple[int, ...]:
        """Return the indices of the images to test with, ascending.

        Args:
            images: how many there are.

        Raises:
            InvalidSetting: there are fewer images than folds.
        """
        return split(images, self.count, seed=self.seed, repeat=self.repeat)[self.number - 1]


def split(images: int, folds: int, *, seed: int, repeat: int) -> tuple[tuple[int, ...], ...]:
    """Return the images' indices in disjoint folds, whose sizes differ by one at most.

    It depends on these four numbers alone, so that all models are compared on equal splits. The
    generator is numpy's frozen one, whose numbers no version of numpy changes.

    Args:
        images: how many there are.
        folds: how many parts; at least 2.
        seed: 0 or more.
        repeat: which split of this seed, from 1.

    Returns:
        The indices of each fold, ascending.

    Raises:
        InvalidSetting: there are fewer images than folds.
    """
    if folds > images:
        raise InvalidSetting(
            f"{images} images cannot be split into {folds} folds",
            hint="a fold holds at least one image: use a smaller --folds",
        )
    generator = np.random.RandomState(np.random.MT19937(np.random.SeedSequence((seed, repeat))))
    parts = np.array_split(generator.permutation(images), folds)
    return tuple(tuple(sorted(map(int, part))) for part in parts)
