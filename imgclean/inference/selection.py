"""From `--model` and `--weights` to denoisers, one for each kind of image that turns up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgclean.degradation.spec import Bicubic, Pairs
from imgclean.errors import InvalidSetting, ModelWeightsMismatch
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.device import choose_device
from imgclean.weightsets.catalogue import Catalogue, WeightSet, find, installed, weightless
from imgclean.weightsets.choice import Wanted, choose_weight_set
from imgclean.weightsets.overrides import with_options

if TYPE_CHECKING:
    from imgclean.degradation.base import Degradation
    from imgclean.extension.model_info import Task
    from imgclean.extension.registry import Model, Registry
    from imgclean.images.picture import ColourSpace
    from imgclean.inference.settings import InferenceSettings

_GRAY, _COLOUR = 1, 3


@dataclass(frozen=True, slots=True)
class ImageKind:
    """What of an image decides who cleans it.

    Attributes:
        channels: that belong together: 3 of RGB, else 1.
        photograph: whether it is taken for what a camera delivers: colour in 8 bits.
    """

    channels: int
    photograph: bool = False

    @classmethod
    def of(cls, space: ColourSpace, dtype: np.dtype[np.generic]) -> ImageKind:
        """Return the kind of images of a colour space and a sample type."""
        if space == "rgb":
            return PHOTOGRAPH if dtype == np.uint8 else COLOUR
        return GRAY


GRAY = ImageKind(_GRAY)
COLOUR = ImageKind(_COLOUR)
PHOTOGRAPH = ImageKind(_COLOUR, photograph=True)
KINDS = PHOTOGRAPH, COLOUR, GRAY


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model with the weight set to use, the run's options laid over its own."""

    model: Model
    weights: WeightSet


class Selection:
    """The denoisers of a run. All that can be wrong with the weights is found at the start.

    Args:
        registry: the installed models.
        settings: how to clean.
        model: as `--model`, or None.
        weights: as `--weights`, or None.
        catalogue: the weight sets; by default the installed ones.
        degradation: what the images show, where that is known.

    Raises:
        InvalidSetting: `model` does not do the task, or the options are not the model's.
        UnknownModel, AmbiguousModel, PluginBroken, NoModelInstalled: see `Registry.model`.
        UnknownWeightSet, WeightsCorrupt, WeightsIncompatible: the weights cannot be used.
        ModelWeightsMismatch: `model` and `weights` disagree, or `weights` and the task.
        DeviceUnavailable: the device is not there.
    """

    def __init__(
        self,
        registry: Registry,
        settings: InferenceSettings,
        *,
        model: str | None = None,
        weights: str | None = None,
        catalogue: Catalogue | None = None,
        degradation: Degradation | None = None,
    ) -> None:
        self.settings = settings
        self.are_weights_named = weights is not None
        self.device = choose_device(settings.device)
        self._registry = registry
        sets = catalogue or installed()
        self._denoisers: dict[ImageKind, Denoiser] = {}
        ready: dict[tuple[str, int], Denoiser] = {}
        for kind in KINDS:
            chosen = choose(
                registry,
                sets,
                settings,
                kind,
                model=model,
                weights=weights,
                degradation=degradation,
            )
            key = chosen.weights.name, chosen.weights.config.channels
            if key not in ready:
                ready[key] = self._prepare(chosen)
            self._denoisers[kind] = ready[key]

    @property
    def denoisers(self) -> tuple[Denoiser, ...]:
        """Every denoiser of the run, each once."""
        return tuple(dict.fromkeys(self._denoisers.values()))

    def denoiser(self, kind: ImageKind) -> Denoiser:
        """Return the denoiser for images of a kind."""
        return self._denoisers[kind]

    def _prepare(self, chosen: Chosen) -> Denoiser:
        return Denoiser(
            chosen.model.info,
            chosen.weights,
            self.settings,
            self.device,
            self._registry.own_hook("imgclean_denoise", chosen.model.plugin),
        )


def require_choice(
    registry: Registry, settings: InferenceSettings, *, model: str | None, weights: str | None
) -> None:
    """Refuse what `Selection` refuses, as far as that shows without loading a network."""
    sets = installed()
    for kind in KINDS:
        choose(registry, sets, settings, kind, model=model, weights=weights)


def choose(
    registry: Registry,
    catalogue: Catalogue,
    settings: InferenceSettings,
    kind: ImageKind,
    *,
    model: str | None,
    weights: str | None,
    degradation: Degradation | None = None,
) -> Chosen:
    """Return the model and the weight set for images of a kind.

    Raises: as `Selection`.
    """
    named = registry.model(model) if model else None
    if weights:
        found = find(weights, catalogue, (named.info,) if named else registry.infos())
        if named and named.info.name != found.config.model:
            raise ModelWeightsMismatch(
                f"--weights {weights} holds weights of {found.config.model}, "
                f"but --model is {named.info.name}",
                hint="leave one of the two out",
            )
        if degradation is None:  # what is measured may be anything
            _require_trained(found, settings.task)
        return _chosen(named or registry.model(found.config.model), found, settings)
    if named and settings.task not in named.info.tasks:
        raise InvalidSetting(
            f"{named.info.name} does {', '.join(named.info.tasks)}, not {settings.task}",
            hint="`imgclean models` lists what each model does",
        )
    if named and not named.info.needs_weights:
        built_for = named.info.channels
        channels = kind.channels if kind.channels in built_for else built_for[0]
        return _chosen(named, weightless(named.info, channels), settings)
    if isinstance(degradation, Pairs):  # which says nothing of what the images show
        degradation = None
    if degradation is None and settings.task == "upscale":
        degradation = Bicubic(settings.scale)
    names = frozenset(each.info.name for each in registry.models())
    wanted = Wanted(
        channels=kind.channels,
        models=names,
        task=settings.task,
        model=named.info.name if named else None,
        sigma=settings.sigma,
        degradation=degradation,
        photograph=kind.photograph,
    )
    found = choose_weight_set(catalogue.sets.values(), wanted, catalogue.available)
    return _chosen(named or registry.model(found.config.model), found, settings)


def _chosen(model: Model, weights: WeightSet, settings: InferenceSettings) -> Chosen:
    return Chosen(model, with_options(model.info, weights, settings.options))


def _require_trained(weights: WeightSet, task: Task) -> None:
    """Refuse a set that deblocks or enlarges without having learnt it; noise is left to it."""
    config = weights.config
    if task != "denoise" and task not in {config.task, *config.domain.tasks}:
        raise ModelWeightsMismatch(
            f"{weights.name} was trained for {config.noise}, not to {task}",
            hint=f"leave --weights out, or train a set to {task}",
        )
