from pathlib import Path

import pytest

from imgclean.weightsets.card import render_card
from imgclean.weightsets.config import (
    Conversion,
    Measurement,
    Provenance,
    WeightSetConfig,
    read_config,
)

WEIGHTS = Path(__file__).parents[2] / "weights"


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


@pytest.mark.parametrize("name", ["dncnn-colour-blind", "dncnn-gray-blind"])
def test_the_card_of_an_embedded_set_is_that_of_its_config(name):
    card = (WEIGHTS / name / "README.md").read_text(encoding="utf-8")
    assert card == render_card(read_config(WEIGHTS / name))


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
