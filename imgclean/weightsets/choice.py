"""The one function that chooses a weight set where none is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.degradation.spec import Camera, Gaussian
from imgclean.errors import NoModelInstalled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imgclean.degradation.base import Degradation
    from imgclean.extension.model_info import Task
    from imgclean.weightsets.catalogue import WeightSet
    from imgclean.weightsets.hub.entries import HubEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a weight set is wanted for.

    Attributes:
        channels: colour channels of the image.
        task: what is to be done.
        model: only sets of this model, or None for any.
        models: names of the models that are installed.
        sigma: known noise level in grey levels of 255, or None.
        degradation: known degradation, or None; goes before `sigma`.
        photograph: whether, where nothing is known, it is taken for a photograph.
    """

    channels: int
    models: frozenset[str]
    task: Task = "denoise"
    model: str | None = None
    sigma: float | None = None
    degradation: Degradation | None = None
    photograph: bool = False

    @property
    def known(self) -> Degradation | None:
        """What is known of the degradation, or taken for it, or nothing.

        Itself, or noise of the known level; to denoise, what a camera makes of a photograph.
        """
        if self.degradation is not None:
            return self.degradation
        if self.sigma is not None:
            return Gaussian.at(self.sigma)
        return Camera() if self.photograph and self.task == "denoise" else None


def choose_weight_set(
    sets: Iterable[WeightSet], wanted: Wanted, available: Mapping[str, HubEntry] | None = None
) -> WeightSet:
    """Return the set that fits best.

    Sets of other tasks or of a model that is not installed are left out. Of the rest, sets for
    the image's channels come first (a set for another count works, less well); then sets that
    have seen the known degradation, then other blind sets, then other sets for one level (to
    denoise, sets that have seen Gaussian noise before all that have not); then the highest
    preference; then a set for the known level alone; then the set that has seen the fewest other
    kinds; then the name, so that the choice is always the same.

    Args:
        sets: those that are here.
        wanted: what for.
        available: what could be pulled, by name; never chosen, but named where no set is left.

    Raises:
        NoModelInstalled: no set is left.
    """
    installed = tuple(sets)
    fitting = [each for each in installed if _fits(each, wanted)]
    if not fitting:
        model = f" of {wanted.model}" if wanted.model else ""
        hint = "name one with --weights, or train one with `imgclean train`"
        pullable = sorted(name for name, each in (available or {}).items() if _serves(each, wanted))
        if pullable:
            hint = f"`imgclean weights pull {pullable[0]}` fetches one"
        elif not installed:
            hint = 'run pip install "imgclean[models]", or name one with --weights'
        raise NoModelInstalled(
            f"no weight set{model} is installed for the task {wanted.task}", hint=hint
        )
    return min(fitting, key=lambda each: _rank(each, wanted))


def _fits(candidate: WeightSet, wanted: Wanted) -> bool:
    config = candidate.config
    return (
        wanted.task in {config.task, *config.domain.tasks}
        and config.model in wanted.models
        and wanted.model in (None, config.model)
    )


def _serves(entry: HubEntry, wanted: Wanted) -> bool:
    return (
        entry.is_ours
        and entry.is_pinned
        and wanted.task in entry.tasks
        and entry.model in wanted.models
        and wanted.model in (None, entry.model)
    )


def _rank(
    candidate: WeightSet, wanted: Wanted
) -> tuple[bool, bool, bool, bool, int, bool, int, str]:
    """Return a key that sorts the better set first."""
    config = candidate.config
    domain = config.domain
    known = wanted.known is not None and domain.covers(wanted.known)
    gaussian = any(isinstance(each, Gaussian) for each in domain.alternatives)
    return (
        config.channels != wanted.channels,
        not known,
        wanted.task == "denoise" and not known and not gaussian,
        not known and not domain.blind,  # a set for one level fails elsewhere
        -config.preference,
        known and domain.blind,  # and excels there
        len(domain.alternatives),
        candidate.name,
    )
