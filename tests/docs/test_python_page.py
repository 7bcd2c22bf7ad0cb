"""docs/python.md: its examples run, its tables and its tree are the code's."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from material import noise_image
from PIL import Image

import imgclean as package
from imgclean import errors

PAGE = "docs/python.md"


@pytest.fixture
def work_folder(tmp_path, monkeypatch):
    """A folder with the picture that the examples read."""
    Image.fromarray(noise_image()).save(tmp_path / "noisy.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_examples_run_and_print_what_the_page_shows(page, work_folder, capsys):
    names: dict[str, object] = {}
    for block in page(PAGE).blocks("python"):
        exec(compile(block, PAGE, "exec"), names)  # noqa: S102 - the page's own examples
    assert capsys.readouterr().out == page(PAGE).section("Errors").blocks()[0]
    with Image.open("clean.png") as clean:
        assert np.asarray(clean).shape == noise_image().shape


def test_the_settings_are_the_parameters_of_denoise(page):
    rows = [row for row in page(PAGE).section("denoise").rows() if len(row) == 3]
    shown = {name.strip("`"): default.strip("`") for name, default, _ in rows}
    parameters = dict(list(inspect.signature(package.denoise).parameters.items())[1:])
    assert shown == {name: repr(each.default) for name, each in parameters.items()}


def test_the_tree_of_errors_is_that_of_the_code(page):
    tree = page(PAGE).section("Errors").blocks()[1]
    assert inspect.cleandoc(tree) in inspect.cleandoc(errors.__doc__).replace("\n    ", "\n")
    classes = [name for name, each in vars(errors).items() if inspect.isclass(each)]
    assert all(f"{name}\n" in tree or f"{name} " in tree for name in classes)


def test_every_public_name_stands_in_a_page(page):
    text = page(PAGE).text
    assert [name for name in package.__all__ if name not in text] == []
