"""The Python API: `imgclean.denoise` and `imgclean.load`."""

from __future__ import annotations

import threading
from copy import deepcopy
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from imgclean.errors import UnknownModel, UnsupportedImage, nearest_names
from imgclean.extension.loader import load_plugins
from imgclean.images.picture import Picture
from imgclean.images.pixels import sample_range
from imgclean.images.range_choice import parse_range
from imgclean.images.rasters import MemorySamples
from imgclean.inference.devices import require_one_device
from imgclean.inference.passage import pass_through
from imgclean.inference.selection import ImageKind, Selection, choose
from imgclean.inference.settings import InferenceSettings, require_task
from imgclean.weightsets.catalogue import installed, is_path
from imgclean.weightsets.hub.reference import is_hub_reference
from imgclean.weightsets.network import load_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from imgclean.extension.model_info import Task
    from imgclean.extension.registry import Registry
    from imgclean.inference.device import PrecisionChoice
    from imgclean.inference.preparation.backends import Backend
    from imgclean.inference.strength_choice import Strength
    from imgclean.inference.tiles import TileChoice

_Sample = TypeVar("_Sample", np.uint8, np.uint16, np.float16, np.float32, np.float64)
_TURN = threading.RLock()
"""Threads take turns: while torch traces a network, every other module of the process fails."""

_DTYPES = ("uint8", "uint16", "float16", "float32", "float64")


def denoise(
    array: NDArray[_Sample],
    model: str | None = None,
    *,
    weights: str | None = None,
    options: Mapping[str, Any] | None = None,
    task: Task = "denoise",
    scale: int | None = None,
    sigma: float | None = None,
    keep_detail: float = 0.0,
    chroma_only: bool = False,
    strength: Strength = 1.0,
    ensemble: bool = False,
    device: str = "auto",
    precision: PrecisionChoice = "auto",
    tile: TileChoice = "auto",
    backend: Backend = "auto",
    range: str = "auto",  # noqa: A002 - the option's name
) -> NDArray[_Sample]:
    """Return the clean image, of the same dtype and shape; enlarged by the task `upscale`.

    It may be called from several threads, which take turns; torch uses all cores for each.

    Args:
        array: (H, W), (H, W, 1) or (H, W, 3); (H, W, 2) and (H, W, 4) have alpha last, which is
            passed through. Integers span their type's range; floats span [0, 1], or their own
            range where they leave it.
        model: name of an installed model; the preferred one by default.
        weights: name, path or place on the Hub, `hf://...`, of a weight set; by default the one
            that fits the image.
        options: options of the model by name, laid over the weight set's own.
        task: `denoise`, `deblock` or `upscale`; the last two take the luma of colour images.
        scale: how far to enlarge: 2, 3 or 4.
        sigma: noise standard deviation in grey levels of 255, where it is known.
        keep_detail: share of fine luminance that textured places get back, 0 to 1.
        chroma_only: take away colour noise alone; luminance stays.
        strength: share of the change that is applied, after all else, 0 to 1; `auto`: by the noise.
        ensemble: average over the eight flips and turns, eight times slower.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`; one.
        precision, tile, backend, range: as on the command line.

    Raises:
        UnsupportedImage: the dtype or the shape is not one of these, or `chroma_only` meets gray.
        InvalidSetting: several devices are named, a value is out of its range, or the model has
            no such option.
        WeightsIncompatible: an option changes which tensors the model has.
        ImgcleanError: everything else, see `imgclean.errors`.
    """
    samples: NDArray[Any] = array[..., None] if array.ndim == 2 else array
    if samples.ndim != 3 or not 1 <= samples.shape[2] <= 4 or 0 in samples.shape:
        raise UnsupportedImage(f"an array of shape {array.shape} is not an image")
    if array.dtype.name not in _DTYPES:
        raise UnsupportedImage(
            f"an array of {array.dtype} is not an image", hint=f"use {', '.join(_DTYPES)}"
        )
    require_one_device(device)
    settings = InferenceSettings(
        task=task,
        scale=require_task(task, scale, sigma),
        sigma=sigma,
        keep_detail=keep_detail,
        chroma_only=chroma_only,
        strength=strength,
        ensemble=ensemble,
        device=device,
        precision=precision,
        tile=tile,
        backend=backend,
        options=_own(options),
    )
    picture = Picture(
        samples.astype(array.dtype.newbyteorder("="), copy=False),
        alpha=samples.shape[2] in (2, 4),
        format="array",
        alpha_kind="unknown",
    )
    if chroma_only and picture.space != "rgb":
        raise UnsupportedImage("a gray array has no colour noise", hint="leave chroma_only out")
    span = sample_range(picture.colour, parse_range(range), name="the array")
    height, width = (side * settings.scale for side in samples.shape[:2])
    clean = MemorySamples(np.empty((height, width, samples.shape[2]), picture.dtype))
    with _TURN:
        kind = ImageKind.of(picture.space, picture.dtype)
        denoiser = _selection(settings, model, weights).denoiser(kind)
        pass_through(
            partial(denoiser.denoise, colours=picture.space == "rgb"),
            MemorySamples(picture.samples),
            clean,
            like=picture,
            span=span,
            on_pixels=lambda _: None,
            scale=settings.scale,
        )
    shape = (height, width, *array.shape[2:])
    return clean.values.reshape(shape).astype(array.dtype, copy=False)


def load(
    name: str, *, channels: int = 3, options: Mapping[str, Any] | None = None
) -> torch.nn.Module:
    """Return a trained network, in float32 and eval mode, on the CPU.

    Args:
        name: a model, whose preferred weight set is taken; or a weight set's name, path or place
            on the Hub, `hf://...`.
        channels: 1 or 3, where a model is named.
        options: as of `denoise`.

    Returns:
        A module whose `forward(x: float[N, C, H, W] in [0, 1], sigma: float[N] or None)`
        returns the clean float[N, C, H, W].

    Raises:
        UnknownModel: `name` is neither a model nor a weight set.
        UnknownWeightSet: nothing lies at the path.
        InvalidSetting, WeightsIncompatible: the options are not the model's, or change its tensors.
        ImgcleanError: see `imgclean.errors`.
    """
    registry = _registry()
    catalogue = installed()
    named = catalogue.sets.keys() | catalogue.available.keys()
    is_weights = is_path(name) or is_hub_reference(name) or name in named
    models = {text for each in registry.models() for text in (each.info.name, each.key)}
    if not is_weights and name not in models:
        near = nearest_names(name, models | named)
        raise UnknownModel(
            f"no model and no weight set is named {name!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "see `imgclean models`",
        )
    chosen = choose(
        registry,
        catalogue,
        InferenceSettings(options=_own(options)),
        ImageKind(channels),
        model=None if is_weights else name,
        weights=name if is_weights else None,
    )
    return load_network(chosen.model.info, chosen.weights)


def _own(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return options that stay as they are, whatever becomes of the caller's."""
    return deepcopy(dict(options or {}))


@lru_cache(maxsize=1)
def _registry() -> Registry:
    return load_plugins()


@lru_cache(maxsize=4)
def _selection(settings: InferenceSettings, model: str | None, weights: str | None) -> Selection:
    return Selection(_registry(), settings, model=model, weights=weights)
