"""What a model's paper states, beside what is measured."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from imgclean.degradation.parsing import parse_degradation
from imgclean.weightsets.network import validate_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgclean.degradation.base import Degradation
    from imgclean.evaluation.restorers import ModelRestorer
    from imgclean.events import Evaluated
    from imgclean.extension.model_info import ModelInfo, Published
    from imgclean.weightsets.config import WeightSetConfig


def published_figure(
    info: ModelInfo,
    config: WeightSetConfig,
    *,
    options: Mapping[str, Any],
    title: str,
    degradation: Degradation,
    channels: int,
    crop: int | None = None,
    unrounded: bool = False,
) -> Published | None:
    """Return the paper's figure to compare a measurement with, or None.

    Args:
        info: the model.
        config: its weight set.
        options: of the model, that the set is used with; those at their defaults may be left out.
        title: name of the set that is measured.
        degradation: what is applied to it.
        channels: of the images, as they are measured.
        crop: side in pixels of what is measured of each image; None for all.
        unrounded: whether outputs are neither clamped nor rounded.
    """
    if config.channels != channels:
        return None
    used = validate_options(info, options).model_dump()
    for figure in info.published:
        if (
            (figure.channels, figure.crop, figure.unrounded) == (channels, crop, unrounded)
            and figure.options.items() <= used.items()
            and figure.set.casefold() == title.casefold()
            and parse_degradation(figure.degradation) == degradation
            and _is_like(config, parse_degradation(figure.trained_on))
        ):
            return figure
    return None


def compared(
    line: Evaluated,
    restorer: ModelRestorer,
    degradation: Degradation,
    channels: int,
    *,
    crop: int | None = None,
    unrounded: bool = False,
) -> Evaluated:
    """Return what a model makes of a whole set, beside what its paper states of it, if it does.

    Args:
        line: what was measured.
        restorer: the model with its weights.
        degradation: what was applied.
        channels: of the images, as they were measured.
        crop, unrounded: how they were, as for `published_figure`.
    """
    weights = restorer.denoiser.weights
    figure = published_figure(
        restorer.denoiser.info,
        weights.config,
        options=weights.options,
        title=line.set,
        degradation=degradation,
        channels=channels,
        crop=crop,
        unrounded=unrounded,
    )
    return beside_published(line, figure)


def beside_published(line: Evaluated, figure: Published | None) -> Evaluated:
    """Return a line with the paper's figure, and by how much the measured one is higher."""
    if figure is None:
        return line
    return dataclasses.replace(
        line,
        published_psnr=figure.psnr,
        published_ssim=figure.ssim,
        difference=round(line.psnr - figure.psnr, 4),
    )


def _is_like(config: WeightSetConfig, trained_on: Degradation) -> bool:
    """Whether a weight set was trained as the paper's network was.

    For the same tasks, and for a range as that; or else for its one level.
    """
    domain = config.domain
    if domain.blind != trained_on.blind or domain.tasks != trained_on.tasks:
        return False
    return domain.blind or domain.covers(trained_on)
