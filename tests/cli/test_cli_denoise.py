import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from material import noise_image, write_small_set
from PIL import Image, ImageCms

from imgclean.degradation.image import degrade_image
from imgclean.degradation.parsing import parse_degradation

FIELDS = {
    "event",
    "input",
    "output",
    "residual",
    "width",
    "height",
    "pages",
    "dtype",
    "model",
    "weights",
    "device",
    "precision",
    "strength",
    "seconds",
    "error",
    "message",
}


def load(path):
    """Return the picture in a file, the file closed again."""
    with Image.open(path) as picture:
        picture.load()
        return picture


def tree(folder):
    """Return the hash of every file of a folder."""
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def images(folder):
    return sorted(name for name in tree(folder) if not name.startswith("."))


def test_a_folder_is_mirrored_and_the_originals_are_untouched(imgclean, photos, small_set):
    before = tree(photos)
    run = imgclean("denoise", "photos", "--weights", small_set, "--json")
    assert run.code == 0
    assert images("photos-clean") == [name for name in images(photos) if name.endswith(".png")]
    assert tree(photos) == before
    done = run.events("done")
    assert len(done) == 6
    assert all(set(line) == FIELDS for line in done)
    first = next(line for line in done if line["input"] == "photos/0.png")
    assert (first["width"], first["height"], first["dtype"]) == (50, 40, "uint8")
    assert (first["model"], first["weights"]) == ("dncnn", "dncnn-small")
    assert run.lines[-1] == {
        **run.lines[-1],
        "event": "summary",
        "done": 6,
        "failed": 0,
        "skipped": 0,
        "ignored": 1,
    }
    assert np.asarray(load("photos-clean/0.png")).shape == (40, 50, 3)


def test_the_embedded_sets_clean_colour_and_gray_by_default(imgclean, tmp_path):
    clean = np.full((64, 64, 3), 120, np.uint8)
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 25, clean.shape), 0, 255)
    Image.fromarray(noisy.astype(np.uint8)).save(tmp_path / "colour.png")
    Image.fromarray(noisy[..., 0].astype(np.uint8)).save(tmp_path / "gray.png")
    run = imgclean("denoise", "colour.png", "gray.png", "--json")
    assert run.code == 0
    assert {line["weights"] for line in run.events("done")} == {
        "gradnet-photo",
        "gradnet-gray-blind",
    }
    for name in ("colour", "gray"):
        result = load(f"{name}-clean.png")
        assert result.mode == {"colour": "RGB", "gray": "L"}[name]
        assert np.std(np.asarray(result, float) - 120) < 6


PHOTOGRAPHERS = {"dncnn", "gradnet"}


@pytest.mark.parametrize("model", ["deepglr", "dncnn", "dnresnet", "gradnet", "mscnn"])
def test_a_model_by_name_cleans_with_its_embedded_set(imgclean, tmp_path, model):
    if model in PHOTOGRAPHERS:
        flat = np.full((64, 64, 3), 120, np.uint8)
        noisy = 255 * degrade_image(flat, parse_degradation("camera:6400"), seed=4).noisy
    else:
        noisy = np.random.default_rng(0).normal(120, 25, (64, 64, 3))
    assert np.std(noisy) > 15
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(tmp_path / "noisy.png")
    run = imgclean("denoise", "noisy.png", "--model", model, "--json")
    assert run.code == 0
    weights = f"{model}-photo" if model in PHOTOGRAPHERS else f"{model}-colour-blind"
    assert {line["weights"] for line in run.events("done")} == {weights}
    assert np.std(np.asarray(load("noisy-clean.png"), float), axis=(0, 1)).max() < 6


def test_one_truncated_file_fails_alone(imgclean, photos, small_set):
    data = (photos / "0.png").read_bytes()
    (photos / "torn.png").write_bytes(data[: len(data) // 2])
    (photos / "empty.png").write_bytes(b"")
    run = imgclean("denoise", "photos", "--weights", small_set, "--json")
    assert run.code == 3
    assert len(run.events("done")) == 6
    failed = {line["input"]: line for line in run.events("failed")}
    assert set(failed) == {"photos/torn.png", "photos/empty.png"}
    assert failed["photos/empty.png"]["error"] == "UnreadableImage"
    assert "empty" in failed["photos/empty.png"]["message"]
    assert run.lines[-1]["failed"] == 2
    assert not Path("photos-clean/torn.png").exists()


def test_where_every_file_fails_the_exit_code_says_so(imgclean, tmp_path, small_set):
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    run = imgclean("denoise", "bad.png", "--weights", small_set)
    assert run.code == 4
    assert "bad.png" in run.stderr


def test_an_existing_output_stops_the_run_before_it_starts(imgclean, photos, small_set):
    Path("photos-clean").mkdir()
    Path("photos-clean/5.png").touch()
    Path("photos-clean/0.png").write_bytes(b"mine")
    run = imgclean("denoise", "photos", "--weights", small_set)
    assert run.code == 2
    assert "photos-clean/0.png exists" in run.stderr
    assert images("photos-clean") == ["0.png", "5.png"]
    assert Path("photos-clean/0.png").read_bytes() == b"mine"
    assert imgclean("denoise", "photos", "--weights", small_set, "--overwrite").code == 0
    assert Path("photos-clean/0.png").read_bytes() != b"mine"


USAGE_ERRORS = {
    "a missing path": (["nowhere"], "nowhere does not exist"),
    "an empty folder": (["hollow"], "no image in hollow"),
    "an unknown model": (["photos", "--model", "dncn"], "did you mean dncnn or"),
    "an unknown weight set": (
        ["photos", "--weights", "dncnn-color-blind"],
        "did you mean dncnn-colour-blind",
    ),
    "an output inside the input": (["photos", "-o", "photos/out"], "lies inside the input"),
    "in place and elsewhere": (["photos", "--in-place", "-o", "x"], "--in-place"),
    "a part in place of the whole": (
        ["photos", "--in-place", "--crop", "0,0,9,9"],
        "nothing but a part of each image",
    ),
    "one page in place of all": (["photos", "--in-place", "--pages", "1"], "leave out --crop"),
    "a tile that is no number": (["photos", "--tile", "big"], "--tile big"),
    "a sigma out of range": (["photos", "--sigma", "300"], "sigma 300"),
    "an unknown format": (["photos", "--format", "pngs"], "did you mean png?"),
    "an unknown device": (["photos", "--device", "gpu"], "'gpu' is not a device"),
    "a precision that is not safe": (["photos", "--precision", "fp16"], "not safe in fp16"),
}


@pytest.mark.parametrize("case", USAGE_ERRORS)
def test_a_usage_error_is_one_clear_line_and_nothing_is_written(imgclean, photos, case):
    arguments, expected = USAGE_ERRORS[case]
    Path("hollow").mkdir()
    before = tree(".")
    run = imgclean("denoise", *arguments)
    assert run.code == 2
    assert expected in run.stderr
    assert run.stderr.startswith("error: ")
    assert len(run.stderr.splitlines()) <= 2
    assert run.stdout == ""
    assert tree(".") == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_is_not_there_fails_and_never_falls_back(imgclean, photos):
    run = imgclean("denoise", "photos", "--device", "cuda")
    assert run.code == 1
    assert "device cuda is not available" in run.stderr
    assert not Path("photos-clean").exists()


def test_weights_with_a_wrong_hash_are_refused(imgclean, photos, small_set):
    broken = shutil.copytree(small_set, "broken")
    path = Path(broken, "model.safetensors")
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    run = imgclean("denoise", "photos", "--weights", "broken/")
    assert run.code == 1
    assert "sha256" in run.stderr
    assert not Path("photos-clean").exists()


def test_weights_with_wrong_keys_are_refused(imgclean, photos, tmp_path):
    def rename(network):
        network.extra = torch.nn.Parameter(torch.zeros(1))

    write_small_set(tmp_path / "odd", spoil=rename)
    run = imgclean("denoise", "photos", "--weights", "./odd")
    assert run.code == 1
    assert "it has extra" in run.stderr


def test_a_model_and_weights_that_disagree_are_refused(imgclean, photos, small_set):
    other = Path(shutil.copytree(small_set, "other"))
    config = (other / "config.json").read_text()
    (other / "config.json").write_text(config.replace('"model": "dncnn"', '"model": "gradnet"'))
    run = imgclean("denoise", "photos", "--model", "dncnn", "--weights", "./other")
    assert run.code == 2
    assert "weights of gradnet" in run.stderr


def test_the_tile_size_does_not_show(imgclean, tmp_path):
    image = np.random.default_rng(0).random((251, 317, 3), np.float32)
    tifffile.imwrite(tmp_path / "odd.tif", image, photometric="rgb")
    results = {}
    for tile in ("96", "200", "none"):
        run = imgclean(
            *("denoise", "odd.tif", "-o", f"{tile}.tif", "--tile", tile, "--precision", "fp32"),
            *("--model", "dncnn"),  # the quickest
        )
        assert run.code == 0
        results[tile] = tifffile.imread(f"{tile}.tif")
    assert results["none"].dtype == np.float32
    assert np.abs(results["none"] - image).max() > 0.01
    for tile in ("96", "200"):
        assert np.abs(results[tile] - results["none"]).max() <= 1e-5


def test_eight_bits_take_bf16_where_it_is_fast_and_deeper_images_fp32(imgclean, tmp_path):
    from imgclean.inference.device import has_bf16

    tifffile.imwrite(tmp_path / "deep.tif", noise_image(dtype=np.uint16), photometric="rgb")
    Image.fromarray(noise_image()).save(tmp_path / "flat.png")
    run = imgclean("denoise", "deep.tif", "flat.png", "--json", "--device", "cpu")
    precision = {line["input"]: line["precision"] for line in run.events("done")}
    fast = "bf16" if has_bf16(torch.device("cpu")) else "fp32"
    assert precision == {"deep.tif": "fp32", "flat.png": fast}
    assert tifffile.imread("deep-clean.tif").dtype == np.uint16


def test_metadata_alpha_mode_and_time_are_kept(imgclean, tmp_path, small_set):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "camera maker"
    samples = noise_image(channels=4)
    picture = Image.fromarray(samples)
    picture.save(tmp_path / "a.png", icc_profile=profile, exif=exif, dpi=(300, 300))
    Image.fromarray(samples[..., :3]).save(
        tmp_path / "b.jpg", icc_profile=profile, exif=exif, quality=87
    )
    for name in ("a.png", "b.jpg"):
        os.utime(tmp_path / name, (1_000_000_000, 1_000_000_000))
        (tmp_path / name).chmod(0o640)
    assert imgclean("denoise", "a.png", "b.jpg", "-o", "out/", "--weights", small_set).code == 0
    for name in ("a.png", "b.jpg"):
        before, after = load(name), load(f"out/{name}")
        assert after.info["icc_profile"] == profile
        assert after.getexif()[0x010F] == "camera maker"
        status = Path("out", name).stat()
        assert status.st_mtime == 1_000_000_000
        assert status.st_mode & 0o777 == 0o640
        assert after.format == before.format
    after = np.asarray(load("out/a.png"))
    np.testing.assert_array_equal(after[..., 3], samples[..., 3])
    assert (after[..., :3] != samples[..., :3]).any()
    assert load("b.jpg").quantization == load("out/b.jpg").quantization


def test_strength_zero_gives_the_input_back(imgclean, tmp_path, small_set):
    samples = noise_image(dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", samples, photometric="rgb")
    run = imgclean("denoise", "a.tif", "--weights", small_set, "--strength", "0")
    assert run.code == 0
    np.testing.assert_array_equal(tifffile.imread("a-clean.tif"), samples)


def test_another_format_can_be_written(imgclean, photos, small_set):
    run = imgclean("denoise", "photos/0.png", "--weights", small_set, "--format", "tiff")
    assert run.code == 0
    assert tifffile.imread("photos/0-clean.tif").shape == (40, 50, 3)


def test_a_dry_run_writes_nothing(imgclean, photos, small_set):
    before = tree(".")
    run = imgclean("denoise", "photos", "--weights", small_set, "--dry-run", "--json")
    assert run.code == 0
    planned = {line["input"]: line["output"] for line in run.events("planned")}
    assert planned["photos/trip/4.png"] == "photos-clean/trip/4.png"
    assert len(planned) == 6
    assert tree(".") == before


def test_output_that_is_not_finite_is_tried_in_float32_and_then_fails_the_file(
    imgclean, photos, tmp_path
):
    def poison(network):
        network.layers[-1].bias.data.fill_(float("inf"))

    write_small_set(tmp_path / "poisoned", spoil=poison)
    run = imgclean("denoise", "photos/0.png", "--weights", "./poisoned", "--json")
    assert run.code == 4
    (failed,) = run.events("failed")
    assert failed["error"] == "NonFiniteOutput"
    assert "photos/0.png" in failed["message"]
    assert not Path("photos/0-clean.png").exists()


def test_in_place_cleans_nothing_twice(imgclean, photos, small_set):
    before = tree(photos)
    first = imgclean("denoise", "photos", "--in-place", "--weights", small_set, "--json")
    assert first.code == 0
    cleaned = tree(photos)
    assert all(cleaned[name] != before[name] for name in images(photos) if name.endswith(".png"))
    Image.fromarray(noise_image(seed=99)).save(photos / "new.png")
    second = imgclean("denoise", "photos", "--in-place", "--weights", small_set, "--json")
    assert [line["input"] for line in second.events("done")] == ["photos/new.png"]
    assert len(second.events("skipped")) == 6
    after = tree(photos)
    assert all(after[name] == cleaned[name] for name in before)


def test_resume_does_only_what_is_left_or_changed(imgclean, photos, small_set):
    assert imgclean("denoise", "photos", "--weights", small_set).code == 0
    Path("photos-clean/1.png").unlink()
    Image.fromarray(noise_image(seed=77)).save(photos / "2.png")
    run = imgclean("denoise", "photos", "--weights", small_set, "--resume", "--json")
    assert sorted(line["input"] for line in run.events("done")) == ["photos/1.png", "photos/2.png"]
    assert len(run.events("skipped")) == 4
    again = imgclean(
        "denoise", "photos", "--weights", small_set, "--resume", "--json", "--strength", "0.5"
    )
    assert len(again.events("done")) == 6


def test_in_place_knows_what_was_cleaned_through_another_folder(imgclean, photos, small_set):
    arguments = ["--in-place", "--weights", small_set, "--json"]
    assert len(imgclean("denoise", "photos/trip", *arguments).events("done")) == 2
    whole = imgclean("denoise", "photos", *arguments)
    assert (len(whole.events("done")), len(whole.events("skipped"))) == (4, 2)
    again = imgclean("denoise", "photos/trip", *arguments)
    assert len(again.events("skipped")) == 2


def test_a_resume_does_not_replace_what_was_edited_since(imgclean, photos, small_set):
    assert imgclean("denoise", "photos", "--weights", small_set).code == 0
    edited = Path("photos-clean/1.png")
    Image.fromarray(noise_image(seed=5)).save(edited)
    mine = edited.read_bytes()
    Image.fromarray(noise_image(seed=6)).save(photos / "1.png")
    run = imgclean("denoise", "photos", "--weights", small_set, "--resume", "--json")
    assert run.code == 3
    assert "was changed since" in run.events("failed")[0]["message"]
    assert edited.read_bytes() == mine
    forced = imgclean("denoise", "photos", "--weights", small_set, "--resume", "--overwrite")
    assert forced.code == 0
    assert edited.read_bytes() != mine


def test_an_image_that_the_output_format_cannot_hold_fails_before_it_costs_work(
    imgclean, tmp_path, small_set
):
    tifffile.imwrite(tmp_path / "deep.tif", noise_image(dtype=np.uint16), photometric="rgb")
    run = imgclean("denoise", "deep.tif", "-o", "flat.jpg", "--weights", small_set, "--json")
    assert run.code == 4
    (failed,) = run.events("failed")
    assert failed["error"] == "UnwritableImage"
    assert "flat.jpg: JPEG cannot hold uint16" in failed["message"]
    assert run.lines[-1]["megapixels"] == 0


def test_a_read_only_folder_fails_with_a_typed_error(imgclean, photos, small_set):
    if os.geteuid() == 0:
        target = "/proc/imgclean"  # root may write anywhere else
    else:
        Path("locked").mkdir(mode=0o500)
        target = "locked/out"
    run = imgclean("denoise", "photos/0.png", "-o", f"{target}/", "--weights", small_set)
    assert run.code == 4
    assert "cannot be written" in run.stderr


@pytest.mark.parametrize("name", ["a.png", "stack.tif"])
def test_a_backend_that_is_not_there_ends_the_run_and_blames_no_image(imgclean, tmp_path, name):
    Image.fromarray(noise_image()).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((2, 20, 30), np.uint8))
    empty = {"PATH": str(tmp_path), "CXX": ""}
    run = imgclean("denoise", str(tmp_path / name), "--backend", "compile", "--json", env=empty)
    assert run.code == 2
    assert "no compiler for cpu was found" in run.stderr
    assert not run.lines
    assert len(images(tmp_path)) == 2


def test_another_backend_cleans_alike(imgclean, tmp_path):
    pytest.importorskip("openvino", reason="OpenVINO, an extra, is not installed")
    Image.fromarray(noise_image()).save(tmp_path / "a.png")
    cleaned = {}
    for backend in ("torch", "openvino"):
        output = tmp_path / f"{backend}.png"
        settings = "--model", "dncnn", "--precision", "fp32", "--backend", backend
        assert imgclean("denoise", str(tmp_path / "a.png"), "-o", str(output), *settings).code == 0
        cleaned[backend] = np.asarray(load(output)).astype(int)
    assert np.abs(cleaned["torch"] - noise_image()).max() > 10
    assert np.abs(cleaned["torch"] - cleaned["openvino"]).max() <= 1
