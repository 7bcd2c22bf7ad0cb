"""Which recipe a model's name alone begins from, of a plugin that offers several models."""

import sys
from textwrap import dedent

import pytest

from imgclean.extension.loader import load_plugins
from imgclean.training.recipe_files import default_recipe

PLUGIN = """
    from pathlib import Path
    from imgclean import ModelInfo, Tiling, hookimpl

    @hookimpl
    def imgclean_models():
        return [ModelInfo(name=name, title="t", paper="p", factory="m:f", options="m:o",
                          tiling=Tiling(halo=0)) for name in ("plain", "large", "small")]

    @hookimpl
    def imgclean_recipes():
        folder = Path(__file__).parent
        return {name: folder / f"{name}.toml" for name in ("default", "large", "small")}
"""


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Plugins, among them one of three models with recipes named default, large and small."""
    (tmp_path / "imgclean_several.py").write_text(dedent(PLUGIN))
    recipes = {
        "default": 'model = "plain"\npatch = 40',
        "large": "patch = 80",
        "small": 'model = "small"\npatch = 20',
    }
    for name, text in recipes.items():
        (tmp_path / f"{name}.toml").write_text(text)
    info = tmp_path / "imgclean_several-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: imgclean-several\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[imgclean.plugins]\nseveral = imgclean_several\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield load_plugins()
    sys.modules.pop("imgclean_several", None)


@pytest.mark.parametrize(
    ("model", "patch"),
    [("plain", 40), ("large", 80), ("small", 20), ("imgclean-several:small", 20)],
)
def test_a_model_begins_from_the_recipe_of_its_own_name_else_from_the_default(
    registry, model, patch
):
    assert default_recipe(model, registry)["patch"] == patch


def test_the_default_of_another_model_is_not_begun_from(registry, tmp_path):
    (tmp_path / "default.toml").write_text('model = "large"')
    assert default_recipe("plain", registry) == {}
