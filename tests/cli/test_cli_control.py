"""How much of a model's change is applied, as the command line has it."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image

LUMA = np.array([0.299, 0.587, 0.114])


def noisy(sigma, height=160, width=160, channels=3, seed=0):
    """Return an even image with noise, uint8[H, W, C]."""
    values = np.random.default_rng(seed).normal(120, sigma, (height, width, channels))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def save(name, samples):
    Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples).save(name)


def load(name):
    with Image.open(name) as picture:
        return np.asarray(picture)


def test_an_automatic_strength_follows_each_images_noise_and_is_told(imgclean, small_set):
    for name, sigma in (("still", 0), ("fair", 2), ("rough", 12)):
        save(f"{name}.png", noisy(sigma))
    names = ["still.png", "fair.png", "rough.png"]
    run = imgclean("denoise", *names, "--weights", small_set, "--strength", "auto", "--json", "-v")
    assert run.code == 0
    share = {line["input"]: line["strength"] for line in run.events("done")}
    assert share["still.png"] == 0
    assert 0.2 < share["fair.png"] < 0.8
    assert share["rough.png"] == 1
    assert f"fair-clean.png  strength {share['fair.png']:.2f}  " in run.stderr
    np.testing.assert_array_equal(load("still-clean.png"), load("still.png"))
    full = imgclean("denoise", *names, "--weights", small_set, "--suffix", "-full", "--json")
    assert {line["strength"] for line in full.events("done")} == {None}
    np.testing.assert_array_equal(load("rough-clean.png"), load("rough-full.png"))
    assert (load("fair-clean.png") != load("fair-full.png")).any()
    assert b"strength auto" in Path("fair-clean.png").read_bytes()


def test_a_stack_has_one_strength_by_its_first_page(imgclean, small_set):
    tifffile.imwrite("stack.tif", np.stack([noisy(2), noisy(30)]), photometric="rgb")
    run = imgclean("denoise", "stack.tif", "--weights", small_set, "--strength", "auto", "--json")
    (line,) = run.events("done")
    assert 0.2 < line["strength"] < 0.8
    full = imgclean("denoise", "stack.tif", "--weights", small_set, "-o", "full.tif")
    assert full.code == 0
    before, after, whole = (
        tifffile.imread(name)[1].astype(float)
        for name in ("stack.tif", "stack-clean.tif", "full.tif")
    )
    inside = (whole > 0) & (whole < 255)
    expected = before + line["strength"] * (whole - before)
    np.testing.assert_allclose(after[inside], expected[inside], atol=1.01)


def test_kept_detail_comes_back_in_texture_and_not_in_even_areas(imgclean):
    samples = noisy(8, channels=1).astype(int)
    samples[:, 80::4] += 60
    samples[:, 81::4] += 60
    save("scene.png", np.clip(samples, 0, 255).astype(np.uint8))
    for share in ("0", "1"):
        arguments = ["--model", "dncnn", "--keep-detail", share, "-o", f"{share}.png"]
        assert imgclean("denoise", "scene.png", *arguments).code == 0
    scene, without, kept = (load(f"{name}.png").astype(float) for name in ("scene", "0", "1"))
    even, texture = np.s_[:, :64], np.s_[:, 96:]
    assert kept[even].std() < 1.05 * without[even].std()
    assert kept[even].std() < 0.3 * scene[even].std()
    assert (scene - kept)[texture].std() < 0.7 * (scene - without)[texture].std()


def test_chroma_alone_keeps_luminance_and_takes_colour_noise(imgclean):
    save("colour.png", noisy(15))
    run = imgclean("denoise", "colour.png", "--model", "dncnn", "--chroma-only")
    assert run.code == 0
    before, after = load("colour.png").astype(float), load("colour-clean.png").astype(float)
    assert np.abs(before @ LUMA - after @ LUMA).max() <= 1
    for channel in (0, 2):
        chroma = [each[..., channel] - each @ LUMA for each in (before, after)]
        assert chroma[1].std() < 0.25 * chroma[0].std()


def test_chroma_alone_leaves_gray_files_as_they_are_with_one_warning_each(imgclean, small_set):
    Path("in").mkdir()
    save("in/gray.png", noisy(15, channels=1))
    save("in/colour.png", noisy(15))
    pages = np.stack([noisy(15, channels=1)[..., 0]] * 3)
    tifffile.imwrite("in/stack.tif", pages, photometric="minisblack")
    run = imgclean("denoise", "in", "--weights", small_set, "--chroma-only", "--json")
    assert run.code == 0
    assert len(run.events("done")) == 3
    warned = [line["input"] for line in run.events("warning") if line["error"] == "NoChroma"]
    assert sorted(warned) == ["in/gray.png", "in/stack.tif"]
    np.testing.assert_array_equal(load("in-clean/gray.png"), load("in/gray.png"))
    np.testing.assert_array_equal(
        tifffile.imread("in-clean/stack.tif"), tifffile.imread("in/stack.tif")
    )
    assert b"imgclean" not in Path("in-clean/gray.png").read_bytes()
    later = imgclean("denoise", "in-clean", "--weights", small_set, "--json")
    assert [line["input"] for line in later.events("skipped")] == ["in-clean/colour.png"]


def test_the_order_is_detail_and_then_strength(imgclean, small_set):
    save("a.png", noisy(12))
    for name, arguments in {
        "kept": ["--keep-detail", "1"],
        "half": ["--keep-detail", "1", "--strength", "0.5"],
    }.items():
        arguments = ["--weights", small_set, "--precision", "fp32", "-o", f"{name}.png", *arguments]
        assert imgclean("denoise", "a.png", *arguments).code == 0
    before, kept, half = (load(f"{name}.png").astype(float) for name in ("a", "kept", "half"))
    inside = (kept > 0) & (kept < 255)
    np.testing.assert_allclose(half[inside], ((before + kept) / 2)[inside], atol=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--strength", "much"],
        ["--strength", "2"],
        ["--keep-detail", "1.5"],
        ["--keep-detail", "0.5", "--chroma-only"],
        ["--task", "upscale", "--scale", "2", "--keep-detail", "0.5"],
        ["--task", "upscale", "--scale", "2", "--save-residual", "noise"],
        ["--task", "deblock", "--chroma-only"],
        ["--task", "deblock", "--strength", "auto"],
    ],
)
def test_what_means_nothing_ends_with_a_usage_error_and_a_word_of_advice(imgclean, arguments):
    save("a.png", noise_image())
    run = imgclean("denoise", "a.png", *arguments)
    assert run.code == 2
    assert run.stderr.startswith("error: ")
    assert len(run.stderr.splitlines()) > 1
    assert not Path("a-clean.png").exists()


def test_a_change_of_a_control_has_a_resumed_run_clean_anew(imgclean, photos, small_set):
    arguments = ["denoise", "photos", "--weights", small_set, "--json"]
    assert imgclean(*arguments).code == 0
    for control in (["--keep-detail", "0.5"], ["--chroma-only"], ["--strength", "auto"]):
        again = imgclean(*arguments, "--resume", *control)
        assert (again.code, len(again.events("done"))) == (0, 6), control
        same = imgclean(*arguments, "--resume", *control)
        assert len(same.events("skipped")) == 6, control


def test_workers_on_several_devices_do_the_same(imgclean, photos, small_set):
    """Settings and residuals reach them."""
    controls = ["--keep-detail", "0.8", "--strength", "auto"]
    for device in ("cpu", "cpu,cpu"):
        run = imgclean(
            *("denoise", "photos", "--weights", small_set, "--json", *controls),
            *("--device", device, "-o", f"out {device}", "--save-residual", f"noise {device}"),
        )
        assert run.code == 0
        assert {line["strength"] for line in run.events("done")} == {1}
    for folder in ("out", "noise"):
        names = [path.relative_to(f"{folder} cpu") for path in Path(f"{folder} cpu").rglob("*.png")]
        assert len(names) == 6
        for name in names:
            np.testing.assert_array_equal(
                load(Path(f"{folder} cpu", name)), load(Path(f"{folder} cpu,cpu", name))
            )
