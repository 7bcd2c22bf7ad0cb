"""`imgclean evaluate --regions`: textured and smooth regions, and two models as a plot."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from material import write_small_set
from PIL import Image
from rich.console import Console

from imgclean.cli.regions_table import regions_table
from imgclean.evaluation.regions import THRESHOLDS
from imgclean.events import EvaluatedRegions

CHEAP = ("--threads", "1", "--quiet")


@pytest.fixture
def edges(tmp_path, monkeypatch):
    """A folder of a flat picture and of one with an edge of gradient 1.57, in colour."""
    monkeypatch.chdir(tmp_path)
    flat = np.full((40, 32, 3), 60, np.uint8)
    edged = flat.copy()
    edged[:, 16:] += 100
    for name, image in (("flat", flat), ("edged", edged)):
        for kind, added in (("edges", 0), ("real", 10)):
            Path(kind).mkdir(exist_ok=True)
            Image.fromarray(image + np.uint8(added)).save(f"{kind}/{name}.png")
    return Path("edges")


@pytest.fixture
def gray_set(tmp_path):
    return write_small_set(tmp_path / "sets" / "gray", channels=1)


def test_a_line_for_each_threshold_follows_the_usual_line_of_each_contender(
    imgclean, edges, small_set, gray_set
):
    run = imgclean(
        *("evaluate", "edges", "-w", small_set, "-w", gray_set, "--regions", "--json", *CHEAP),
        *("--noise", "gaussian:25", "--noise", "jpeg:10"),
    )
    assert run.code == 0, run.stderr
    lines = [each for each in run.lines if each["event"] != "warning"]
    assert len(lines) == 4 * 5
    for whole, *regions in (lines[start : start + 5] for start in range(0, 20, 5)):
        assert whole["event"] == "evaluated"
        assert {each["event"] for each in regions} == {"evaluated_regions"}
        assert [each["threshold"] for each in regions] == list(THRESHOLDS)
        for label in ("set", "degradation", "model", "weights"):
            assert {each[label] for each in regions} == {whole[label]}
        check_regions_of_the_edge(whole, regions)
    fields = [field.name for field in dataclasses.fields(EvaluatedRegions)]
    assert list(lines[1]) == ["event", *fields]


def check_regions_of_the_edge(whole, regions):
    """It is 4 of 32 columns in one of two images, up to 1.57, or 1.35 on luma; then nothing."""
    present = [each for each in regions if each["textured_images"]]
    assert len(present) == (3 if whole["degradation"] == "gaussian:25" else 2)
    for each in present:
        assert each["textured_share"] == pytest.approx(4 / 32 / 2)
        assert (each["textured_images"], each["smooth_images"]) == (1, 2)
        assert each["textured_psnr"] != each["textured_input_psnr"]
    for each in regions[len(present) :]:
        assert (each["textured_share"], each["smooth_images"]) == (0, 2)
        assert (each["textured_psnr"], each["textured_input_psnr"]) == (None, None)
        assert each["smooth_psnr"] == whole["psnr"]
        assert each["smooth_input_psnr"] == whole["input_psnr"]


def test_a_plot_of_two_models_on_real_pairs_brings_a_second_table(imgclean, edges, small_set):
    run = imgclean(
        *("evaluate", "edges", "--noisy", "real", "-w", small_set, "--baseline", "nlm", *CHEAP),
        *("--regions-plot", "two.png"),
    )
    assert run.code == 0, run.stderr
    whole, regions = run.stdout.split("\n\n")
    assert whole.count("pairs") == 2
    assert "textured" not in whole
    rows = [row.split() for row in regions.splitlines() if "pairs" in row]
    assert [row[2:4] for row in rows] == [
        [weights, f"{threshold:g}"]
        for weights in ("dncnn-small", "nlm")
        for threshold in THRESHOLDS
    ]
    input_psnr = f"{20 * np.log10(25.5):.2f}"  # all pixels are off by 10
    assert rows[0][6] == rows[0][9] == input_psnr
    with Image.open("two.png") as image:
        assert image.format == "PNG"
        assert min(image.size) > 300
        assert len(image.convert("RGB").getcolors(1 << 20)) > 50


def test_a_plot_of_one_model_is_refused_before_anything_is_measured(imgclean, edges):
    run = imgclean(
        *("evaluate", "edges", "--noise", "gaussian:25", "-m", "dncnn"),
        *("--regions-plot", "one.png"),
    )
    assert run.code == 2
    assert "--regions-plot compares two models, not 1" in run.stderr
    assert run.stdout == ""
    assert not Path("one.png").exists()


def line(**other):
    figures = {"textured_psnr": 28.456, "smooth_psnr": 33.2, "textured_share": 0.1234}
    inputs = {"textured_input_psnr": 20.1, "smooth_input_psnr": 20.2}
    labels = {"set": "CBSD68", "degradation": "gaussian:25", "model": "dncnn"}
    return EvaluatedRegions(
        **labels | figures | inputs | other,
        weights="dncnn-colour-blind",
        threshold=1.0,
        textured_images=3,
        smooth_images=4,
    )


def shown(*lines, width):
    console = Console(width=width, file=io.StringIO())
    console.print(regions_table(lines, width))
    return console.file.getvalue()


def test_the_table_of_regions_fits_80_columns_and_says_more_in_120():
    narrow, wide = (shown(line(), width=width).splitlines() for width in (80, 120))
    labels = ["CBSD68", "gaussian:25", "dncnn-colour-blind", "1", "12.3%"]
    assert narrow[-1].split() == [*labels, "28.46", "33.20"]
    assert wide[-1].split() == [*labels, "3", "20.10", "28.46", "4", "20.20", "33.20"]


def test_a_region_that_no_image_has_is_an_empty_cell():
    cells = shown(line(textured_psnr=None), width=80).splitlines()[-1].split()
    assert cells[-2:] == ["12.3%", "33.20"]
