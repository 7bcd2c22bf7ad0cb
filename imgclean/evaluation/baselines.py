"""Classical methods, to compare models with."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import numpy as np
from skimage.restoration import denoise_nl_means, estimate_sigma

from imgclean.errors import InvalidSetting, NoModelInstalled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgclean.evaluation.restorers import Restorer

_INSTALL = 'run pip install "imgclean[baselines]"'


class Baseline:
    """A method that is told the noise level, or estimates it from the image.

    Args:
        name: of the method.
        method: from float64[H, W, C] and the standard deviation of its noise, both in units of
            [0, 1], to the clean image.
        sigma: the level, or None to estimate each image's by its finest wavelets (Donoho and
            Johnstone 1994).
    """

    def __init__(
        self,
        name: str,
        method: Callable[[NDArray[np.float64], float], NDArray[np.float64]],
        sigma: float | None,
    ) -> None:
        self.name = name
        self._method = method
        self._sigma = sigma

    @property
    def weights(self) -> str:
        """Its name: it has none."""
        return self.name

    def restore(
        self,
        planes: NDArray[np.float32],
        dtype: np.dtype[np.generic],  # noqa: ARG002 - the same for all
        truth: NDArray[np.float32] | None = None,  # noqa: ARG002 - likewise
    ) -> NDArray[np.float32]:
        """Return the clean float32[C, H, W]."""
        image = planes.transpose(1, 2, 0).astype(np.float64)
        sigma = self._sigma
        if sigma is None:
            sigma = float(estimate_sigma(image, channel_axis=2, average_sigmas=True))
        if sigma == 0:
            return planes
        cleaned = self._method(image, sigma).reshape(image.shape)  # some drop a single channel
        return np.ascontiguousarray(cleaned.transpose(2, 0, 1), dtype=np.float32)


def make_baseline(name: str, sigma: float | None) -> Restorer:
    """Return a classical method.

    Args:
        name: `bm3d`, or `nlm` for non-local means.
        sigma: standard deviation of the noise in units of [0, 1], or None to estimate it.

    Raises:
        InvalidSetting: there is no such method.
        NoModelInstalled: a package that it needs is missing.
    """
    if name not in _METHODS:
        raise InvalidSetting(
            f"no baseline is named {name!r}", hint=f"there is {', '.join(_METHODS)}"
        )
    if name == "bm3d":
        _require("bm3d", name)
    if sigma is None:
        _require("pywt", f"{name} for noise of unknown level")
    return Baseline(name, _METHODS[name], sigma)


def _require(package: str, what: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise NoModelInstalled(f"{what} needs the package {package}", hint=_INSTALL)


def _bm3d(image: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Return the image cleaned by BM3D (Makinen, Azzari, Foi, IEEE TIP 2020).

    Colour goes through in the opponent space, as in CBM3D.
    """
    import bm3d

    function = bm3d.bm3d_rgb if image.shape[2] == 3 else bm3d.bm3d
    cleaned: NDArray[np.float64] = function(image, sigma)
    return cleaned


def _non_local_means(image: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Return the image cleaned by non-local means (Buades, Coll, Morel, CVPR 2005).

    The fast form (Froment, IPOL 2014), with patches of 7x7 in windows of 23x23.
    """
    cleaned: NDArray[np.float64] = denoise_nl_means(
        image if image.shape[2] > 1 else image[:, :, 0],
        patch_size=7,
        patch_distance=11,
        h=0.6 * sigma,
        sigma=sigma,
        fast_mode=True,
        channel_axis=2 if image.shape[2] > 1 else None,
    )
    return cleaned


_METHODS = {"bm3d": _bm3d, "nlm": _non_local_means}
