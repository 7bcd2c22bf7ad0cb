"""What the tests share: the command line as a real process, small weights, a small folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import settings
from material import ENVIRONMENT, IDENTITY, noise_image, write_small_set
from PIL import Image
from started import process_starter

from imgclean.extension.loader import load_plugins
from imgclean.inference.image_rules import ImageRules
from imgclean.inference.plan import FileRules, make_plan
from imgclean.inference.run import run_here
from imgclean.inference.selection import Selection
from imgclean.inference.settings import InferenceSettings
from imgclean.inference.treatment import Denoising

if TYPE_CHECKING:
    from pathlib import Path

    from started import Outcome

torch.set_num_threads(1)
settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def starter(tmp_path_factory):
    """Start command lines as processes of their own."""
    with process_starter(tmp_path_factory.mktemp("streams")) as start:
        yield start


@pytest.fixture
def imgclean(starter, tmp_path, monkeypatch):
    """Run the command line in an empty folder, as a process of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, env=None, timeout=120) -> Outcome:
        outcome = starter(*arguments, env=ENVIRONMENT | (env or {}), timeout=timeout)
        assert "Traceback" not in outcome.stderr, outcome.stderr
        return outcome

    return run


@pytest.fixture(scope="session")
def clean_unchanged():
    """Run a batch in this process with a model that returns its input; give its events."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(IDENTITY)
        registry = load_plugins()

        def run(*inputs, output, images=None, tile="auto", scale=1, **rules) -> list:
            events = []
            task = "denoise" if scale == 1 else "upscale"
            settings = InferenceSettings(tile=tile, task=task, scale=scale)
            selection = Selection(registry, settings, model="identity")
            rules = FileRules(output=str(output), **rules)
            plan = make_plan(inputs, rules)
            images = images or ImageRules(provenance=False)
            treatment = Denoising(selection, events.append)
            run_here(plan, treatment, rules, events.append, image_rules=images)
            return events

        yield run


@pytest.fixture(scope="session")
def small_set(tmp_path_factory) -> Path:
    """A colour weight set that is quick to run."""
    return write_small_set(tmp_path_factory.mktemp("sets") / "small")


@pytest.fixture
def photos(tmp_path) -> Path:
    """A folder of six small PNGs, two of them deeper in the tree, and a text file."""
    folder = tmp_path / "photos"
    (folder / "trip").mkdir(parents=True)
    for index in range(6):
        name = f"trip/{index}.png" if index >= 4 else f"{index}.png"
        Image.fromarray(noise_image(40 + index, 50, seed=index)).save(folder / name)
    (folder / "notes.txt").write_text("no image")
    return folder
