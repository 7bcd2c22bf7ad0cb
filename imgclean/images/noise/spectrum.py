"""How noise is spread over the frequencies of a block: whether it is white, how correlated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgclean.images.noise.blocks import COSINES, FREQUENCY, SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

FINE = FREQUENCY >= 9
"""Coefficients in which white noise is looked for: the image has least there."""
COARSE = (FREQUENCY > 0) & (FREQUENCY <= 4)
"""Coefficients that tell a flat block from others without looking at its fine detail."""
_FINEST = FREQUENCY >= 11
_STILL_FALLING = 1.55  # of demosaiced noise it is about 2 and more, of white noise 1.1
_FAINT = (3 / 255) ** 2  # below it what falls is likely texture
_SLANTED = 1.35  # below what three channels of SIDD, called white, have: 1.37, 1.48 and 2.3
_PLAIN = (6 / 255) ** 2  # texture hardly reaches it
_CUT_OFF = 60.0
_NOTHING = 1e-12
_COARSE_ALONE = 20.0  # of noise that JPEG has cut off it is mostly above a hundred
_NEIGHBOURS = (COSINES[:, 1:] * COSINES[:, :-1]).sum(axis=1) / (SIDE - 1)
"""Correlation of the neighbouring samples of each cosine, in units of its energy."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Mean energies of the noise of flat blocks.

    Attributes:
        energies: float64[8, 8], by frequencies down and across; white noise has its variance in
            all. That of the mean, which cannot be told from the image, is as its neighbours'.
        white: whether the noise is white, as far as it can be told from texture.
        slanted: whether noise that counts as white still falls a little towards finer detail, so
            that the finest says too little of it.
    """

    energies: NDArray[np.float64]
    white: bool
    slanted: bool

    @property
    def whole(self) -> float:
        """The variance, over that of the coefficients other than the mean."""
        rest = self.energies.ravel()[1:].mean()
        return float(self.energies.mean() / rest) if rest else 1.0

    @property
    def correlation(self) -> tuple[float, float]:
        """Correlation of the noise of neighbouring pixels, across and down; 0 of white noise."""
        total = self.energies.sum() / SIDE**2
        if not total:
            return 0.0, 0.0
        across = (self.energies @ _NEIGHBOURS).sum() / SIDE / total
        down = (_NEIGHBOURS @ self.energies).sum() / SIDE / total
        return float(across), float(down)


def spectrum_of(
    energies: NDArray[np.float32], *, rounding: float, textured: bool = False
) -> Spectrum:
    """Return the spectrum of noise.

    Where the finest coefficients have all alike, the noise is white, and what there is more of
    coarse ones is the image; where they still fall, or there is next to nothing of them, it is not.

    Args:
        energies: float32[n, 64], of the flattest blocks.
        rounding: variance that the rounding of samples has added to every coefficient.
        textured: whether what is coarse in them is known to be image.
    """
    mean = np.maximum(energies.mean(axis=0, dtype=np.float64) - rounding, 0)
    finest = mean[_FINEST].mean() + rounding / 16 + _NOTHING
    falling = mean[(FREQUENCY == 8) | (FREQUENCY == 9)].mean() / finest
    coarse = mean[(FREQUENCY == 3) | (FREQUENCY == 4)].mean() / finest
    falls = falling > _STILL_FALLING and finest >= _FAINT
    white = bool((not falls and coarse <= _COARSE_ALONE) or (textured and coarse <= _CUT_OFF))
    slanted = bool(falling > _SLANTED and finest >= _PLAIN)
    if white:
        mean[COARSE] = mean[~COARSE & (FREQUENCY > 0)].mean()
    mean[0] = (mean[1] + mean[SIDE]) / 2
    return Spectrum(mean.reshape(SIDE, SIDE), white, slanted)
