"""Estimates an image's noise: its level, how it grows with light, whether pixels share it.

Of blocks of 8 x 8 pixels the cosine transform tells noise from image, as in Ponomarenko, Lukin,
Zriakhov, Kaarna, Astola, "An automatic approach to lossy compression of AVIRIS images", IGARSS
2007: white noise has as much of every frequency, an image ever less of higher ones. Blocks of like
intensity are taken together, the flattest of them, and a line is fitted to their variances, as in
Foi, Trimeche, Katkovnik, Egiazarian, "Practical Poissonian-Gaussian noise modeling and fitting for
single-image raw-data", IEEE TIP 17, 2008. Of white noise that line is only a first one; `fine_fit`
goes on from it. Of noise that is not white, as demosaicing and JPEG leave it, fine detail says
little: there the whole variance counts, of blocks whose surroundings are flat. Choosing them by
their surroundings does not choose those with less noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.images.noise.blocks import Blocks, blocks_of
from imgclean.images.noise.clipping import unclipped_variance
from imgclean.images.noise.fine_fit import fit_fine_line
from imgclean.images.noise.spectrum import COARSE, FINE, Spectrum, spectrum_of
from imgclean.images.noise.tiles import read_tiles
from imgclean.images.noise.variance_fit import Groups, VarianceLine, fit_line
from imgclean.images.rasters import MemorySamples, PixelRaster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster
    from imgclean.images.pixels import SampleRange

NEARLY_CLEAN = 1.0
"""Grey levels of 255 below which noise is hardly seen, and hardly told from texture."""

_GROUPS = 12
_SMALLEST_GROUP = 150
_FLATTEST = 0.1
_FLATTEST_WHOLE = 0.03
_FEWEST_BLOCKS = 16
_OF_SPECTRUM = 40
_OUTLYING = 2.0
_LEAST_SEEN = 0.2
_STRONG = (6 / 255) ** 2
_UNEVEN = 2.2  # noise of one kind varies less from block to block: 1.5 to 1.9 if correlated


@dataclass(frozen=True, slots=True)
class ChannelNoise:
    """The noise of one channel.

    Attributes:
        level: standard deviation over the whole channel, in grey levels of 255.
        slope, intercept: a and b of the variance a x + b at intensity x, black being 0 and white 1,
            both for x and for the noise.
        across, down: correlation of the noise of neighbouring pixels; 0 of white noise.
        white: whether the noise is taken to be white.
    """

    level: float
    slope: float
    intercept: float
    across: float
    down: float
    white: bool

    @property
    def is_finite(self) -> bool:
        """Whether all of it is a number."""
        numbers = self.level, self.slope, self.intercept, self.across, self.down
        return all(map(math.isfinite, numbers))


@dataclass(frozen=True, slots=True)
class NoiseEstimate:
    """The noise of an image.

    Attributes:
        channels: of each colour channel; None of one that is nearly all clipped, or without any
            image beside others that hold one. One at least is known.
    """

    channels: tuple[ChannelNoise | None, ...]

    @property
    def known(self) -> tuple[ChannelNoise, ...]:
        """The channels whose noise can be told."""
        return tuple(each for each in self.channels if each is not None)

    @property
    def level(self) -> float:
        """Standard deviation over all known channels, in grey levels of 255."""
        return math.sqrt(sum(each.level**2 for each in self.known) / len(self.known))

    @property
    def nearly_clean(self) -> bool:
        """Whether there is next to no noise."""
        return self.level < NEARLY_CLEAN

    @property
    def correlation(self) -> float:
        """Mean correlation of the noise of neighbouring pixels, across and down."""
        pairs = [(each.across + each.down) / 2 for each in self.known]
        return sum(pairs) / len(pairs)

    @property
    def white(self) -> bool:
        """Whether the noise of most channels is white."""
        return 2 * sum(each.white for each in self.known) > len(self.known)

    @property
    def signal_share(self) -> float:
        """How much of the variance at its larger end changes with intensity: 0 to 1."""
        black = sum(each.intercept for each in self.known)
        white = sum(each.intercept + each.slope for each in self.known)
        return abs(white - black) / max(black, white) if max(black, white) else 0.0


def estimate_noise(samples: NDArray[Any], span: SampleRange) -> NoiseEstimate | None:
    """Return the noise of an image in memory; see `noise_of_raster`.

    Args:
        samples: (H, W, C) without alpha.
        span: which samples are 0 and 1.
    """
    return noise_of_raster(PixelRaster(MemorySamples(samples), span))


def noise_of_raster(raster: Raster) -> NoiseEstimate | None:
    """Return the noise of an image; None where too little of it is neither clipped nor cut off.

    Clipped pixels are left out, and what clipping takes from the noise of the others is given back.
    Of images of more than some megapixels parts are read.

    Args:
        raster: without alpha, nominally in [0, 1].
    """
    rounding = raster.span.rounding if isinstance(raster, PixelRaster) else 0.0
    planes = read_tiles(raster)
    dead = [bool(each.min() == each.max()) for each in planes]
    found = tuple(
        None if none and not all(dead) else _channel(plane, rounding)
        for plane, none in zip(planes, dead, strict=True)
    )
    return NoiseEstimate(found) if any(found) else None


def _channel(plane: NDArray[np.float32], rounding: float) -> ChannelNoise | None:
    blocks = blocks_of(plane)
    if len(blocks) < _FEWEST_BLOCKS:
        return None
    whole, spectrum = _whole_line(blocks.telling(), rounding)
    line = _fine_line(blocks, rounding, spectrum) if spectrum.white else whole
    noise = _described(line, spectrum, plane)
    return noise if noise.is_finite else None


def _whole_line(blocks: Blocks, rounding: float) -> tuple[VarianceLine, Spectrum]:
    """Return the line of any noise and its spectrum, from blocks whose surroundings are flat."""
    varied = blocks.energies[:, 1:].mean(axis=1)
    line = _line(blocks, blocks.around, varied, blocks.roughness, _FLATTEST_WHOLE, 25, rounding)
    order = np.argsort(blocks.roughness / line.at(blocks.around))
    flattest = order[: max(_OF_SPECTRUM, int(_FLATTEST_WHOLE * len(blocks)))]
    relative = varied[flattest] / line.at(blocks.around[flattest])
    few, many = np.percentile(relative, (20, 80))
    textured = bool(line.mean_square > _STRONG and many > _UNEVEN * few)
    spectrum = spectrum_of(blocks.energies[flattest], rounding=rounding, textured=textured)
    quiet = max(float(few), _LEAST_SEEN) if textured else 1.0
    return line.scaled(quiet * spectrum.whole), spectrum


def _fine_line(blocks: Blocks, rounding: float, spectrum: Spectrum) -> VarianceLine:
    """Return the line of white noise, from fine detail, which in flat blocks is noise alone.

    The flattest blocks give a first one. It stays if the noise is hardly white: the finest detail
    of blocks that are chosen by their middle frequencies would then show ever less of it.
    """
    fine = blocks.energies[:, FINE].mean(axis=1)
    coarse = blocks.energies[:, COARSE].mean(axis=1)
    line = _line(blocks, blocks.mean, fine, coarse, _FLATTEST, int(FINE.sum()), rounding)
    return line if spectrum.slanted else fit_fine_line(blocks, line, rounding)


def _line(
    blocks: Blocks,
    intensity: NDArray[np.float32],
    variance: NDArray[np.float32],
    roughness: NDArray[np.float32],
    share: float,
    freedom: int,
    rounding: float,
) -> VarianceLine:
    """Return the line through the flattest blocks of each intensity.

    Args:
        blocks: of the channel.
        intensity, variance: float32[n], of each block.
        roughness: float32[n], by which the flattest are found.
        share: how many of a group's blocks are taken.
        freedom: of the variances, about, as of a chi-square distribution.
        rounding: variance that rounding has added.
    """
    order = np.argsort(intensity)
    count = max(1, min(_GROUPS, len(order) // _SMALLEST_GROUP))
    parts = [
        part[np.argsort(roughness[part])[: max(8, int(share * len(part)))]]
        for part in np.array_split(order, count)
    ]
    return fit_line(_groups(parts, blocks, intensity, variance, freedom, rounding))


def _groups(
    parts: Sequence[NDArray[np.int64]],
    blocks: Blocks,
    intensity: NDArray[np.float32],
    variance: NDArray[np.float32],
    freedom: int,
    rounding: float,
) -> Groups:
    """Return the variance of each part of the blocks, of outliers and of clipping freed."""
    rows = []
    for part in parts:
        values = variance[part]
        median = float(np.median(values)) / (1 - 2 / (9 * freedom)) ** 3
        inliers = values[values <= _OUTLYING * median]
        clipped = float(blocks.clipped[part].mean())
        shown = float(inliers.mean()) if len(inliers) else 0.0
        true = unclipped_variance(shown, clipped)
        rows.append((float(intensity[part].mean()), max(true - rounding, 0.0), float(len(part))))
    return Groups(*np.array(rows).T)


def _described(line: VarianceLine, spectrum: Spectrum, plane: NDArray[np.float32]) -> ChannelNoise:
    level = 255 * math.sqrt(float(line.at(plane).mean(dtype=np.float64)))
    across, down = spectrum.correlation
    return ChannelNoise(
        level=level,
        slope=line.slope,
        intercept=line.black,
        across=across,
        down=down,
        white=spectrum.white,
    )
