"""Images whose channel count is not the model's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.extension.requests import Raster, Window


def split_channels(raster: Raster, model_channels: int) -> list[Raster]:
    """Return rasters of `model_channels` channels that stand for `raster`.

    An image of other channels goes to a model channel by channel, and a channel to a colour model
    as three equal ones.
    """
    channels = raster.shape[0]
    if model_channels == channels:
        return [raster]
    singles: list[Raster] = (
        [raster] if channels == 1 else [_OneChannel(raster, index) for index in range(channels)]
    )
    if model_channels == 1:
        return singles
    return [_Repeated(each, model_channels) for each in singles]


def join_channels(parts: list[Raster], channels: int) -> Raster:
    """Undo `split_channels` on the results: stack the channels, each the mean of equal ones."""
    if len(parts) == 1 and parts[0].shape[0] == channels:
        return parts[0]
    singles: list[Raster] = [each if each.shape[0] == 1 else _Mean(each) for each in parts]
    return singles[0] if channels == 1 else _Stacked(singles)


@dataclass(frozen=True, slots=True)
class _OneChannel:
    raster: Raster
    index: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, *self.raster.shape[1:]

    def read(self, window: Window) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.raster.read(window)[self.index : self.index + 1])


@dataclass(frozen=True, slots=True)
class _Repeated:
    raster: Raster
    count: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.count, *self.raster.shape[1:]

    def read(self, window: Window) -> NDArray[np.float32]:
        return np.repeat(self.raster.read(window), self.count, axis=0)


@dataclass(frozen=True, slots=True)
class _Mean:
    raster: Raster

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, *self.raster.shape[1:]

    def read(self, window: Window) -> NDArray[np.float32]:
        mean: NDArray[np.float32] = self.raster.read(window).mean(axis=0, keepdims=True)
        return mean


@dataclass(frozen=True, slots=True)
class _Stacked:
    parts: list[Raster]

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.parts), *self.parts[0].shape[1:]

    def read(self, window: Window) -> NDArray[np.float32]:
        return np.concatenate([part.read(window) for part in self.parts])
