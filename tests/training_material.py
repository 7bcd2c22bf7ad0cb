"""What the tests of training share: a tiny network, and stages that train it in this process."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from imgclean_dncnn import DNCNN

from imgclean.training.budget import stage_budgets
from imgclean.training.inspection import Inspection, Sample
from imgclean.training.patches import Pixels
from imgclean.training.recipe import read_recipe
from imgclean.training.runtime import launch
from imgclean.training.stage import StageJob, train_stage

CPU = torch.device("cpu")


class Tiny(torch.nn.Module):
    """Predicts the noise; with batch norm, so that buffers matter too."""

    def __init__(self, seed=0, channels=1, dropout=0.0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.layers = torch.nn.Sequential(
                torch.nn.Conv2d(channels, 16, 3, padding=1),
                torch.nn.BatchNorm2d(16),
                torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Dropout(dropout)),
                torch.nn.Conv2d(16, 16, 1),
                torch.nn.Conv2d(16, channels, 3, padding=1),
            )

    def forward(self, x, sigma=None):
        return x - self.layers(x)


def recipe(**settings):
    defaults = {
        "model": "tiny",
        "options": {"channels": 1},
        "noise": "gaussian:25",
        "patch": 16,
        "batch": 4,
        "budget": {"steps": 60},
        "optimiser": {"lr": 2e-3},
        "schedule": {"warmup": 5},
    }
    return read_recipe(defaults | settings)


def smooth_pixels():
    ramp = np.linspace(0, 255, 48, dtype=np.uint8)
    smooth = np.repeat(ramp[:, None], 48, axis=1)[..., None]
    return Pixels([smooth, smooth[::-1].copy()], CPU)


def samples(count=2):
    """Return what a network is looked at with, one after the other: flat noise on gray."""
    generator = torch.Generator().manual_seed(3)
    noise = torch.randn(count, 1, 24, 24, generator=generator) * 25 / 255
    clean = torch.full((1, 24, 24), 0.5)
    return [
        Sample(str(index), "gaussian:25", clean + each, clean, 25 / 255)
        for index, each in enumerate(noise)
    ]


def stage_job(
    output,
    *,
    events=None,
    network=None,
    freeze=(),
    pixels=None,
    bf16=False,
    looked_at=(),
    index=0,
    **settings,
):
    """Return a job of one stage; `settings` are the recipe's."""
    info = dataclasses.replace(DNCNN, noise_aware=settings.pop("noise_aware", False))
    runtime = launch(CPU, 1, bf16=bf16)
    pixels = pixels or smooth_pixels()
    made = recipe(**settings)
    (budget,) = stage_budgets(made, positions=len(pixels), processes=1)
    return StageJob(
        index=index,
        name="",
        recipe=made,
        freeze=freeze,
        info=info,
        budget=budget,
        network=network or Tiny(),
        pixels=pixels,
        inspection=Inspection(looked_at, counts=bool(looked_at), measures_blur=made.keep == "blur"),
        runtime=runtime,
        output=output,
        checkpoint=output / "checkpoint.pt",
        begun=index > 0,
        emit=(events if events is not None else []).append,
    )


def train(output, checkpoint=None, **settings):
    return train_stage(stage_job(output, **settings), checkpoint)


def weights(result):
    return torch.cat([each.flatten() for each in result.network.state_dict().values()])
