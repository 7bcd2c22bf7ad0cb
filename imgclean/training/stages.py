"""The stages of a recipe: what is trained one after the other, and what differs in each."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

FRESH = "fresh"
STAGE_MAY_CHANGE = frozenset(
    {
        *("options", "noise", "patch", "batch", "ema", "keep", "compile"),
        *("augmentation", "loss", "optimiser", "schedule"),
    }
)


class Stage(BaseModel):
    """One stage. Any further key is a key of the recipe that differs in this stage.

    What the network has and the one that it begins from had not, by name and shape, begins fresh.
    `options` may so make it grow.

    Attributes:
        name: as in the log.
        init: what it begins from: `fresh`, or a weight set, a name or a path; None for what the
            stage before has made, and in the first stage for the run's.
        into: the part of the network, as `naive`, for which `init` is, be it another model's; the
            rest begins as it would without `init`.
        share: part of the run's budget, in proportion to that of the other stages.
        freeze: shell patterns; parameters whose names match stay as they are.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    init: str | None = None
    into: str | None = None
    share: PositiveFloat = 1.0
    freeze: list[str] = []

    @model_validator(mode="after")
    def _changes_what_a_stage_can(self) -> Stage:
        others = sorted(self.changes.keys() - STAGE_MAY_CHANGE)
        if others:
            may = ", ".join(sorted(STAGE_MAY_CHANGE))
            raise ValueError(f"a stage cannot change {', '.join(others)}, but {may}")
        return self

    @model_validator(mode="after")
    def _part_has_a_beginning(self) -> Stage:
        if self.into is not None and self.init in (None, FRESH):
            raise ValueError("into says which part begins as a weight set: init names none")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from the recipe."""
        return dict(self.model_extra or {})


def with_changes(settings: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `settings` with `changes`, tables key by key.

    A table that names another `kind` than before takes the place of the old one.
    """
    merged = dict(settings)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            renewed = value.get("kind", old.get("kind")) != old.get("kind")
            merged[key] = value if renewed else old | value
        else:
            merged[key] = value
    return merged
