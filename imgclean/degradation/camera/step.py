"""Training patches as photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.degradation.camera.jpeg_transform import ycc_from_rgb
from imgclean.degradation.camera.photograph import Camera, draw_shot
from imgclean.degradation.steps import Outcome

if TYPE_CHECKING:
    import torch

    from imgclean.degradation.base import Levels

_COLOURS = 3


class CameraStep:
    """Photographs each row with a camera of its own; a gray row becomes the photograph's luma.

    Args:
        iso: the sensitivities.
        side: of the results in pixels.
    """

    on_device = True

    def __init__(self, iso: Levels, side: int) -> None:
        self._iso = iso
        self._camera = Camera((side, side))
        self.margin = self._camera.margin

    def __call__(
        self, image: torch.Tensor, generator: torch.Generator, needed: torch.Tensor | None
    ) -> Outcome:
        """Return the photographs, with noise and without."""
        del needed  # the rows go together
        count, channels = image.shape[:2]
        shot = draw_shot(self._iso, count, generator)
        photograph = self._camera(image.expand(-1, _COLOURS, -1, -1), shot, generator)
        if channels == _COLOURS:
            return Outcome(photograph.noisy, clean=photograph.clean)
        clean, noisy = (ycc_from_rgb(each)[:, :1] for each in photograph)
        return Outcome(noisy, clean=clean)
