"""The model card: a weight set's config for people, as a Hub page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgclean.weightsets.config import Measurement, Provenance, WeightSetConfig


def render_card(config: WeightSetConfig) -> str:
    """Return the README.md of the weight set, in Markdown with the Hub's front matter."""
    kind = {1: "gray", 3: "colour"}.get(config.channels, f"{config.channels}-channel")
    about = (
        f"Weights of the model `{config.model}` for {kind} images, trained to {config.task}.\n"
        f"Noise domain: `{config.noise}` (sigma in grey levels of 255). On images whose noise "
        "is of another kind the result is not what was measured here.\n"
    )
    usage = f"```\nimgclean denoise photos/ --weights {config.name}\n```\n"
    parts = [_front_matter(config), f"# {config.name}\n", about, usage]
    if config.results:
        parts.append(_results(config.results))
    stage = config.provenance
    title = "Trained"
    while stage:
        parts.append(_provenance(stage, config.model, title))
        stage, title = stage.begun_from, "Before that"
    return "\n".join(parts)


def _front_matter(config: WeightSetConfig) -> str:
    return (
        "---\n"
        f"license: {config.licence.lower()}\n"
        "library_name: imgclean\n"
        "pipeline_tag: image-to-image\n"
        f"tags: [denoising, {config.model}]\n"
        "---\n"
    )


def _results(results: list[Measurement]) -> str:
    rows = "\n".join(
        f"| {each.set} | {each.degradation} | {each.images} | {each.input_psnr:.2f} | "
        f"{each.psnr:.2f} | {each.ssim:.4f} |"
        for each in results
    )
    return (
        "## Measured\n\n"
        "With `imgclean evaluate`: noise added in float, output rounded to 8 bits, mean over "
        "images.\n\n"
        "| set | degradation | images | noisy PSNR (dB) | PSNR (dB) | SSIM |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        f"{rows}\n"
    )


def _provenance(provenance: Provenance, model: str, title: str) -> str:
    settings = "\n".join(
        f"{key} = {value}" for key, value in sorted(_flat(provenance.recipe).items())
    )
    versions = ", ".join(f"{name} {each}" for name, each in sorted(provenance.versions.items()))
    return (
        f"## {title}\n\n"
        f"With `imgclean train --model {model}`: {provenance.steps:,} steps in "
        f"{provenance.minutes:.0f} minutes on {provenance.machine}, on {provenance.images} images "
        f"of {', '.join(provenance.data)} ({versions}).\n\n"
        f"```\n{settings}\n```\n"
    )


def _flat(settings: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        elif value is not None:
            flat[prefix + key] = value
    return flat
