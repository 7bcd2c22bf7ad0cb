"""GradNet (Figure 4): a naive block's gradient beside the first features of the main branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from imgclean.errors import InvalidSetting
from imgclean.gradient import gradient_magnitude
from imgclean_gradnet.attention import over_the_image
from imgclean_gradnet.branch import Branch
from imgclean_gradnet.naive import make_naive, naive_result
from imgclean_gradnet.options import GradNetOptions

if TYPE_CHECKING:
    from torch import Tensor


class GradNet(nn.Module):
    """A naive block and a main branch, or what the options leave of them.

    Learnable parameters for colour: 1,642,221 in the main branch, 671,040 in SKDnCNN.

    Args:
        options: those of `GradNetOptions`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = GradNetOptions(**options)
        self.naive = make_naive(self.options) if self.options.has_naive else None
        self.main = None
        if self.options.part == "whole":
            self.main = Branch(self.options, self.options.backbone, self.options.fusion)

    def forward(
        self, x: Tensor, sigma: Tensor | None = None, clean: Tensor | None = None
    ) -> Tensor:
        """Return the clean image; attention looks at the whole of each.

        Args:
            x: float[N, channels, H, W] in [0, 1].
            sigma: float[N] in units of x or None, for a naive block that uses it.
            clean: the clean images, where it is their gradient that is fused.

        Returns:
            float[N, channels, H, W], not clamped.

        Raises:
            InvalidSetting: the clean images are missing.
        """
        if self.main is None:
            return naive_result(self.naive, x, sigma)
        if self.options.fusion == "none":
            return self.main.clean(x, None, over_the_image)
        if self.naive is not None:
            guide = naive_result(self.naive, x, sigma)
        else:
            guide = x if self.options.gradient == "noisy" else require_clean(clean)
        return self.main.clean(x, gradient_magnitude(guide), over_the_image)


def require_clean(clean: Any) -> Any:
    """Return the clean image, which only training and evaluation have.

    Raises:
        InvalidSetting: it is not there.
    """
    if clean is None:
        raise InvalidSetting(
            "this GradNet was trained on the gradient of the clean image",
            hint="it shows what could be reached, in `imgclean evaluate`; it cleans no image",
        )
    return clean
