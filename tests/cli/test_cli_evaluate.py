"""`imgclean evaluate`: one table of models, sets and degradations."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from material import noise_image, write_small_set
from PIL import Image

CHEAP = ("--threads", "1")


@pytest.fixture
def waves(tmp_path, monkeypatch):
    """A folder of two smooth colour pictures, and one of real pairs of them."""
    monkeypatch.chdir(tmp_path)
    y, x = np.mgrid[0:60, 0:50]
    for index in range(2):
        image = np.stack([np.sin((x + index * y) / (5 + 3 * k)) * 90 + 120 for k in range(3)], 2)
        noise = np.random.default_rng(index).normal(0, 10, image.shape)
        save(f"waves/{index}.png", image)
        save(f"real/{index}_mean.png", image)
        save(f"real/{index}_real.png", image + noise)
    return Path("waves")


@pytest.fixture
def gray_set(tmp_path):
    return write_small_set(tmp_path / "sets" / "gray", channels=1)


def save(path, image):
    Path(path).parent.mkdir(exist_ok=True)
    Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(path)


def without_seconds(lines):
    return [{key: each for key, each in line.items() if key != "seconds"} for line in lines]


def test_it_gives_the_papers_input_psnr_and_the_same_digits_twice(imgclean, small_set):
    for index in range(2):
        save(f"set/{index}.png", noise_image(180, 160, seed=index))
    arguments = ["evaluate", "set", "--weights", small_set, "--noise", "gaussian:25", "--json"]
    first, second = (imgclean(*arguments, "--per-image").lines for _ in range(2))
    assert without_seconds(first) == without_seconds(second)
    assert [each["event"] for each in first] == ["evaluated_image"] * 2 + ["evaluated"]
    assert first[2]["input_psnr"] == pytest.approx(20.17, abs=0.05)
    assert first[2]["images"] == 2
    assert np.mean([each["psnr"] for each in first[:2]]) == pytest.approx(
        first[2]["psnr"], abs=1e-3
    )
    gray = imgclean(*arguments, "--colour", "gray", "--noise", "gaussian:15")
    assert len(gray.events("evaluated")) == 2
    assert gray.events("evaluated")[1]["input_psnr"] == pytest.approx(24.61, abs=0.1)


def test_every_set_degradation_and_contender_has_a_line_in_that_order(
    imgclean, waves, small_set, gray_set
):
    run = imgclean(
        *("evaluate", "waves", "real", "--weights", small_set, "--weights", gray_set),
        *("--baseline", "nlm", "--noise", "gaussian:25", "--noise", "gaussian:50"),
        *("--include", "*[01].png", "--include", "*_mean.png", "--json", *CHEAP),
    )
    assert run.code == 0, run.stderr
    lines = run.events("evaluated")
    assert [(each["set"], each["degradation"], each["weights"]) for each in lines] == [
        (name, noise, weights)
        for name in ("waves", "real")
        for noise in ("gaussian:25", "gaussian:50")
        for weights in ("dncnn-small", "dncnn-gray", "nlm")
    ]
    assert {each["images"] for each in lines} == {2}
    assert lines[2]["psnr"] > lines[2]["input_psnr"] + 3
    assert len({each["input_psnr"] for each in lines[:3]}) == 1
    (misfit,) = [each["message"] for each in run.events("warning")]
    assert "dncnn-gray was trained for gray images" in misfit


def test_csv_and_markdown_go_to_stdout_whole(imgclean, waves, small_set):
    arguments = ["evaluate", "waves", "-w", small_set, "--noise", "gaussian:25", "--per-image"]
    rows = list(csv.DictReader(io.StringIO(imgclean(*arguments, "--csv").stdout)))
    assert [row["image"] for row in rows] == ["waves/0.png", "waves/1.png", ""]
    assert rows[2]["images"] == "2"
    header, rule, *lines = imgclean(*arguments, "--markdown").stdout.splitlines()
    assert header.startswith("| set | image | degradation | model | weights |")
    assert set(rule) == {"|", " ", "-"}
    assert len(lines) == 3
    both = imgclean(*arguments, "--markdown", "--csv")
    assert both.code == 2
    assert "exclude each other" in both.stderr


def test_compression_and_enlargement_are_measured_on_luma_with_weights_for_gray(
    imgclean, waves, gray_set
):
    save("gray/0.png", noise_image(60, 50, 1)[..., 0])
    run = imgclean(
        *("evaluate", "waves", "gray", "--weights", gray_set, "--json", *CHEAP),
        *("--noise", "jpeg:10", "--noise", "bicubic:2"),
    )
    assert run.code == 0, run.stderr
    assert len(run.events("evaluated")) == 4
    messages = [each["message"] for each in run.events("warning")]
    assert len(messages) == 2
    assert all("was trained for gaussian:0-55, not for" in each for each in messages)
    in_rgb = imgclean(
        *("evaluate", "waves", "--weights", gray_set, "--json", *CHEAP, "--colour", "rgb"),
        *("--noise", "jpeg:10"),
    )
    figures = [run.events("evaluated")[0], *in_rgb.events("evaluated")]
    assert figures[0]["input_psnr"] != figures[1]["input_psnr"]


def test_real_pairs_may_share_a_folder(imgclean, waves, small_set):
    run = imgclean(
        *("evaluate", "real", "--noisy", "real", "--match", "s/_mean/_real/", "--json"),
        *("--weights", small_set, "--per-image", "--baseline", "nlm", *CHEAP),
    )
    assert run.code == 0, run.stderr
    model, baseline = run.events("evaluated")
    assert (model["set"], model["degradation"], model["images"]) == ("real", "pairs", 2)
    assert model["input_psnr"] == pytest.approx(28.2, abs=0.3)
    assert baseline["psnr"] > baseline["input_psnr"] + 2
    assert [each["image"] for each in run.events("evaluated_image")][:2] == [
        "real/0_mean.png",
        "real/1_mean.png",
    ]
    assert any("not for pairs" in each["message"] for each in run.events("warning"))


def test_what_the_paper_states_stands_beside_what_is_measured_also_in_80_columns(imgclean):
    save("CBSD68/a.png", noise_image(60, 60))
    arguments = ["evaluate", "CBSD68", "--model", "dncnn", "--noise", "gaussian:25", *CHEAP]
    (line,) = imgclean(*arguments, "--json").events("evaluated")
    assert line["published_psnr"] == 31.23
    assert line["difference"] == pytest.approx(line["psnr"] - 31.23, abs=1e-4)
    (part,) = imgclean(*arguments, "--json", "--include", "a*").events("evaluated")
    assert part["published_psnr"] is None
    (crop,) = imgclean(*arguments, "--json", "--crop", 50).events("evaluated")
    assert crop["published_psnr"] is None
    (unrounded,) = imgclean(*arguments, "--json", "--unrounded").events("evaluated")
    assert unrounded["published_psnr"] is None
    assert unrounded["psnr"] != line["psnr"]
    table = imgclean(*arguments, "--baseline", "nlm").stdout
    assert re.search(rf"dncnn-colour-blind .* 31\.23\s+{line['difference']:+.2f}", table)
    assert re.search(r"lished\s+ence", table)
    narrow = imgclean(*arguments, env={"COLUMNS": "80"}).stdout
    assert re.search(r"CBSD68\s+gaussian:25\s+dncnn-colour-blind\s+20\..* 31\.23", narrow)
    assert max(len(line) for line in narrow.splitlines()) <= 80


def test_bits_per_pixel_have_a_column_where_something_is_compressed_also_in_80_columns(imgclean):
    save("classic5/a.png", noise_image(60, 60)[..., 0])
    arguments = ("evaluate", "classic5", "--weights", "dncnn-three-tasks", *CHEAP)
    rates = ("--noise", "jpeg2000:0.75", "--noise", "jpeg:10")
    first, second = imgclean(*arguments, *rates, "--json").events("evaluated")
    assert (first["published_psnr"], second["published_psnr"]) == (None, 29.40)
    narrow = imgclean(*arguments, *rates, "--per-image", env={"COLUMNS": "80"}).stdout
    assert re.search(r"bits/\s", narrow)
    for line in (first, second):
        figures = rf" {line['bits_per_pixel']:.3f} +{line['input_psnr']:.2f} "
        assert re.search(figures, narrow)
    assert re.search(r"classic5\s+jpeg2000:0\.75\s+dncnn-three-tasks\s+0\.\d", narrow)
    assert max(len(line) for line in narrow.splitlines()) <= 80
    without = imgclean(*arguments, "--noise", "gaussian:25", env={"COLUMNS": "80"}).stdout
    assert "bits/" not in without


def test_the_table_fits_80_columns_whole_where_no_paper_has_the_set(imgclean):
    save("kodak24/a.png", noise_image(60, 60))
    noise = ("--model", "gradnet", "--noise", "gaussian:25")
    run = imgclean("evaluate", "kodak24", *noise, env={"COLUMNS": "80"})
    assert run.code == 0
    assert re.search(r"kodak24\s+gaussian:25\s+gradnet-colour-blind\s+1\s+20\.\d\d", run.stdout)
    assert max(len(line) for line in run.stdout.splitlines()) <= 80
    Path("kodak24/a.png").rename("kodak24/a_name_of_26_characters.png")
    arguments = ("evaluate", "kodak24", *noise, "--per-image")
    run = imgclean(*arguments, env={"COLUMNS": "80"})
    assert re.search(r"gaussian:25\s+gradnet-colour-blind\s+20\.\d\d", run.stdout)
    assert max(len(line) for line in run.stdout.splitlines()) <= 80


@pytest.mark.parametrize("noise", ["gaussian:25", "jpeg:10", "bicubic:2"])
def test_a_crop_is_measured_as_a_set_of_the_crops_is(imgclean, waves, small_set, noise):
    for index in range(2):
        save(f"middle/{index}.png", np.array(Image.open(f"waves/{index}.png"))[10:50, 5:45])
    arguments = ("--weights", small_set, "--noise", noise, "--json", *CHEAP)
    (whole,) = imgclean("evaluate", "waves", *arguments).events("evaluated")
    (crop,) = imgclean("evaluate", "waves", *arguments, "--crop", 40).events("evaluated")
    (middle,) = imgclean("evaluate", "middle", *arguments).events("evaluated")
    assert without_seconds([crop]) == without_seconds([middle | {"set": "waves"}])
    assert crop["psnr"] != whole["psnr"]


def test_of_pairs_both_images_are_cropped(imgclean, waves, small_set):
    for index in range(2):
        for kind in ("mean", "real"):
            image = np.array(Image.open(f"real/{index}_{kind}.png"))
            save(f"middle/{index}_{kind}.png", image[10:50, 5:45])
    found = []
    for folder, crop in (("real", ("--crop", 40)), ("middle", ())):
        pairs = (folder, "--noisy", folder, "--match", "s/_mean/_real/", *crop)
        run = imgclean("evaluate", *pairs, "--weights", small_set, "--json", *CHEAP)
        found += run.events("evaluated")
    assert without_seconds(found[:1]) == without_seconds([found[1] | {"set": "real"}])


def test_an_image_that_is_smaller_than_the_crop_ends_the_run_and_is_named(imgclean, waves):
    save("waves/2.png", noise_image(9, 70))
    arguments = ("evaluate", "waves", "--noise", "gaussian:25", "--crop", 50, "--json", *CHEAP)
    run = imgclean(*arguments)
    assert run.code == 2
    assert "waves/2.png has 70 x 9 pixels, too few for --crop 50" in run.stderr
    assert "--exclude" in run.stderr
    assert run.lines == []
    without = imgclean(*arguments, "--exclude", "2.png")
    assert [each["images"] for each in without.events("evaluated")] == [2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--noise", "gaussian:0-55"], "is a range or a choice"),
        ([], "either --noise or --noisy"),
        (["--noise", "gaussian:25", "--noisy", "real"], "either --noise or --noisy"),
        (["--noise", "gaussian:25", "--match", "s/a/b/"], "--match is about"),
        (["--noise", "gaussian:25", "--baseline", "median"], "no baseline is named 'median'"),
        (["--noise", "gaussian:25", "--model", "dncn"], "did you mean dncnn"),
        (["--noise", "bicubic:2", "--crop", "15"], "it takes 16 or more"),
        (["--noisy", "real", "--match", "s/0/0_mean/", "--crop", "10"], "it takes 11 or more"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(imgclean, waves, arguments, message):
    run = imgclean("evaluate", "waves", *arguments)
    assert run.code == 2
    assert message in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize("second", ["absent", "hollow"])
def test_a_folder_without_images_is_found_before_anything_is_measured(imgclean, waves, second):
    Path("hollow").mkdir()
    run = imgclean("evaluate", "waves", second, "--noise", "gaussian:25", "--json", *CHEAP)
    assert run.code in (1, 2)
    assert second in run.stderr
    assert run.lines == []


def test_what_was_measured_before_an_error_is_printed(imgclean, waves):
    Path("torn").mkdir()
    Path("torn/a.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    arguments = ("evaluate", "waves", "torn", "--noise", "gaussian:25", "--csv", *CHEAP)
    run = imgclean(*arguments)
    assert run.code == 1
    assert "no usable image in torn" in run.stderr
    assert [row["set"] for row in csv.DictReader(io.StringIO(run.stdout))] == ["waves"]


def test_every_seed_is_taken(imgclean, waves):
    run = imgclean(
        *("evaluate", "waves", "--noise", "gaussian:25", "--seed", 2**32 - 1, "--json", *CHEAP),
    )
    assert run.code == 0, run.stderr


def test_weights_of_a_model_that_was_not_named_are_refused(imgclean, waves, small_set):
    config = small_set / "config.json"
    Path("other").mkdir()
    other = json.loads(config.read_text()) | {"model": "gradnet", "name": "gradnet-x"}
    Path("other/config.json").write_text(json.dumps(other))
    run = imgclean("evaluate", "waves", "-m", "dncnn", "-w", "other/", "--noise", "gaussian:25")
    assert run.code == 2
    assert "holds weights of gradnet, but --model is dncnn" in run.stderr


def test_a_backend_that_is_not_there_is_refused(imgclean, waves, tmp_path):
    run = imgclean(
        *("evaluate", "waves", "--noise", "gaussian:25", "-m", "dncnn", "--backend", "compile"),
        env={"PATH": str(tmp_path), "CXX": ""},
    )
    assert run.code == 2
    assert "no compiler for cpu was found" in run.stderr
