"""An adversarial recipe on the command line: what stops it before any work, and the ways out."""

from pathlib import Path

import pytest
from loopback_hub import LoopbackHub
from material import ENVIRONMENT
from mscnn_material import small_paper
from training_pictures import write_pictures
from vgg19_material import write_timm_vgg19


@pytest.fixture
def clean(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_pictures(Path("clean"), 1)


def refused(run, code, *words):
    """Hold a refusal to one line on what is wrong, one on what to do, and no trace of a run."""
    assert run.code == code, run.stderr
    assert [line.partition(" ")[0] for line in run.stderr.splitlines()] == ["error:", ""]
    for word in words:
        assert word in run.stderr
    assert run.stdout == ""
    assert not Path("run").exists()


SMALL = {"steps": 1, "ahead": 1, "batch": 1}


def test_a_discriminator_whose_weights_are_not_here_ends_a_run_before_it_begins(imgclean, clean):
    run = imgclean("train", "mscnn/paper", "--data", "clean", "--out", "run")
    refused(
        run,
        1,
        "stage adversarial: the discriminator wants VGG19's weights: vgg19-imagenet is catalogued",
        "`imgclean weights pin vgg19-imagenet`",
        "--discriminator scratch",
    )


def test_both_ways_out_that_are_named_let_the_recipe_run(imgclean, clean, tmp_path):
    small_paper(Path("small.toml"), **SMALL)
    file = tmp_path / "model.safetensors"
    write_timm_vgg19(file)
    train = ["train", "small.toml", "--data", "clean", "--threads", "1"]
    catalogue = {"IMGCLEAN_CATALOGUE": str(tmp_path / "catalogue.toml"), "IMGCLEAN_CONFIG": ""}
    with LoopbackHub() as hub:
        hub.add("timm/vgg19.tv_in1k", {file.name: file})
        env = ENVIRONMENT | hub.environment(tmp_path / "home") | catalogue
        refused(imgclean(*train, "--out", "run", env=env), 1, "weights pin vgg19-imagenet")
        assert hub.seen == []
        assert imgclean("weights", "pin", "vgg19-imagenet", env=env).code == 0
        asked = len(hub.seen)
        pinned = imgclean(*train, "--out", "pinned", env=env)
        assert pinned.code == 0, pinned.stderr
        assert len(hub.seen) == asked
    scratch = imgclean(*train, "--out", "scratch", "--discriminator", "scratch")
    assert scratch.code == 0, scratch.stderr
    for run, name in (("pinned", "vgg19"), ("scratch", "scratch")):
        assert Path(run, "stages/3-adversarial/model.safetensors").exists()
        assert f'discriminator = "{name}"' in Path(run, "recipe.toml").read_text()
        assert f"discriminator {name}" in Path(run, "README.md").read_text()
        Path(run, "checkpoint.pt").unlink()  # hundreds of megabytes
    for path in (file, *Path("home").rglob("blobs/*")):
        path.unlink()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--model", "mscnn", "--discriminator", "patch"], 2, ["for a recipe with an adversarial"]),
        (
            ["mscnn/paper", "--discriminator", "scrach"],
            2,
            ["stage adversarial: mscnn has no discriminator 'scrach'", "did you mean scratch"],
        ),
        (
            ["mscnn/paper", "--discriminator", "scratch", "--set", "patch=31"],
            2,
            ["VGG19 judges patches of 32 pixels and more, not of 31", "--set patch=64"],
        ),
    ],
)
def test_a_discriminator_that_cannot_be_is_refused_before_any_work(
    imgclean, clean, arguments, code, words
):
    run = imgclean("train", *arguments, "--data", "clean", "--steps", "3", "--out", "run")
    refused(run, code, *words)
