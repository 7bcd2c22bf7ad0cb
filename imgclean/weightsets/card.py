"""The model card: a weight set's config for people, as a Hub page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgclean.degradation.spec import CAMERA_ISO, Camera
from imgclean.weightsets.config import UNKNOWN_LICENCE, Conversion, Provenance
from imgclean.weightsets.front_matter import render_front_matter

if TYPE_CHECKING:
    from imgclean.weightsets.config import Measurement, WeightSetConfig

_TASKS = {
    "denoise": "",
    "deblock": " --task deblock",
    "upscale": " --task upscale --scale 2",
}
_NOISE_SOURCES = {
    "file name": "The noise domain is the one published for a file of that name",
    "layout": "The noise domain is the one published for checkpoints of that layout",
    "given": "The noise domain was stated by who converted it",
    "assumed": "The file does not say the noise domain, which is assumed",
}
_OPTIONAL = ("blur", "clean blur", "noisy LPIPS", "LPIPS", "paper")
_BLUR = "Blur of Crete et al. (2007), 0 to 1, beside that of the clean images.\n"
_LPIPS = "LPIPS of Zhang et al. (2018) on AlexNet, the distance from the clean image.\n"


def render_card(config: WeightSetConfig) -> str:
    """Return the README.md of the weight set, in Markdown with the Hub's front matter."""
    kind = {1: "gray", 3: "colour"}.get(config.channels, f"{config.channels}-channel")
    about = (
        f"Weights of the model `{config.model}` for {kind} images, trained to {config.task}.\n"
        f"Noise domain: {_domain(config.noise)}. On images whose noise "
        "is of another kind the result is not what was measured here.\n"
        f"Licence: {_licence(config.licence)}.\n"
    )
    usage = (
        f"```\nimgclean denoise photos/{_TASKS[config.task]} --weights {config.name}\n```\n\n"
        "From the Hub: `--weights hf://` followed by this repository's name, its owner included.\n"
    )
    parts = [render_front_matter(config), f"# {config.name}\n", about, usage]
    if config.results:
        parts.append(_results(config.results))
    origin = config.provenance
    title = "Trained"
    while isinstance(origin, Provenance):
        parts.append(_provenance(origin, config.model, title))
        origin, title = origin.begun_from, "Before that"
    if origin:
        parts.append(_conversion(origin))
    return "\n".join(parts)


def _licence(licence: str) -> str:
    return "not known, see where the file is from" if licence == UNKNOWN_LICENCE else licence


def _domain(noise: str) -> str:
    if noise == "pairs":
        return "`pairs`, what the noisy images of its training pairs show"
    units = ["photons in a white pixel"] if "poisson" in noise else []
    units += ["sigma in grey levels of 255"] if "gaussian" in noise else []
    units += [f"photographs, ISO {CAMERA_ISO}"] if noise == Camera.name else []
    return f"`{noise}`" + (f" ({', '.join(units)})" if units else "")


def _results(results: list[Measurement]) -> str:
    cells = [_cells(each) for each in results]
    columns = [
        name for name in cells[0] if name not in _OPTIONAL or any(row[name] for row in cells)
    ]
    table = [columns, ["---"] * len(columns), *([row[name] for name in columns] for row in cells)]
    # What is no spec with its level is a folder of noisy images.
    real = any(":" not in each.degradation for each in results)
    luma = any(each.degradation.startswith(("bicubic", "jpeg")) for each in results)
    return (
        "## Measured\n\n"
        "With `imgclean evaluate`: noise added in float, output rounded to 8 bits, mean over "
        "images.\n"
        + ("Where no level is given, the set's own noisy images were cleaned.\n" if real else "")
        + ("Under enlargement and JPEG on luma; enlarged images unrounded.\n" if luma else "")
        + (_BLUR if any(each.blur is not None for each in results) else "")
        + (_LPIPS if any(each.lpips is not None for each in results) else "")
        + "\n"
        + "".join(f"| {' | '.join(row)} |\n" for row in table)
    )


def _cells(result: Measurement) -> dict[str, str]:
    """Return a row of the table by column, empty where there is nothing to say."""
    return {
        "set": result.set,
        "degradation": result.degradation,
        "images": str(result.images),
        "noisy PSNR (dB)": f"{result.input_psnr:.2f}",
        "PSNR (dB)": f"{result.psnr:.2f}",
        "SSIM": f"{result.ssim:.4f}",
        "blur": _figure(result.blur, ".3f"),
        "clean blur": _figure(result.clean_blur, ".3f"),
        "noisy LPIPS": _figure(result.input_lpips, ".4f"),
        "LPIPS": _figure(result.lpips, ".4f"),
        "paper": _published(result),
    }


def _figure(value: float | None, digits: str) -> str:
    return "" if value is None else format(value, digits)


def _published(result: Measurement) -> str:
    """Return what the paper states: PSNR in dB, and SSIM where it has it."""
    if result.published_psnr is None:
        return ""
    ssim = result.published_ssim
    return f"{result.published_psnr:.2f}" + (f" / {ssim:.4f}" if ssim is not None else "")


def _provenance(provenance: Provenance, model: str, title: str) -> str:
    recipe = dict(provenance.recipe)
    stages = recipe.pop("stages", None) or []
    versions = ", ".join(f"{name} {each}" for name, each in sorted(provenance.versions.items()))
    seed = f", seed {recipe['seed']}" if "seed" in recipe else ""
    return (
        f"## {title}\n\n"
        f"With `imgclean train --model {model}`: {provenance.steps:,} steps in "
        f"{provenance.minutes:.0f} minutes on {provenance.machine}, on {provenance.images} images "
        f"of {', '.join(provenance.data)}{seed} ({versions}).\n\n"
        f"{_settings(recipe)}"
        + "".join(_stage(number, stage) for number, stage in enumerate(stages, 1))
    )


def _conversion(origin: Conversion) -> str:
    return (
        "## Converted\n\n"
        f"With `imgclean weights convert` from `{origin.file}`, a file of {origin.container} in "
        f"the layout of {origin.layout}, sha256 `{origin.sha256}`.\n"
        f"{_NOISE_SOURCES[origin.noise_source]}.\n"
    )


def _stage(number: int, stage: dict[str, Any]) -> str:
    """Return a stage's name and what differs in it from the settings above."""
    settings = {key: value for key, value in stage.items() if key != "name"}
    title = f"\n### Stage {number}" + (f": {stage['name']}" if stage.get("name") else "")
    return f"{title}\n\n{_settings(settings)}"


def _settings(settings: dict[str, Any]) -> str:
    lines = "\n".join(f"{key} = {value}" for key, value in sorted(_flat(settings).items()))
    return f"```\n{lines}\n```\n"


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, object]:
    """Return settings with the paths of their keys; tables in a list have one line each."""
    flat: dict[str, object] = {}
    for key, value in settings.items():
        path = prefix + key
        if isinstance(value, dict):
            flat |= _flat(value, f"{path}.")
        elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            for number, table in enumerate(value, 1):
                cells = (f"{name} {each}" for name, each in _flat(table).items())
                flat[f"{path}.{number}"] = ", ".join(cells)
        elif value is not None:
            flat[path] = value
    return flat
