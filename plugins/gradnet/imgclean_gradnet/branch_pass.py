"""A branch over a whole image, whose attention does not depend on how it is cut into tiles."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from imgclean.inference.preparation.prepare import Target, in_precision
from imgclean_gradnet.attention import (
    Finding,
    Held,
    Interpolated,
    over_the_image,
    over_windows,
)
from imgclean_gradnet.located import Located
from imgclean_gradnet.mskresnet import MSKResnetBody
from imgclean_gradnet.sampling import axes_of_grid, axes_of_sample, windows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from imgclean import DenoiseRequest, Raster
    from imgclean_gradnet.attention import Attend
    from imgclean_gradnet.branch import Branch
    from imgclean_gradnet.options import GradNetOptions
    from imgclean_gradnet.sampling import Axis

    Split = Callable[[Tensor], tuple[Tensor, Tensor | None]]


_GRID_SHARE = 0.2  # of a branch's work, where crops are a quarter of the image
_CROPS_AT_ONCE = 16


class BranchPass:
    """A branch, an image, and how it is to be cleaned.

    Args:
        branch: with its parts prepared.
        source: what the branch reads, float32[C', H, W].
        split: from float[N, C', h, w] to the noisy image and the gradient.
        halo: how far the branch sees in the source, attention apart.
        options: of the network.
        request: of the run.
    """

    def __init__(
        self,
        branch: Branch,
        source: Raster,
        split: Split,
        halo: int,
        options: GradNetOptions,
        request: DenoiseRequest,
    ) -> None:
        self._branch = branch
        self._source = source
        self._split = split
        self._halo = halo
        self._options = options
        self._request = request
        self._target = Target(torch.device(request.device), request.precision)

    def result(self, share: float) -> Raster:
        """Return the clean image, float32[C, H, W].

        Args:
            share: of all the work, for the progress that is shown.
        """
        body = self._branch.body
        if not isinstance(body, MSKResnetBody):
            return self._cleaned(over_the_image, self._halo, share)  # nothing attends
        if self._options.attention == "local":
            halo = self._halo + len(body.blocks) * (self._options.crop // 2)
            return self._cleaned(over_windows(self._options.crop), halo, share)
        if self._options.attention == "grid":
            return self._by_grid(share)
        if self._options.attention == "sampled":
            return self._cleaned(self._sampled(), self._halo, share)
        passes = len(body.blocks)
        of_last = share / (1 + (passes + 1) / 2)  # module n repeats what those before it computed
        return self._cleaned(self._averaged(body, of_last), self._halo, of_last)

    def _cleaned(self, attend: Attend, halo: int, share: float) -> Raster:
        def clean(x: Tensor) -> Tensor:
            return self._branch.clean(*self._split(x), attend)

        return self._request.run_tiles(clean, self._source, halo, share=share)

    def _sampled(self) -> Held:
        """Return the factors that a sample of the image has, of crops as in training."""
        _, height, width = self._source.shape
        rows, columns = axes_of_sample(height, width, self._options.crop)
        factors = self._factors_of_crops(rows, columns, 0.0)
        return Held({attention: each.mean(0, keepdim=True) for attention, each in factors.items()})

    def _by_grid(self, share: float) -> Raster:
        """Return the clean image by factors of crops on a grid, interpolated between them."""
        _, height, width = self._source.shape
        rows, columns = axes_of_grid(height, width, self._options.crop)
        factors = self._factors_of_crops(rows, columns, share * _GRID_SHARE)
        shape = len(rows.starts), len(columns.starts)

        def clean(located: Tensor) -> Tensor:
            x, positions = located[:, :-2], located[:, -2:].permute(0, 2, 3, 1)
            attend = Interpolated(factors, shape, positions)
            return self._branch.clean(*self._split(x), attend)

        located = Located(self._source, rows.centres, columns.centres)
        return self._request.run_tiles(clean, located, self._halo, share=share * (1 - _GRID_SHARE))

    def _factors_of_crops(self, rows: Axis, columns: Axis, share: float) -> dict[nn.Module, Tensor]:
        """Return each attention's factors for each crop, float[K, C, 1, 1], as in training."""
        found: dict[nn.Module, list[Tensor]] = {}
        windows = windows_of(rows, columns)
        for start in range(0, len(windows), _CROPS_AT_ONCE):
            some = windows[start : start + _CROPS_AT_ONCE]
            crops = np.stack([self._source.read(window) for window in some])
            finding = Finding()
            look = in_precision(partial(self._features, finding), self._target)
            look(torch.from_numpy(crops).to(self._request.device))
            for attention, factors in finding.factors.items():
                found.setdefault(attention, []).append(factors.float())
            self._request.advance(share * len(some) / len(windows))
        return {attention: torch.cat(each) for attention, each in found.items()}

    def _averaged(self, body: MSKResnetBody, of_last: float) -> Held:
        """Return the factors that the whole image has, in a pass for each module."""
        held = Held({})
        for index, attention in enumerate(body.attentions):
            radius = body.radius_of(index + 1)

            def features(x: Tensor, index: int = index) -> Tensor:
                begun = self._branch.begun(*self._split(x))
                return body.module_output(index, begun, held)

            means = self._request.mean_over_tiles(
                features,
                self._source,
                min(self._halo, radius + 2),  # head and Sobel's filter
                share=of_last * (index + 1) / len(body.blocks),
            )
            vector = torch.from_numpy(means).float().to(self._request.device)[None, :, None, None]
            held.factors[attention] = in_precision(attention, self._target)(vector)
        return held

    def _features(self, attend: Attend, x: Tensor) -> Tensor:
        return self._branch.features(*self._split(x), attend)
