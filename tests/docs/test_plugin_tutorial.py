"""The package that docs/plugins.md builds: shown as it is, installed, and used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from material import ENVIRONMENT
from PIL import Image
from scipy.ndimage import median_filter
from skimage.data import astronaut
from skimage.metrics import peak_signal_noise_ratio as psnr

PAGE = "docs/plugins.md"
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "imgclean-median"
WEIGHTS = "mynet-gray-blind"


def install(source, target):
    """Build and install a package, offline, into a folder for PYTHONPATH."""
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", "-q", *options, "--target", target, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {"PYTHONPATH": str(target)}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder in which the example is installed."""
    folder = tmp_path_factory.mktemp("site")
    install(EXAMPLE, folder)
    return folder


@pytest.fixture
def env(site):
    return {"PYTHONPATH": str(site)}


def salt_and_pepper(image, share=0.05):
    random = np.random.default_rng(0).random(image.shape[:2])
    noisy = image.copy()
    noisy[random < share / 2] = 0
    noisy[random > 1 - share / 2] = 255
    return noisy


def median(image):
    """Return what the filter has to make of samples (H, W, C)."""
    return median_filter(image, size=(3, 3, 1), mode="nearest")


def test_the_page_shows_the_files_of_the_example_as_they_are(page):
    tutorial = page(PAGE).section("A plugin in four files")
    files = [path for path in EXAMPLE.rglob("*") if path.suffix in (".py", ".toml")]
    assert tutorial.named_blocks() == {
        path.relative_to(EXAMPLE).as_posix(): path.read_text() for path in files
    }
    assert all(path.relative_to(EXAMPLE).as_posix() in tutorial.blocks()[0] for path in files)


def test_the_installed_example_cleans_a_picture(imgclean, env):
    clean = astronaut()[60:260, 100:340]
    noisy = salt_and_pepper(clean)
    Image.fromarray(noisy).save("colour.png")
    Image.fromarray(noisy[..., 1]).save("gray.png")
    run = imgclean("denoise", "colour.png", "gray.png", "--model", "median", "--json", env=env)
    assert run.code == 0, run.stderr
    assert [(each["model"], each["precision"]) for each in run.events("done")] == [
        ("median", "fp32")
    ] * 2
    result = np.asarray(Image.open("colour-clean.png"))
    np.testing.assert_array_equal(result, median(noisy))
    assert psnr(clean, result) > psnr(clean, noisy) + 8
    gray = np.asarray(Image.open("gray-clean.png"))
    np.testing.assert_array_equal(gray, median(noisy[..., 1:2])[..., 0])


def test_the_installed_example_is_listed_without_torch(imgclean, env, tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('torch was imported')")
    blocked = {"PYTHONPATH": os.pathsep.join([str(tmp_path), env["PYTHONPATH"]])}
    (plugin,) = [
        each
        for each in imgclean("plugins", "--json", env=blocked).lines
        if each["distribution"] == "imgclean-median"
    ]
    assert (plugin["state"], plugin["models"]) == ("loaded", ["median"])
    (model,) = imgclean("models", "median", "--json", env=blocked).lines
    assert [option["name"] for option in model["options"]] == ["channels"]


def test_the_examples_own_test_passes(env):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests"]
    done = subprocess.run(
        command, capture_output=True, text=True, env=ENVIRONMENT | env, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_two_passes_of_the_page_run_over_the_whole_image(page, imgclean, site, tmp_path):
    twice = shutil.copytree(site, tmp_path / "twice")
    (block,) = page(PAGE).section("Several passes").blocks("python")
    module = twice / "imgclean_median" / "__init__.py"
    module.write_text(module.read_text() + "\n\n" + block)
    noisy = salt_and_pepper(astronaut()[:90, 100:220], share=0.3)
    Image.fromarray(noisy).save("noisy.png")
    run = imgclean(
        *("denoise", "noisy.png", "--model", "median", "--tile", "16"),
        env={"PYTHONPATH": str(twice)},
    )
    assert run.code == 0, run.stderr
    result = np.asarray(Image.open("noisy-clean.png"))
    np.testing.assert_array_equal(result, median(median(noisy)))


def names_of_sets(imgclean, env):
    return {
        each["name"]
        for row in imgclean("models", "--json", env=env).lines
        for each in row["weights"]
    }


def test_a_plugin_can_ship_weight_sets_in_its_own_package(page, imgclean, small_set, tmp_path):
    source = shutil.copytree(EXAMPLE, tmp_path / "source")
    entry_point = page(PAGE).section("Shipping weight sets").blocks("toml")[0]
    with (source / "pyproject.toml").open("a") as stream:
        stream.write("\n" + entry_point)
    shutil.copytree(small_set, source / "imgclean_median" / "weights" / "dncnn-small")
    env = install(source, tmp_path / "target")
    assert "dncnn-small" in names_of_sets(imgclean, env)


def test_a_distribution_of_data_only_can_ship_weight_sets(page, imgclean, small_set, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(small_set, source / WEIGHTS)
    (source / "pyproject.toml").write_text(
        page(PAGE).section("Shipping weight sets").blocks("toml")[1]
    )
    env = install(source, tmp_path / "target")
    assert "dncnn-small" in names_of_sets(imgclean, env)
    Image.fromarray(astronaut()[:40, :50]).save("a.png")
    assert imgclean("denoise", "a.png", "--weights", "dncnn-small", env=env).code == 0
