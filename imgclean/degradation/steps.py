"""What the degradations of training batches have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch


@dataclass(frozen=True, slots=True)
class Outcome:
    """Degraded rows.

    Attributes:
        noisy: float32[N, C, side, side].
        sigma: float32[N], standard deviations in units of [0, 1], where noise is Gaussian alone.
        clean: what is to be learned, of the shape of `noisy`, where that is not the image itself.
    """

    noisy: torch.Tensor
    sigma: torch.Tensor | None = None
    clean: torch.Tensor | None = None


class Step(Protocol):
    """Degrades the rows of a batch.

    Whatever is drawn is drawn for all rows, so that a row depends on the generator's state and
    its own place alone.
    """

    @property
    def margin(self) -> int:
        """Pixels of context around the result, on every side."""

    @property
    def on_device(self) -> bool:
        """Whether it works on any device; else on the CPU alone."""

    def __call__(
        self, image: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
    ) -> Outcome:
        """Degrade float32[N, C, side + 2 margin, ...].

        Args:
            image: in [0, 1], or a little outside after other noise.
            generator: on the image's device.
            needed: bool[N], the rows whose results are used; None for all.
        """


def centre(image: torch.Tensor, margin: int) -> torch.Tensor:
    """Return [N, C, H, W] without `margin` pixels on each side, as a view."""
    return image[..., margin : image.shape[2] - margin, margin : image.shape[3] - margin]


def layout(image: torch.Tensor) -> torch.memory_format:
    """Return how [N, C, H, W] lies in memory."""
    last = image.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def needed_rows(count: int, needed: torch.Tensor | None) -> list[int]:
    """Return the indices of the rows to work on."""
    return list(range(count)) if needed is None else needed.nonzero().flatten().tolist()
