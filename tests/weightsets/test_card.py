import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st

from imgclean.weightsets.card import render_card
from imgclean.weightsets.config import (
    Conversion,
    Measurement,
    Provenance,
    WeightSetConfig,
    read_config,
)
from imgclean.weightsets.front_matter import HUB_LICENCES

WEIGHTS = Path(__file__).parents[2] / "weights"
SETS = sorted(path.parent.name for path in WEIGHTS.glob("*/config.json"))
IDENTIFIER = r"[A-Za-z0-9._-]+"
# What has a meaning in YAML, or looks as if it had.
AWKWARD = st.one_of(
    st.sampled_from("'\"%@`=~\\\x85\u2028\ufeff"),
    st.sampled_from(["yes", "null", "007", "1.5", "a: b", "a #b", "a\n---\nb", "---", "..."]),
    st.sampled_from(["- a", "# a", "{a}", "[a]", "&a", "*a", "!a", "<<"]),
)
TEXT = AWKWARD | st.text()


def measurement(degradation, **published):
    return Measurement(
        **published,
        set="kodak24",
        degradation=degradation,
        images=24,
        psnr=31.234,
        ssim=0.91234,
        input_psnr=20.2,
        input_ssim=0.4,
    )


def config(noise="gaussian:25", results=(), **recipe):
    return WeightSetConfig(
        name="toy-one",
        model="toy",
        sha256="0" * 64,
        noise=noise,
        channels=3,
        options={"channels": 3},
        licence="CC-BY-4.0",
        results=list(results),
        provenance=Provenance(
            recipe={"seed": 7} | recipe,
            data=["bsd432", "div2k"],
            images=1332,
            steps=12000,
            minutes=38.2,
            machine="NVIDIA H100",
            versions={"imgclean": "0.1.0", "torch": "2.13.0"},
        ),
    )


def read_back(card):
    """Return the metadata that the Hub's own library finds in a card."""
    return ModelCard(card).data


def on_a_line(text):
    return " ".join(text.split())


def figures(data):
    """Return what the metadata says was measured."""
    return [
        (each.dataset_name, each.dataset_config, each.metric_type, each.metric_value)
        for each in data.eval_results
    ]


def require_valid(data):
    """Check what the Hub checks when a card is pushed, and what it takes for granted."""
    assert data.license in HUB_LICENCES | {"unknown", "other"}
    assert (data.license == "other") == bool(data.license_name)
    assert all(isinstance(each, str) for each in data.tags)
    assert len(set(data.tags)) == len(data.tags)
    for each in data.eval_results or []:
        assert re.fullmatch(IDENTIFIER, each.dataset_type)
        assert isinstance(each.dataset_name, str)
        assert isinstance(each.dataset_config, str)
        assert isinstance(each.metric_value, float)


@pytest.mark.parametrize("name", SETS)
def test_the_card_of_an_embedded_set_is_that_of_its_config(name):
    card = (WEIGHTS / name / "README.md").read_bytes().decode()
    assert card == render_card(read_config(WEIGHTS / name))


@pytest.mark.parametrize("name", SETS)
def test_the_hub_reads_an_embedded_sets_metadata_and_every_figure_of_its_table(name):
    found = read_config(WEIGHTS / name)
    card = (WEIGHTS / name / "README.md").read_bytes().decode()
    data = read_back(card)
    require_valid(data)
    assert (data.license, data.library_name, data.model_name) == ("mit", "imgclean", name)
    assert data.pipeline_tag == "image-to-image"
    assert data.tags[:2] == ["denoising", found.model]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in card.splitlines()]
    table = [row for row in rows if len(row) >= 6][2:]
    assert figures(data) == [
        (f"{row[0]} ({row[1]})", row[1], metric, float(value))
        for row in table
        for metric, value in (("psnr", row[4]), ("ssim", row[5]))
    ]
    assert len(data.eval_results) == 2 * len(found.results) > 0


def test_metadata_is_in_a_fixed_order_that_people_can_read():
    card = render_card(config(results=[measurement("gaussian:25")]))
    assert card.startswith(
        """\
---
license: cc-by-4.0
library_name: imgclean
pipeline_tag: image-to-image
tags:
- denoising
- toy
model-index:
- name: toy-one
  results:
  - task:
      type: image-to-image
    dataset:
      name: kodak24 (gaussian:25)
      type: kodak24
      config: gaussian:25
    metrics:
    - type: psnr
      value: 31.23
    - type: ssim
      value: 0.9123
---

# toy-one
"""
    )


def test_a_set_that_was_not_measured_claims_no_results_on_the_hub():
    card = render_card(config())
    assert "model-index" not in card
    assert read_back(card).eval_results is None


@pytest.mark.parametrize(
    ("licence", "stated"),
    [
        ("MIT", ("mit", None)),
        ("NOASSERTION", ("unknown", None)),
        ("GPL-3.0-or-later", ("gpl-3.0", None)),
        ("AGPL-3.0-only", ("agpl-3.0", None)),
        ("MIT OR Apache-2.0", ("other", "mit-or-apache-2.0")),
        ("LicenseRef-Lab: 7", ("other", "licenseref-lab-7")),
        ("MIT-0", ("other", "mit-0")),
        (" ", ("unknown", None)),
    ],
)
def test_a_licence_is_one_that_the_hub_knows_or_has_a_name(licence, stated):
    data = read_back(render_card(config().model_copy(update={"licence": licence})))
    assert (data.license, data.license_name) == stated


@pytest.mark.parametrize(
    ("task", "noise", "tags"),
    [
        ("denoise", "gaussian:25", []),
        ("deblock", "jpeg:10", ["jpeg-artifact-removal"]),
        ("upscale", "bicubic:2", ["super-resolution"]),
        ("denoise", "gaussian:25|bicubic:2|jpeg:10", ["jpeg-artifact-removal", "super-resolution"]),
    ],
)
def test_a_set_is_found_on_the_hub_by_every_task_that_it_has_learnt(task, noise, tags):
    data = read_back(render_card(config(noise).model_copy(update={"task": task})))
    assert data.tags == ["denoising", "toy", *tags]


def test_sets_whose_names_are_alike_to_the_hub_keep_their_own_figures():
    results = [measurement("gaussian:25"), measurement("gaussian:25")]
    results = [
        each.model_copy(update={"set": name, "psnr": psnr})
        for each, name, psnr in zip(results, ("a b", "a-b"), (30.0, 31.0), strict=True)
    ]
    card = render_card(config(results=results))
    found = [each for each in figures(read_back(card)) if each[2] == "psnr"]
    assert found == [
        ("a b (gaussian:25)", "gaussian:25", "psnr", 30.0),
        ("a-b (gaussian:25)", "gaussian:25", "psnr", 31.0),
    ]


@given(
    name=st.sampled_from(["yes", "null", "007", "1.5", "0x1f"])
    | st.from_regex(r"[a-z0-9][a-z0-9._-]*", fullmatch=True),
    model=TEXT,
    licence=TEXT,
    sets=st.lists(st.tuples(TEXT, TEXT, st.floats(0, 99), st.floats(-1, 1)), max_size=3),
)
def test_no_text_of_a_config_breaks_the_metadata(name, model, licence, sets):
    results = [
        measurement("").model_copy(
            update={"set": folder, "degradation": degradation, "psnr": psnr, "ssim": ssim}
        )
        for folder, degradation, psnr, ssim in sets
    ]
    changes = {"name": name, "model": model, "licence": licence, "results": results}
    card = render_card(config().model_copy(update=changes))
    data = read_back(card)
    require_valid(data)
    assert data.tags == list(dict.fromkeys(["denoising", on_a_line(model)]))
    if sets:
        assert data.model_name == name
        assert figures(data) == [
            (on_a_line(f"{folder} ({degradation})"), on_a_line(degradation), metric, value)
            for folder, degradation, psnr, ssim in sets
            for metric, value in (("psnr", round(psnr, 2)), ("ssim", round(ssim, 4)))
        ]
    assert ModelCard(card).text.startswith(f"\n# {name}\n")


def test_reading_weight_sets_does_not_load_what_only_a_card_needs():
    script = (
        "import sys, imgclean.weightsets.store\n"
        "print(*{'huggingface_hub', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == []


def test_a_card_says_how_its_weights_are_used_from_here_and_from_the_hub():
    card = render_card(config())
    assert "```\nimgclean denoise photos/ --weights toy-one\n```\n\nFrom the Hub: " in card
    assert "`--weights hf://` followed by this repository's name" in card


def test_a_card_says_where_a_set_comes_from_and_what_it_is_for():
    card = render_card(config(results=[measurement("gaussian:25")]))
    for part in (
        "license: cc-by-4.0",
        "Licence: CC-BY-4.0.",
        "Noise domain: `gaussian:25` (sigma in grey levels of 255).",
        "| kodak24 | gaussian:25 | 24 | 20.20 | 31.23 | 0.9123 |",
        "12,000 steps in 38 minutes on NVIDIA H100, on 1332 images of bsd432, div2k, seed 7 ",
        "(imgclean 0.1.0, torch 2.13.0).",
    ):
        assert part in card


def test_a_card_says_what_a_set_was_converted_from_and_how_its_noise_is_known():
    origin = Conversion(
        file="net.pth", container="PyTorch", layout="KAIR", sha256="1" * 64, noise_source="assumed"
    )
    converted = config().model_copy(update={"provenance": origin, "licence": "NOASSERTION"})
    card = render_card(converted)
    assert f"from `net.pth`, a file of PyTorch in the layout of KAIR, sha256 `{'1' * 64}`" in card
    assert "The file does not say the noise domain, which is assumed." in card
    assert "license: unknown\n" in card
    assert "Licence: not known" in card
    trained = config()
    later = trained.provenance.model_copy(update={"begun_from": origin})
    card = render_card(trained.model_copy(update={"provenance": later}))
    assert card.index("## Trained") < card.index("## Converted")


def test_a_card_tells_results_on_real_noise_from_those_on_added_noise():
    own = "the set's own noisy images were cleaned"
    assert own not in render_card(config(results=[measurement("gaussian:25")]))
    assert own in render_card(config(results=[measurement("noisy")]))


def test_the_papers_figures_stand_beside_the_measured_ones_where_there_are_any():
    noise, jpeg, own = "gaussian:25", "jpeg:10", "gaussian:35"
    card = render_card(
        config(
            results=[
                measurement(noise, published_psnr=31.23),
                measurement(jpeg, published_psnr=29.4, published_ssim=0.8026),
                measurement(own),
            ]
        )
    )
    assert "| PSNR (dB) | SSIM | paper |\n| --- | --- | --- | --- | --- | --- | --- |\n" in card
    assert f"| {noise} | 24 | 20.20 | 31.23 | 0.9123 | 31.23 |" in card
    assert f"| {jpeg} | 24 | 20.20 | 31.23 | 0.9123 | 29.40 / 0.8026 |" in card
    assert f"| {own} | 24 | 20.20 | 31.23 | 0.9123 |  |" in card
    assert "paper" not in render_card(config(results=[measurement(noise)]))


def test_blur_and_lpips_have_columns_where_they_were_measured():
    plain = measurement("gaussian:25")
    blurred = measurement("gaussian:35", blur=0.4321, clean_blur=0.3861)
    looked_at = measurement("gaussian:50", lpips=0.12345, input_lpips=0.6)
    card = render_card(config(results=[plain, blurred, looked_at]))
    assert "| SSIM | blur | clean blur | noisy LPIPS | LPIPS |\n" in card
    assert "| gaussian:25 | 24 | 20.20 | 31.23 | 0.9123 |  |  |  |  |\n" in card
    assert "| gaussian:35 | 24 | 20.20 | 31.23 | 0.9123 | 0.432 | 0.386 |  |  |\n" in card
    assert "| gaussian:50 | 24 | 20.20 | 31.23 | 0.9123 |  |  | 0.6000 | 0.1235 |\n" in card
    assert "Crete" in card
    assert "Zhang et al. (2018)" in card
    require_valid(read_back(card))
    only_blur = render_card(config(results=[blurred]))
    assert "LPIPS" not in only_blur
    unmeasured = render_card(config(results=[plain]))
    assert "blur" not in unmeasured
    assert "| PSNR (dB) | SSIM |\n" in unmeasured


def test_a_config_of_before_reads_as_one_without_blur_and_lpips():
    before = config(results=[measurement("gaussian:25")]).model_dump_json(indent=2)
    assert not re.search("blur|lpips", before)
    again = WeightSetConfig.model_validate_json(before)
    assert again.results[0].blur is None
    assert again.model_dump_json(indent=2) == before


def test_a_card_says_how_enlarged_and_compressed_images_were_measured():
    assert "on luma" in render_card(config(results=[measurement("jpeg:10")]))
    assert "on luma" not in render_card(config(results=[measurement("gaussian:25")]))


def test_each_stage_has_a_block_with_what_differs_in_it():
    stages = [
        {"name": "clean to clean", "budget": {"steps": 100}},
        {
            "name": "adversarial",
            "losses": [
                {"kind": "mse", "weight": 1.0},
                {"kind": "adversarial", "weight": {"start": 0.01, "end": 1.0}},
            ],
        },
    ]
    card = render_card(config(batch=8, stages=stages))
    assert "```\nbatch = 8\nseed = 7\n```\n\n### Stage 1: clean to clean" in card
    assert "### Stage 1: clean to clean\n\n```\nbudget.steps = 100\n```\n" in card
    assert card.endswith(
        "### Stage 2: adversarial\n\n```\n"
        "losses.1 = kind mse, weight 1.0\n"
        "losses.2 = kind adversarial, weight.start 0.01, weight.end 1.0\n"
        "```\n"
    )


@pytest.mark.parametrize(
    ("task", "asked"),
    [("denoise", ""), ("deblock", "--task deblock "), ("upscale", "--task upscale --scale 2 ")],
)
def test_the_command_of_a_card_asks_for_what_the_set_was_trained_for(task, asked):
    card = render_card(config().model_copy(update={"task": task}))
    assert f"imgclean denoise photos/ {asked}--weights toy-one" in card


@pytest.mark.parametrize(
    ("noise", "units"),
    [
        ("gaussian:0-55", " (sigma in grey levels of 255)."),
        ("poisson:4-120", " (photons in a white pixel)."),
        (
            "poisson-gaussian:4-120,0-25",
            " (photons in a white pixel, sigma in grey levels of 255).",
        ),
        ("jpeg:5-99", "."),
    ],
)
def test_the_numbers_of_a_domain_have_their_units(noise, units):
    assert f"Noise domain: `{noise}`{units} " in render_card(config(noise))
