"""The metadata at the top of a model card, as the Hub reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from imgclean.weightsets.config import UNKNOWN_LICENCE

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

    from imgclean.weightsets.config import Measurement, WeightSetConfig

HUB_LICENCES = frozenset(
    """
    afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m
    bigscience-bloom-rail-1.0 bigscience-openrail-m bsd bsd-2-clause bsd-3-clause
    bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0
    cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0
    cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0
    cdla-permissive-2.0 cdla-sharing-1.0 creativeml-openrail-m deepfloyd-if-license ecl-2.0
    epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 fair-noncommercial-research-license gemma gfdl
    gpl gpl-2.0 gpl-3.0 grok2-community h-research intel-research isc lgpl lgpl-2.1 lgpl-3.0
    lgpl-lr llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 lppl-1.3c mit mpl-2.0 ms-pl ncsa
    odbl odc-by ofl-1.1 openmdw-1.0 openrail openrail++ osl-3.0 pddl postgresql unlicense wtfpl
    zlib
    """.split()  # noqa: SIM905 - as a list it would be eighty lines
)
"""Every licence that the Hub has a name for; it refuses a card with another."""

_PIPELINE = "image-to-image"
_TAGS = {"denoise": "denoising", "deblock": "jpeg-artifact-removal", "upscale": "super-resolution"}


def render_front_matter(config: WeightSetConfig) -> str:
    """Return the front matter with its fences. Each result is a dataset of its own."""
    # Here, because most of what reads weight sets writes no card.
    from huggingface_hub import CardData

    data: dict[str, Any] = {
        **_licence(config.licence),
        "library_name": "imgclean",
        "pipeline_tag": _PIPELINE,
        "tags": _tags(config),
    }
    if config.results:
        data["model-index"] = _model_index(config)
    return f"---\n{CardData(**data).to_yaml()}\n---\n"


def _licence(spdx: str) -> dict[str, str]:
    """Return what says the licence: one of the Hub's, or a name for another."""
    # The Hub has one name for a version of the GPL, whether later ones are allowed or not.
    known = re.sub(r"-(only|or-later)$", "", spdx.lower())
    if known in HUB_LICENCES:
        return {"license": known}
    name = _identifier(spdx.lower())
    if spdx == UNKNOWN_LICENCE or not name:
        return {"license": "unknown"}
    return {"license": "other", "license_name": name}


def _tags(config: WeightSetConfig) -> list[str]:
    learnt = {config.task, *config.domain.tasks}
    others = [_TAGS[task] for task in ("deblock", "upscale") if task in learnt]
    return list(dict.fromkeys([_TAGS["denoise"], _line(config.model), *others]))


def _model_index(config: WeightSetConfig) -> list[dict[str, Any]]:
    from huggingface_hub.repocard_data import eval_results_to_model_index

    # One by one: together, sets whose names have the same identifier would become one.
    one_by_one = [
        eval_results_to_model_index(config.name, _metrics(each)) for each in config.results
    ]
    results = [result for index in one_by_one for result in index[0]["results"]]
    return [{"name": config.name, "results": results}]


def _metrics(measured: Measurement) -> list[EvalResult]:
    """Return PSNR and SSIM with the places that the card's table has."""
    from huggingface_hub import EvalResult

    return [
        EvalResult(
            task_type=_PIPELINE,
            dataset_type=_identifier(measured.set) or "images",
            dataset_name=_line(f"{measured.set} ({measured.degradation})"),
            dataset_config=_line(measured.degradation),
            metric_type=metric,
            metric_value=value,
        )
        for metric, value in (("psnr", round(measured.psnr, 2)), ("ssim", round(measured.ssim, 4)))
    ]


def _line(text: str) -> str:
    """Return text on one line: not every reader of YAML takes the same for the end of one."""
    return " ".join(text.split())


def _identifier(text: str) -> str:
    """Return text as the Hub's identifiers are: letters, digits, dots, dashes, underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")
