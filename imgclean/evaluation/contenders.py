"""Who is measured: from names of models, weight sets and baselines to restorers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.degradation.spec import Gaussian
from imgclean.errors import ModelWeightsMismatch
from imgclean.evaluation.baselines import make_baseline
from imgclean.evaluation.restorers import ModelRestorer
from imgclean.evaluation.trials import scale_of
from imgclean.events import Note, Warned
from imgclean.inference.selection import Selection
from imgclean.weightsets.catalogue import find, installed
from imgclean.weightsets.foreign.assumption import assumed_noise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.degradation.base import Degradation
    from imgclean.evaluation.restorers import Restorer
    from imgclean.events import Emit
    from imgclean.extension.model_info import Task
    from imgclean.extension.registry import Registry
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.selection import ImageKind
    from imgclean.inference.settings import InferenceSettings
    from imgclean.weightsets.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Entry:
    """A model or a weight set, as `--model` and `--weights` name it; with neither, any model."""

    model: str | None = None
    weights: str | None = None


class Contenders:
    """The restorers of an evaluation, each made once for each degradation.

    Args:
        registry: the installed models.
        settings: how to clean; its task, scale and sigma are set by the degradation.
        models: as `--model`.
        weights: as `--weights`.
        baselines: as `--baseline`.

    Raises:
        UsageError, SetupError: a model or a weight set is not there, `models` and `weights`
            disagree.
    """

    def __init__(
        self,
        registry: Registry,
        settings: InferenceSettings,
        *,
        models: tuple[str, ...] = (),
        weights: tuple[str, ...] = (),
        baselines: tuple[str, ...] = (),
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._baselines = baselines
        self._catalogue = installed()
        self._entries = list(entries(registry, self._catalogue, models, weights))
        self._selections: dict[tuple[Entry, Degradation], Selection] = {}
        self._warned: set[str] = set()

    def __len__(self) -> int:
        return len(self._entries) + len(self._baselines)

    def against(self, degradation: Degradation, kind: ImageKind, emit: Emit) -> Iterator[Restorer]:
        """Yield who is measured under a degradation, on images of a kind.

        Args:
            degradation: what the images show.
            kind: of the images.
            emit: gets a warning for weights that were trained for something else.

        Raises:
            UsageError, SetupError: as `prepare`.
        """
        settings = self._settings_for(degradation)
        for entry in self._entries:
            denoiser = self._selection(entry, degradation, settings).denoiser(kind)
            self._warn_of_misfits(denoiser, degradation, kind.channels, emit)
            yield ModelRestorer(denoiser)
        for name in self._baselines:
            yield make_baseline(name, settings.unit_sigma)

    def prepare(self, degradations: tuple[Degradation, ...]) -> None:
        """Load all weights, so that what is wrong shows before anything is measured.

        Raises:
            UsageError, SetupError: a model does not do the task, its weights cannot be used, or
                a baseline is not installed; see `Selection` and `make_baseline`.
        """
        for degradation in degradations:
            settings = self._settings_for(degradation)
            for entry in self._entries:
                self._selection(entry, degradation, settings)
            for name in self._baselines:
                make_baseline(name, settings.unit_sigma)

    def _settings_for(self, degradation: Degradation) -> InferenceSettings:
        sigma = degradation.sigma.low if isinstance(degradation, Gaussian) else None
        return dataclasses.replace(
            self._settings, task=degradation.task, scale=scale_of(degradation), sigma=sigma
        )

    def _selection(
        self, entry: Entry, degradation: Degradation, settings: InferenceSettings
    ) -> Selection:
        key = entry, degradation
        if key not in self._selections:
            task = self._task_of(entry, settings.task)
            self._selections[key] = Selection(
                self._registry,
                dataclasses.replace(settings, task=task),
                model=entry.model,
                weights=entry.weights,
                catalogue=self._catalogue,
                degradation=degradation,
            )
        return self._selections[key]

    def _task_of(self, entry: Entry, task: Task) -> Task:
        """Return the task, or a named weight set's own if its model does not do that."""
        if entry.weights is None:
            return task
        named = [self._registry.model(entry.model).info] if entry.model else None
        config = find(entry.weights, self._catalogue, named or self._registry.infos()).config
        info = self._registry.model(entry.model or config.model).info
        return task if task in info.tasks else config.task

    def _warn_of_misfits(
        self, denoiser: Denoiser, degradation: Degradation, channels: int, emit: Emit
    ) -> None:
        """Say once of a weight set what it was trained for, where that is something else."""
        config = denoiser.weights.config
        assumption = assumed_noise(denoiser.weights)
        if assumption and assumption not in self._warned:
            self._warned.add(assumption)
            emit(Note(message=assumption))
        trained = f"{config.name} was trained for"
        misfits = []
        if not config.domain.covers(degradation):
            misfits.append(f"{trained} {config.noise}, not for {degradation}")
        if config.channels != channels:
            kinds = ("gray", "colour") if channels == 3 else ("colour", "gray")
            misfits.append(f"{trained} {kinds[0]} images, not for {kinds[1]} ones")
        for message in misfits if denoiser.info.needs_weights else ():
            if message not in self._warned:
                self._warned.add(message)
                emit(Warned(error="DomainMismatch", message=message))


def entries(
    registry: Registry, catalogue: Catalogue, models: tuple[str, ...], weights: tuple[str, ...]
) -> Iterator[Entry]:
    """Yield the named weight sets, then the models without a named one; or any model.

    Raises:
        UsageError, SetupError: a model or a weight set is not there, or they disagree.
    """
    keys = {registry.model(name).key: name for name in models}
    without = dict(keys)
    named = [registry.model(key).info for key in keys]
    for reference in weights:
        of_model = find(reference, catalogue, named or registry.infos()).config.model
        owners = [key for key in keys if key.endswith(f":{of_model}")]
        if models and not owners:
            raise ModelWeightsMismatch(
                f"--weights {reference} holds weights of {of_model}, "
                f"but --model is {', '.join(models)}",
                hint="leave one of the two out",
            )
        for key in owners:
            without.pop(key, None)
        yield Entry(keys[owners[0]] if owners else None, reference)
    for name in without.values():
        yield Entry(name)
    if not models and not weights:
        yield Entry()
