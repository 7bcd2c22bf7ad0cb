"""`imgclean degrade` keeps all of an image but what it degrades."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image

from imgclean.degradation.image import degrade_image
from imgclean.degradation.parsing import parse_degradation


def pixels(path):
    return np.asarray(Image.open(path))


def flat(level=128, height=60, width=80, channels=3, dtype=np.uint8):
    return np.full((height, width, channels), level, dtype)


@pytest.fixture
def gray_png(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise_image(50, 60, 1)[..., 0]).save("a.png", dpi=(300, 300))
    return Path("a.png")


def test_a_file_gets_the_noise_that_evaluation_adds_rounded_and_clipped(imgclean, gray_png):
    assert imgclean("degrade", "a.png", "b.png", "gaussian:25", "--seed", "3").code == 0
    clean = pixels("a.png")[..., None]
    noisy = degrade_image(clean, parse_degradation("gaussian:25"), seed=3).noisy[..., 0]
    assert (pixels("b.png") == np.rint(noisy.clip(0, 1) * 255)).all()
    with Image.open("b.png") as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_folder_is_mirrored_and_each_file_has_noise_of_its_own(imgclean, tmp_path):
    for name in ("a.png", "deep/b.png"):
        Path("in", name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(flat()).save(Path("in", name))
    (tmp_path / "in" / "notes.txt").write_text("no image")
    first = imgclean("degrade", "in", "out", "gaussian:25")
    assert first.code == 0
    assert "2 degraded" in first.stderr
    noise = [pixels(f"out/{name}").astype(int) - 128 for name in ("a.png", "deep/b.png")]
    assert all(each.std() == pytest.approx(25, rel=0.05) for each in noise)
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.05
    assert sorted(path.name for path in tmp_path.joinpath("out").iterdir()) == ["a.png", "deep"]
    assert imgclean("degrade", "in/", "again", "gaussian:25").code == 0
    assert (pixels("again/deep/b.png") == pixels("out/deep/b.png")).all()


def test_existing_outputs_are_kept_unless_told_otherwise(imgclean, gray_png):
    Path("b.png").write_bytes(b"precious")
    refused = imgclean("degrade", "a.png", "b.png", "gaussian:25")
    assert refused.code == 2
    assert "b.png exists" in refused.stderr
    assert "--resume" not in refused.stderr
    assert Path("b.png").read_bytes() == b"precious"
    assert imgclean("degrade", "a.png", "b.png", "gaussian:25", "--overwrite").code == 0


def test_sixteen_bits_floats_and_alpha_stay_what_they_are(imgclean, tmp_path):
    Path("in").mkdir()
    tifffile.imwrite("in/deep.tif", flat(30_000, channels=1, dtype=np.uint16)[..., 0])
    edges = np.zeros((60, 80), np.float32)
    edges[:, 40:] = 1
    tifffile.imwrite("in/float.tif", edges)
    Image.fromarray(np.dstack([flat(), flat(77)[..., :1]])).save("in/alpha.png")
    assert imgclean("degrade", "in", "out", "gaussian:25").code == 0
    deep = tifffile.imread("out/deep.tif")
    assert deep.dtype == np.uint16
    assert deep.std() == pytest.approx(25 * 257, rel=0.05)
    noisy = tifffile.imread("out/float.tif")
    assert noisy.dtype == np.float32
    assert noisy.min() < -0.1
    assert noisy.max() > 1.1
    alpha = pixels("out/alpha.png")
    assert (alpha[..., 3] == 77).all()
    assert alpha[..., :3].std() == pytest.approx(25, rel=0.05)


def test_every_page_of_a_stack_has_noise_of_its_own(imgclean, tmp_path):
    tifffile.imwrite("stack.tif", np.full((3, 40, 50), 128, np.uint8), photometric="minisblack")
    assert imgclean("degrade", "stack.tif", "noisy.tif", "gaussian:25").code == 0
    pages = tifffile.imread("noisy.tif")
    assert pages.shape == (3, 40, 50)
    assert len({page.tobytes() for page in pages}) == 3


def test_enlargement_crops_to_a_multiple_of_the_scale(imgclean, tmp_path):
    Image.fromarray(noise_image(50, 61)).save("a.png")
    assert imgclean("degrade", "a.png", "b.png", "bicubic:3").code == 0
    assert pixels("b.png").shape == (48, 60, 3)
    Image.fromarray(noise_image(2, 61)).save("thin.png")
    thin = imgclean("degrade", "thin.png", "c.png", "bicubic:3")
    assert thin.code == 4
    assert "61 x 2 pixels are fewer than 3" in thin.stderr


def test_of_a_range_each_image_draws_its_level(imgclean, tmp_path):
    Path("in").mkdir()
    for index in range(4):
        Image.fromarray(flat()).save(f"in/{index}.png")
    assert imgclean("degrade", "in", "out", "gaussian:5-50").code == 0
    levels = {round(float(pixels(f"out/{index}.png").std())) for index in range(4)}
    assert len(levels) > 1
    assert all(4 <= each <= 52 for each in levels)


def test_compression_is_of_the_kind_that_was_asked_for(imgclean, gray_png):
    assert imgclean("degrade", "a.png", "b.png", "jpeg:10").code == 0
    Image.fromarray(pixels("a.png")).save("c.jpg", quality=10)
    assert np.abs(pixels("b.png").astype(int) - pixels("c.jpg")).max() <= 1


def test_a_bad_file_is_one_line_and_the_others_go_on(imgclean, tmp_path):
    Path("in").mkdir()
    Image.fromarray(flat()).save("in/a.png")
    Path("in/torn.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    run = imgclean("degrade", "in", "out", "gaussian:25", "--quiet")
    assert run.code == 3
    assert run.stderr.count("\n") == 1
    assert "torn.png" in run.stderr
    assert imgclean("degrade", "in/torn.png", "b.png", "gaussian:25").code == 4


@pytest.mark.parametrize("spec", ["noise", "pairs", "gaussian:300"])
def test_what_cannot_be_applied_is_refused(imgclean, gray_png, spec):
    run = imgclean("degrade", "a.png", "b.png", spec)
    assert run.code == 2
    assert not Path("b.png").exists()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_photograph_of_an_image_is_a_file_like_it(imgclean, tmp_path, monkeypatch, channels):
    monkeypatch.chdir(tmp_path)
    clean = np.linspace(40, 200, 37 * 50).reshape(37, 50, 1).repeat(channels, 2).astype(np.uint8)
    Image.fromarray(clean.squeeze()).save("a.png")
    assert imgclean("degrade", "a.png", "b.png", "camera:1600", "--seed", "3").code == 0
    noisy = degrade_image(clean, parse_degradation("camera:1600"), seed=3).noisy
    assert (pixels("b.png").reshape(clean.shape) == np.rint(noisy * 255)).all()
    assert imgclean("degrade", "a.png", "c.png", "gaussian:5+camera").code == 2
