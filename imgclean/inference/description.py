"""What shaped a clean image, for the journal and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from imgclean.extension.model_info import ModelInfo
    from imgclean.inference.settings import InferenceSettings
    from imgclean.weightsets.catalogue import WeightSet


def identity_of(
    info: ModelInfo, weights: WeightSet, options: BaseModel, settings: InferenceSettings
) -> dict[str, object]:
    """Return all that shapes a clean image, apart from the noisy one; as JSON can hold it.

    What is as by default and came later than journals is left out, so that those stay valid.
    """
    later = {"keep_detail": settings.keep_detail, "chroma_only": settings.chroma_only}
    return {
        "model": info.name,
        "weights": weights.config.sha256,
        "options": options.model_dump(mode="json"),
        "sigma": settings.sigma,
        "strength": settings.strength,
        "ensemble": settings.ensemble,
        "precision": settings.precision,
        "task": settings.task,
        "scale": settings.scale,
        **{name: value for name, value in later.items() if value},
    }


def provenance_of(info: ModelInfo, weights: WeightSet, settings: InferenceSettings) -> str:
    """Return what a clean image says of how it was made."""
    return "; ".join(_parts(info, weights, settings))


def _parts(info: ModelInfo, weights: WeightSet, settings: InferenceSettings) -> Iterator[str]:
    config = weights.config
    yield f"model {info.name}"
    if info.needs_weights:
        yield f"weights {config.name} sha256:{config.sha256}"
    yield from weights.described_overrides
    if settings.sigma is not None:
        yield f"sigma {settings.sigma:g}"
    if settings.task != "denoise":
        yield settings.described_task
    if settings.keep_detail:
        yield f"keep detail {settings.keep_detail:g}"
    if settings.chroma_only:
        yield "chroma only"
    if settings.strength == "auto":
        yield "strength auto"
    elif settings.strength != 1:
        yield f"strength {settings.strength:g}"
    if settings.ensemble:
        yield "ensemble"
