"""Photographs of which one thing is looked at: nothing happens but what a test asks for."""

import dataclasses

import numpy as np
import torch

from imgclean.degradation.camera.demosaicing import LINEAR
from imgclean.degradation.camera.development import Development
from imgclean.degradation.camera.photograph import Camera, Shot
from imgclean.degradation.camera.sensor import SensorNoise


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def planes(image):
    """Return float32[1, C, H, W] of uint8[H, W, C]."""
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255


def noise_of(count, shot=0.0, read=0.0):
    return SensorNoise(torch.full((count,), shot), torch.full((count,), read))


def plain_shot(count=1, **changes):
    """Return a shot in which nothing happens but the mosaic, without noise."""
    nothing, never = torch.zeros(count), torch.zeros(count, dtype=torch.bool)
    as_it_is = torch.eye(3).repeat(count, 1, 1)
    development = Development(torch.ones(count, 3), as_it_is, as_it_is, never)
    shot = Shot(
        lens=nothing,
        light=torch.ones(count, 3),
        pixels=torch.ones(count),
        noise=noise_of(count),
        development=development,
        demosaicing=torch.full((count,), LINEAR),
        chroma_smoothing=nothing,
        luma_smoothing=nothing,
        sharpening=nothing,
        monochrome=never,
        compressed=never,
        quality=torch.full((count,), 90.0),
        halved=never,
        grid=torch.zeros(count, 2, dtype=torch.int64),
    )
    return dataclasses.replace(shot, **changes)


def taken(scene, shot, size, seed=0):
    """Return the photograph of float32[N, 3, H, W], of whose border the margin is cut."""
    camera = Camera(size)
    height, width = (side + 2 * camera.margin for side in size)
    return camera(scene[..., :height, :width], shot, seeded(seed))


def flat_scene(level, size, count=1):
    side = size + 2 * Camera((size, size)).margin
    return torch.full((count, 3, side, side), level)


def neighbour_correlation(noise):
    """Return the mean correlation of pixels next to each other in a row, in a column."""
    noise = noise - noise.mean((-2, -1), keepdim=True)
    variance = noise.square().mean()
    across = (noise[..., 1:] * noise[..., :-1]).mean() / variance
    down = (noise[..., 1:, :] * noise[..., :-1, :]).mean() / variance
    return across.item(), down.item()


def shift_of(image, scene):
    """Return by how many pixels [H, W] lies below and right of [H, W], by least squares."""
    slopes = np.gradient(scene)
    inside = np.s_[1:-1, 1:-1]
    parts = [*(-each[inside].ravel() for each in slopes), scene[inside].ravel()]
    columns = np.stack([*parts, np.ones(parts[0].size)], axis=1)
    down, across, contrast, _ = np.linalg.lstsq(columns, image[inside].ravel(), rcond=None)[0]
    return down / contrast, across / contrast
