"""LPIPS, the distance between two images to a network that has learnt to see.

Zhang, Isola, Efros, Shechtman, Wang, "The unreasonable effectiveness of deep features as a
perceptual metric", CVPR 2018: version 0.1 of its weights on AlexNet, as its authors advise for
measuring. torchmetrics has it, with all but AlexNet's own weights, which torchvision names.
"""

from __future__ import annotations

import pickle
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from imgclean.errors import SetupError, one_line
from imgclean.events import Note
from imgclean.weightsets.hub.client import is_offline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.events import Emit

Distance = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], float]
"""From two images [H, W, 1 or 3] in grey levels to how different they look; 0 for equal ones."""

SMALLEST_FOR_LPIPS = 31
"""Shortest side in pixels that AlexNet leaves something of."""

_PEAK = 255.0
_SILENCE = 7.0  # seconds after which a server is given up
_INSTALL = 'run pip install "imgclean[lpips]"'


def require_lpips() -> None:
    """Refuse LPIPS where it cannot be had, before anything is measured or fetched.

    Raises:
        SetupError: a package is missing or does not load, or AlexNet's weights are not here and
            nothing may be fetched.
    """
    _library()
    url = _backbone_url()
    if is_offline() and not _place_of(url).exists():
        raise SetupError(
            f"lpips needs AlexNet's weights, which are not in {_place_of(url).parent}, and nothing "
            "may be fetched: offline",
            hint=f"run it once without --offline and HF_HUB_OFFLINE, or put {url} there",
        )


def load_lpips(emit: Emit) -> Distance:
    """Return LPIPS, once AlexNet's weights are in torch's cache.

    Values outside of 0 to 255 are clipped, for nobody sees them; gray is shown as three equal
    channels. It is computed on the CPU.

    Args:
        emit: gets a `Note` where the weights are fetched.

    Raises:
        SetupError: as `require_lpips`; the weights cannot be fetched, or are damaged.
    """
    require_lpips()
    _fetch_backbone(emit)
    try:
        network = _library().LearnedPerceptualImagePatchSimilarity(net_type="alex", normalize=True)
    except RuntimeError as error:  # the weights of something else
        raise _damaged(_place_of(_backbone_url())) from error

    @torch.inference_mode()
    def distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
        return float(network(_as_seen(first), _as_seen(second)))

    return distance


def _library() -> Any:
    """Return torchmetrics' image metrics; torchvision loads with them."""
    try:
        import_module("torchvision.models")
        return import_module("torchmetrics.image")
    except ModuleNotFoundError as error:
        raise SetupError(f"lpips needs the package {error.name}", hint=_INSTALL) from error
    except (ImportError, OSError, RuntimeError) as error:  # built for another torch
        raise SetupError(
            f"lpips needs torchvision, which does not load: {one_line(error)}",
            hint="install the torchvision that belongs to this torch, for the same CPU or CUDA",
        ) from error


def _backbone_url() -> str:
    return str(import_module("torchvision.models").AlexNet_Weights.IMAGENET1K_V1.url)


def _place_of(url: str) -> Path:
    """Return where torch's cache has a file, and looks for it before it asks a server."""
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]


def _fetch_backbone(emit: Emit) -> None:
    """Have AlexNet's weights in torch's cache, so that the library fetches nothing by itself.

    It would do so with a line on stdout, and read the file in a way that can run code: one that
    was read here, by what reads tensors alone, cannot.
    """
    url = _backbone_url()
    place = _place_of(url)
    try:
        if not place.exists():
            emit(Note(message=f"fetching AlexNet's weights for lpips, 233 MB: {url}"))
            place.parent.mkdir(parents=True, exist_ok=True)
            stated = re.search(r"-([0-9a-f]{8,})\.", place.name)
            with _given_up_after(_SILENCE):
                torch.hub.download_url_to_file(
                    url, str(place), stated and stated[1], progress=False
                )
        torch.load(place, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, KeyError, ValueError) as error:
        raise _damaged(place) from error
    except RuntimeError as error:  # the hash of what was fetched, or no file of torch's
        raise _damaged(place) if place.exists() else _unreachable(url, error) from error
    except OSError as error:
        raise _unreachable(url, error) from error


def _damaged(place: Path) -> SetupError:
    return SetupError(f"lpips: {place} is damaged", hint="remove it; it is then fetched anew")


def _unreachable(url: str, error: Exception) -> SetupError:
    return SetupError(
        f"lpips needs AlexNet's weights, which cannot be fetched: {one_line(error)}",
        hint=f"check the network, or put {url} into {_place_of(url).parent}",
    )


@contextmanager
def _given_up_after(seconds: float) -> Iterator[None]:
    """Have connections that are silent for so long end in an error; torch sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _as_seen(image: NDArray[np.float64]) -> torch.Tensor:
    """Return an image as float32[1, 3, H, W] in [0, 1]."""
    unit = (image / _PEAK).clip(0, 1).astype(np.float32).transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(unit)).expand(3, -1, -1)[None]
