"""A camera: what it would deliver of a scene, with and without noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from imgclean.degradation.base import Levels
from imgclean.degradation.camera.demosaicing import demosaic
from imgclean.degradation.camera.development import draw_development, from_balanced, to_raw
from imgclean.degradation.camera.filters import gaussian_blur, resample
from imgclean.degradation.camera.finishing import CHROMA_BLUR, sharpen, smooth
from imgclean.degradation.camera.jpeg_transform import GRID, jpeg_losses, ycc_from_rgb
from imgclean.degradation.camera.mosaic import mosaic, white_balance
from imgclean.degradation.camera.rows import Draw, spread
from imgclean.degradation.camera.sensor import add_sensor_noise, draw_sensor_noise

if TYPE_CHECKING:
    from imgclean.degradation.camera.development import Development
    from imgclean.degradation.camera.sensor import SensorNoise

_LENS_BLUR = 0.8
_FINEST_SENSOR, _COARSEST_SENSOR = 1.33, 0.67
_CONTEXT = 13  # pixels of the sensor that one pixel of the image depends on, on every side
_TYPICAL_LIGHT = 0.2
_LITTLE_LIGHT = Levels(0.08, 1.0)


class Photograph(NamedTuple):
    """What a camera delivers.

    Attributes:
        clean: float32[N, 3, H, W] in [0, 1], as if the sensor had no noise and the image were not
            compressed; everything else has happened to it.
        noisy: of the same shape, in steps of 1 / 255.
    """

    clean: torch.Tensor
    noisy: torch.Tensor


@dataclass(frozen=True, slots=True)
class Shot:
    """How each row's photograph is taken; float32[N] or bool[N] where nothing else is said.

    Attributes:
        lens: standard deviation in pixels of the blur before the sensor.
        light: float32[N, 3], share of the image's light that the sensor's red, green and blue get:
            less in dark scenes, and not white under lamps.
        pixels: of the sensor, along each side, for one of the image.
        noise: of the sensor.
        development: from raw to sRGB.
        demosaicing: int64[N], 0 bilinear, 1 linear, 2 directed.
        chroma_smoothing, luma_smoothing: as `finishing.smooth` takes them; both 0 for none.
        sharpening: amount of the unsharp mask.
        monochrome: whether the camera delivers black and white.
        compressed: whether it is a JPEG file.
        quality: libjpeg's.
        halved: whether chroma has half the resolution.
        grid: int64[N, 2], where a block of 16 pixels begins, down and across.
    """

    lens: torch.Tensor
    light: torch.Tensor
    pixels: torch.Tensor
    noise: SensorNoise
    development: Development
    demosaicing: torch.Tensor
    chroma_smoothing: torch.Tensor
    luma_smoothing: torch.Tensor
    sharpening: torch.Tensor
    monochrome: torch.Tensor
    compressed: torch.Tensor
    quality: torch.Tensor
    halved: torch.Tensor
    grid: torch.Tensor


def draw_shot(iso: Levels, count: int, generator: torch.Generator) -> Shot:
    """Return what is drawn for `count` photographs at sensitivities of a range."""
    draw = Draw(count, generator)
    noise = draw_sensor_noise(iso, draw)
    deviation = torch.sqrt(_TYPICAL_LIGHT * noise.shot + noise.read)
    smoothed = draw.happens(0.55)
    resized = draw.happens(0.4)
    return Shot(
        lens=draw.happens(0.5) * draw.uniform(0.3, _LENS_BLUR),
        light=_draw_light(draw),
        pixels=torch.where(resized, draw.uniform(_COARSEST_SENSOR, _FINEST_SENSOR), 1.0),
        noise=noise,
        development=draw_development(draw),
        demosaicing=draw.whole(3),
        chroma_smoothing=smoothed * draw.uniform(0.5, CHROMA_BLUR),
        luma_smoothing=smoothed * draw.uniform(0, 3) * deviation,
        sharpening=draw.happens(0.4) * draw.uniform(0, 0.8),
        monochrome=draw.happens(0.05),
        compressed=draw.happens(0.8),
        quality=70.0 + draw.whole(31),
        halved=draw.happens(0.5),
        grid=torch.stack([draw.whole(GRID), draw.whole(GRID)], dim=1),
    )


def _draw_light(draw: Draw) -> torch.Tensor:
    """Return float32[N, 3]: in two photographs of five little light, of any colour.

    High sensitivities are for dark scenes, which sets of well exposed images hardly hold: trained
    without, a network takes dark colours for darker than they are.
    """
    dark = draw.happens(0.4)
    level = draw.logarithmic(_LITTLE_LIGHT)
    red, blue = (torch.exp(draw.normal(0, 0.2)) for _ in range(2))
    light = torch.stack([level * red, level, level * blue], dim=1).clamp_(max=1)
    return torch.where(dark.unsqueeze(1), light, 1.0)


class Camera:
    """Takes photographs of scenes that are images themselves.

    A scene is blurred by the lens, sampled by the sensor, finer or coarser than the image in part
    of the photographs, seen through colour filters and with noise, developed, in part smoothed
    and sharpened, brought to the image's own grid and in part compressed. So what is photographed
    lies where it was.

    Args:
        size: of the photographs in pixels, height and width.
        finest: the largest that any shot's `pixels` may be.

    Attributes:
        margin: pixels of the scene around the photograph, on every side.
    """

    def __init__(self, size: tuple[int, int], finest: float = _FINEST_SENSOR) -> None:
        self._size = size
        self._delivered = _blocks(size[0]), _blocks(size[1])
        self._context = math.ceil(_CONTEXT / _COARSEST_SENSOR)
        beyond = max(each - side for each, side in zip(self._delivered, size, strict=True))
        self.margin = beyond + self._context
        # even, as the scene's side: so that at one pixel for one no pixel falls between two
        height, width = (
            2 * math.ceil(side * finest / 2) + 2 * _CONTEXT for side in self._delivered
        )
        self._sensor = height, width

    def __call__(self, scene: torch.Tensor, shot: Shot, generator: torch.Generator) -> Photograph:
        """Return photographs.

        Args:
            scene: float32[N, 3, H + 2 margin, W + 2 margin] in [0, 1].
            shot: how they are taken.
            generator: of the noise, on the device of the scene.
        """
        count = scene.shape[0]
        height, width = (side + 2 * self._context for side in self._delivered)
        scene = _windows(scene, self.margin - self._context - shot.grid, (height, width))
        raw = self._exposed(scene, shot)
        noisy = add_sensor_noise(raw, shot.noise, generator).clamp_(max=1)
        clean, noisy = self._delivery(torch.cat([raw, noisy]), shot).split(count)
        rounded = noisy.mul(255).round_().div_(255)
        losses = jpeg_losses(noisy, shot.quality, shot.halved)
        noisy = torch.where(spread(shot.compressed), losses, rounded)
        return Photograph(
            _windows(clean, shot.grid, self._size), _windows(noisy, shot.grid, self._size)
        )

    def _exposed(self, scene: torch.Tensor, shot: Shot) -> torch.Tensor:
        """Return what the sensor sees, float32[N, 1, h, w], still without noise."""
        scene = gaussian_blur(scene, shot.lens, _LENS_BLUR)
        light = to_raw(scene, shot.development) * shot.light[:, :, None, None]
        return mosaic(resample(light, shot.pixels, self._sensor).clamp_(0, 1))

    def _delivery(self, raw: torch.Tensor, shot: Shot) -> torch.Tensor:
        """Return the images of float32[2 N, 1, h, w], every row of `shot` twice."""
        development = shot.development.twice()
        balanced = white_balance(raw, development.gains).clamp_(max=1)
        image = from_balanced(demosaic(balanced, shot.demosaicing.repeat(2)), development)
        noisy = image[len(shot.noise.shot) :]
        image = smooth(image, shot.chroma_smoothing, shot.luma_smoothing, guide=noisy)
        image = sharpen(image, shot.sharpening.repeat(2))
        luma = ycc_from_rgb(image)[:, :1]
        image = torch.where(spread(shot.monochrome.repeat(2)), luma, image)
        return resample(image, 1 / shot.pixels.repeat(2), self._delivered).clamp_(0, 1)


def _blocks(side: int) -> int:
    """Return how many pixels of whole blocks hold `side` pixels that begin anywhere in one."""
    return math.ceil((side + GRID - 1) / GRID) * GRID


def _windows(image: torch.Tensor, first: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return float32[N, C, *size] that begin at rows and columns int64[N, 2] of [N, C, H, W]."""
    row = torch.arange(len(image), device=image.device).view(-1, 1, 1, 1)
    channel = torch.arange(image.shape[1], device=image.device).view(-1, 1, 1)
    down, across = (
        each.view(-1, 1) + torch.arange(side, device=image.device)
        for each, side in zip(first.T, size, strict=True)
    )
    return image[row, channel, down[:, None, :, None], across[:, None, None, :]]
