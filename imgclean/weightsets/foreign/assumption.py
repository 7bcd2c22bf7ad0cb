"""What is assumed of a checkpoint from elsewhere. Imports neither torch nor numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.weightsets.config import Conversion

if TYPE_CHECKING:
    from imgclean.weightsets.catalogue import WeightSet


def assumed_noise(weights: WeightSet) -> str | None:
    """Return a remark on a checkpoint from elsewhere whose noise domain is not known, or None."""
    origin = weights.config.provenance
    if weights.held is None or not isinstance(origin, Conversion):
        return None
    if origin.noise_source != "assumed":
        return None
    return (
        f"{weights.held.file.name} does not say what it was trained on: {weights.config.noise} is "
        "assumed, unless `imgclean weights convert --noise` says it"
    )
