"""Between linear raw and sRGB: white balance, colour matrix, gamma, tone curve, and back.

Brooks et al., "Unprocessing images for learned raw denoising", CVPR 2019, Sections 3.1 to 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch

from imgclean.degradation.camera.rows import spread, times_matrix

if TYPE_CHECKING:
    from imgclean.degradation.camera.rows import Draw

# from CIE XYZ to a camera's RGB, as Adobe's DNG files give them for four cameras, of one sensor
# type each; Brooks et al., Section 3.3
_CAMERAS_FROM_XYZ = (
    ((1.0234, -0.2969, -0.2266), (-0.5625, 1.6328, -0.0469), (-0.0703, 0.2188, 0.6406)),
    ((0.4913, -0.0541, -0.0202), (-0.613, 1.3513, 0.2906), (-0.1564, 0.2151, 0.7183)),
    ((0.838, -0.263, -0.0639), (-0.2887, 1.0725, 0.2496), (-0.0627, 0.1427, 0.5438)),
    ((0.6596, -0.2079, -0.0562), (-0.4782, 1.3016, 0.1933), (-0.097, 0.1581, 0.5181)),
)
_XYZ_FROM_SRGB = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_UNSATURATED = 0.9  # Brooks et al., Section 3.4


@dataclass(frozen=True, slots=True)
class Development:
    """How raw becomes sRGB, for each row.

    Attributes:
        gains: float32[N, 3], what red, green and blue are multiplied with.
        matrix: float32[N, 3, 3], from the camera's RGB to linear sRGB; keeps white white.
        inverse: float32[N, 3, 3], from linear sRGB to the camera's RGB.
        toned: bool[N], whether the tone curve is applied.
    """

    gains: torch.Tensor
    matrix: torch.Tensor
    inverse: torch.Tensor
    toned: torch.Tensor

    def twice(self) -> Development:
        """Return it for a batch that holds every row twice, one batch after the other."""
        every = self.gains, self.matrix, self.inverse, self.toned
        return Development(*(torch.cat([each, each]) for each in every))


def draw_development(draw: Draw) -> Development:
    """Return gains and matrices as Brooks et al. draw them; the tone curve for every other row.

    Red and blue gains are uniform in [1.9, 2.4] and [1.5, 1.9], the gain of all the inverse of
    N(0.8, 0.1) where that is no dimming, the matrix a random mixture of four cameras'.
    """
    all_gain = 1 / draw.normal(0.8, 0.1).clamp(0.5, 1)  # dimmed, white would be tinted
    gains = torch.stack([draw.uniform(1.9, 2.4), torch.ones_like(all_gain), draw.uniform(1.5, 1.9)])
    shares = torch.stack([draw.share().add_(1e-8) for _ in _CAMERAS_FROM_XYZ], dim=1)
    shares = shares / shares.sum(1, keepdim=True)
    cameras, xyz_from_srgb = _tables(shares.device)
    camera_from_srgb = (shares[:, :, None, None] * cameras).sum(1) @ xyz_from_srgb
    camera_from_srgb = camera_from_srgb / camera_from_srgb.sum(2, keepdim=True)
    return Development(
        gains=gains.mul_(all_gain).T.contiguous(),
        matrix=torch.linalg.inv_ex(camera_from_srgb).inverse,  # `inv` would wait for the device
        inverse=camera_from_srgb,
        toned=draw.happens(0.5),
    )


@cache
def _tables(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the cameras' matrices float32[4, 3, 3] and that from sRGB, float32[3, 3]."""
    cameras, xyz = (
        torch.tensor(each, device=device) for each in (_CAMERAS_FROM_XYZ, _XYZ_FROM_SRGB)
    )
    return cameras, xyz


def to_raw(image: torch.Tensor, development: Development) -> torch.Tensor:
    """Return the linear raw light float32[N, 3, H, W] in [0, 1] that would be developed to sRGB.

    Args:
        image: float32[N, 3, H, W] in [0, 1].
        development: how it is developed.
    """
    image = image.clamp(0, 1)
    image = torch.where(spread(development.toned), inverse_tone_curve(image), image)
    light = times_matrix(linear_from_srgb(image), development.inverse)
    return inverse_white_balance(light, development.gains).clamp_(0, 1)


def from_balanced(light: torch.Tensor, development: Development) -> torch.Tensor:
    """Return sRGB float32[N, 3, H, W] in [0, 1], from linear raw after white balance."""
    light = times_matrix(light.clamp(0, 1), development.matrix).clamp_(0, 1)
    image = srgb_from_linear(light)
    return torch.where(spread(development.toned), tone_curve(image), image)


def tone_curve(image: torch.Tensor) -> torch.Tensor:
    """Return the smooth step 3 x^2 - 2 x^3 (Brooks et al., Section 3.5)."""
    return image.mul(-2).add_(3).mul_(image).mul_(image)


def inverse_tone_curve(image: torch.Tensor) -> torch.Tensor:
    """Return 1/2 - sin(asin(1 - 2 y) / 3), where the tone curve gives y in [0, 1]."""
    return 0.5 - torch.sin(torch.asin(1 - 2 * image) / 3)


def srgb_from_linear(light: torch.Tensor) -> torch.Tensor:
    """Return sRGB's transfer function of light in [0, 1] (IEC 61966-2-1)."""
    # in place, and as a logarithm: a third of the time of a power
    curve = light.clamp(min=0.0031308).log_().div_(2.4).exp_().mul_(1.055).sub_(0.055)
    return torch.minimum(12.92 * light, curve)


def linear_from_srgb(image: torch.Tensor) -> torch.Tensor:
    """Return the light in [0, 1] for which sRGB's transfer function gives the image."""
    curve = image.clamp(min=0.04045).add_(0.055).div_(1.055).log_().mul_(2.4).exp_()
    return torch.where(image <= 0.04045, image / 12.92, curve)


def inverse_white_balance(light: torch.Tensor, gains: torch.Tensor) -> torch.Tensor:
    """Return the light over the gains, but white stays white.

    Where a pixel is bright, the divisor goes to 1, or no raw pixel would ever be saturated
    (Brooks et al., Section 3.4).
    """
    gray = light.mean(1, keepdim=True)
    mask = ((gray - _UNSATURATED).clamp_(min=0) / (1 - _UNSATURATED)).square()
    inverse = 1 / gains[:, :, None, None]
    return light * torch.maximum(mask + (1 - mask) * inverse, inverse)
