"""weights/measure.py, with which maintainers measure embedded sets."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from material import ENVIRONMENT, config_of, write_small_set
from torch import nn
from training_pictures import write_pictures

from imgclean.degradation.parsing import parse_degradation
from imgclean.weightsets.card import render_card
from imgclean.weightsets.config import read_config

SCRIPT = Path(__file__).parents[2] / "weights" / "measure.py"
THREE = "gaussian:0-55|bicubic:2|bicubic:3|bicubic:4|jpeg:5-99"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("measure", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def specs(points):
    return {folder: " ".join(map(str, levels)) for folder, levels in points.items()}


BLIND = "gaussian:15 gaussian:25 gaussian:50"


@pytest.mark.parametrize(
    ("noise", "channels", "tables"),
    [
        ("gaussian:0-55", 1, {"bsd68": BLIND, "set12": BLIND}),
        ("gaussian:0-55", 3, {"cbsd68": BLIND}),
        ("gaussian:25", 1, {"bsd68": "gaussian:25", "set12": "gaussian:25"}),
        (
            THREE,
            1,
            {
                "bsd68": BLIND,
                "set5": "bicubic:2 bicubic:3 bicubic:4",
                "set14": "bicubic:2 bicubic:3 bicubic:4",
                "classic5": "jpeg:10 jpeg:20 jpeg:30 jpeg:40",
                "live1": "jpeg:10 jpeg:20 jpeg:30 jpeg:40",
            },
        ),
    ],
)
def test_a_set_is_measured_on_the_tables_of_its_domain(script, noise, channels, tables):
    assert specs(script.tables_of(config_of(noise, channels))) == tables


@pytest.mark.parametrize(
    ("noise", "channels", "edges"),
    [
        ("gaussian:25", 1, {"set12": "gaussian:25"}),
        ("gaussian:0-30", 3, {"set5": "gaussian:5 gaussian:10 gaussian:15 gaussian:25"}),
        (
            THREE,
            1,
            {
                "set12": " ".join(f"gaussian:{each}" for each in (5, 10, 15, 25, 35, 50, 55)),
                "set5": "bicubic:2 bicubic:3 bicubic:4",
                "classic5": " ".join(f"jpeg:{each}" for each in (5, 10, 20, 30, 40, 60, 80)),
            },
        ),
    ],
)
def test_the_edges_that_are_checked_lie_in_the_domain(script, noise, channels, edges):
    assert specs(script.edges_of(config_of(noise, channels))) == edges


def test_an_added_point_is_checked_wherever_it_lies(script):
    added = [parse_degradation("jpeg:7")]
    assert specs(script.edges_of(config_of("gaussian:25", 1), added))["classic5"] == "jpeg:7"


@pytest.fixture
def data(tmp_path):
    for name in ("bsd68", "set12"):
        write_pictures(tmp_path / "data" / name, count=2)
    return tmp_path / "data"


def measure(folder, data, *options):
    return subprocess.run(
        [sys.executable, SCRIPT, folder, "--data", data, "--threads", "1", *options],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=120,
        check=False,
    )


def test_results_and_card_are_written_beside_the_papers_figures(tmp_path, data):
    folder = write_small_set(
        tmp_path / "small", channels=1, spoil=smooth, batch_norm=False, residual=False
    )
    done = measure(folder, data)
    assert done.returncode == 0, done.stderr
    found = read_config(folder)
    assert [(each.set, each.degradation, each.published_psnr) for each in found.results] == [
        ("bsd68", "gaussian:15", 31.61),
        ("bsd68", "gaussian:25", 29.16),
        ("bsd68", "gaussian:50", 26.23),
        ("set12", "gaussian:15", 32.68),
        ("set12", "gaussian:25", 30.362),
        ("set12", "gaussian:50", 27.206),
    ]
    assert (folder / "README.md").read_text() == render_card(found)
    assert "set12 gaussian:55: " in done.stdout


def test_blur_is_in_the_results_where_it_was_asked_for(tmp_path, data):
    plain = {"batch_norm": False, "residual": False}
    folder = write_small_set(
        tmp_path / "small", channels=1, noise="gaussian:25", spoil=smooth, **plain
    )
    done = measure(folder, data, "--measure", "blur")
    found = read_config(folder)
    assert all(0 < each.blur < 1 and each.lpips is None for each in found.results)
    assert "| clean blur |" in (folder / "README.md").read_text()
    assert f", blur {found.results[0].blur:.3f} (" in done.stdout
    measure(folder, data)
    assert '"blur"' not in (folder / "config.json").read_text()


def test_a_set_that_does_harm_is_said_with_its_lines_and_by_the_exit_code(tmp_path, data):
    folder = write_small_set(tmp_path / "small", channels=1, spoil=invent)
    done = measure(folder, data)
    assert done.returncode == 1
    assert "worse than the input:\n" in done.stderr
    assert "set12 gaussian:5: " in done.stderr.partition("worse than the input:")[2]
    assert read_config(folder).results


@torch.no_grad()
def smooth(network):
    """Let a network take a fifth of the way to the mean of 3x3 pixels, which helps a little."""
    first, *others = (each for each in network.layers if isinstance(each, nn.Conv2d))
    for convolution in (first, *others):
        nn.init.dirac_(convolution.weight)
        nn.init.zeros_(convolution.bias)
    first.weight.mul_(0.8).add_(0.2 / 9)


def invent(network):
    nn.init.constant_(network.layers[-1].bias, 0.5)
