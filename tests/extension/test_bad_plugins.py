"""Plugins that do not work, installed for real beside those that do."""

import json
import textwrap
from pathlib import Path

import pytest
from material import noise_image
from PIL import Image

GOOD = """
    from imgclean import ModelInfo, Tiling, hookimpl

    @hookimpl
    def imgclean_models():
        return [ModelInfo(name={name!r}, title="t", paper="p", factory="x:y", options="x:z",
                          tiling=Tiling(halo=1))]
"""
RAISES = "raise RuntimeError('no licence file')"
EXITS = "import sys; sys.exit('good bye')"
MISSPELT = GOOD.replace("imgclean_models():", "imgclean_modles():")
NEWER = """
    from imgclean import ModelInfo, Tiling, hookimpl

    @hookimpl
    def imgclean_hook_of_the_future():
        return None

    @hookimpl
    def imgclean_models():
        return [ModelInfo(name="later", title="t", paper="p", factory="x:y", options="x:z",
                          tiling=Tiling(halo=1), api=2)]
"""
WRONG_SIGNATURE = (
    GOOD
    + """
    @hookimpl
    def imgclean_denoise(model, image, request, colour):
        return None
"""
)
RAISES_LATER = """
    from imgclean import hookimpl

    @hookimpl
    def imgclean_models():
        raise KeyError("models.json")
"""
JUNK = """
    from imgclean import hookimpl

    @hookimpl
    def imgclean_models():
        return ["gradnet"]
"""
SILENT = "nothing = 1"
TALKS = "print('hello from a plugin')\n" + textwrap.dedent(GOOD)


def install(site, distribution, source, entry_point=None, target=None, version="1.0"):
    """Put a distribution with one plugin into a folder of installed packages."""
    module = distribution.replace("-", "_")
    if source is not None:
        (site / f"{module}.py").write_text(textwrap.dedent(source))
    folder = site / f"{module}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    )
    name = entry_point or distribution.removeprefix("imgclean-")
    (folder / "entry_points.txt").write_text(f"[imgclean.plugins]\n{name} = {target or module}\n")


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def listed(imgclean, site):
    """Return what `imgclean plugins --json` says, by distribution."""

    def run(**env):
        outcome = imgclean("plugins", "--json", env={"PYTHONPATH": str(site)} | env)
        assert outcome.code == 0
        return {row["distribution"]: row for row in outcome.lines}

    return run


BROKEN = {
    "raises at import": (RAISES, "RuntimeError", "no licence file"),
    "exits at import": (EXITS, "SystemExit", "sys.exit('good bye')"),
    "misspells a hook": (MISSPELT.format(name="x"), "ContractBroken", "imgclean_models?"),
    "asks for a newer api": (NEWER, "ContractBroken", "hook API 2"),
    "takes an unknown argument": (
        WRONG_SIGNATURE.format(name="x"),
        "PluginValidationError",
        "colour",
    ),
    "raises when asked for models": (RAISES_LATER, "KeyError", "models.json"),
    "returns no models": (JUNK, "ContractBroken", "returned str"),
    "has no hook": (SILENT, "ContractBroken", "does not implement imgclean_models"),
    "has no such module": (None, "ModuleNotFoundError", "imgclean_broken"),
    "has no model name": (GOOD.format(name="a/b"), "ContractBroken", "not a model name"),
    "is no python": ("def f(:\n", "SyntaxError", "invalid syntax"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_plugin_that_does_not_work_is_named_with_its_reason(site, listed, case):
    source, error, message = BROKEN[case]
    install(site, "imgclean-broken", source, version="2.5")
    rows = listed()
    row = rows["imgclean-broken"]
    assert (row["state"], row["error"], row["version"]) == ("failed", error, "2.5")
    assert message in row["message"]
    assert rows["imgclean-dncnn"]["state"] == "loaded"


def test_bad_plugins_side_by_side_disturb_no_run(imgclean, site, small_set, tmp_path):
    install(site, "imgclean-raises", RAISES)
    install(site, "imgclean-exits", EXITS)
    install(site, "imgclean-misspelt", MISSPELT.format(name="x"))
    install(site, "imgclean-newer", NEWER)
    env = {"PYTHONPATH": str(site)}
    Image.fromarray(noise_image()).save(tmp_path / "a.png")
    run = imgclean("denoise", "a.png", "--weights", small_set, "--json", env=env)
    assert run.code == 0
    assert len(run.events("done")) == 1
    assert Path("a-clean.png").exists()
    names = {"raises", "exits", "misspelt", "newer"}
    for name in names:
        assert f"plugin {name} of imgclean-{name} 1.0 was not loaded" in run.stderr
        assert f"pip uninstall imgclean-{name}" in run.stderr
    listing = imgclean("plugins", env=env)
    assert listing.code == 0
    assert all(f"imgclean-{name}" in listing.stdout for name in names)
    assert imgclean("models", env=env).code == 0


def test_asking_for_a_broken_plugins_model_gives_the_stored_reason(imgclean, site, tmp_path):
    install(site, "imgclean-gradnet", RAISES)
    Image.fromarray(noise_image()).save(tmp_path / "a.png")
    run = imgclean("denoise", "a.png", "--model", "gradnet", env={"PYTHONPATH": str(site)})
    assert run.code == 1
    assert "model 'gradnet' is not available: RuntimeError: no licence file" in run.stderr
    full = imgclean("models", "imgclean-gradnet:gradnet", env={"PYTHONPATH": str(site)})
    assert "no licence file" in full.stderr


def test_a_plugin_that_prints_does_not_spoil_stdout(site, listed):
    install(site, "imgclean-talks", TALKS.format(name="talker"))
    assert listed()["imgclean-talks"]["models"] == ["talker"]


def test_two_distributions_may_share_an_entry_point_name(site, listed):
    install(site, "imgclean-one", GOOD.format(name="one"), entry_point="same")
    install(site, "imgclean-two", GOOD.format(name="two"), entry_point="same")
    rows = listed()
    assert rows["imgclean-one"]["models"] == ["one"]
    assert rows["imgclean-two"]["models"] == ["two"]


def test_two_models_of_one_name_stay_reachable_by_distribution(imgclean, site):
    install(site, "imgclean-one", GOOD.format(name="twin"))
    install(site, "imgclean-two", GOOD.format(name="twin"))
    env = {"PYTHONPATH": str(site)}
    bare = imgclean("models", "twin", "--json", env=env)
    assert bare.code == 2
    assert "imgclean-one:twin or imgclean-two:twin" in bare.stderr
    full = imgclean("models", "--json", env=env)
    assert {"imgclean-one:twin", "imgclean-two:twin"} <= {row["key"] for row in full.lines}


def test_only_allowed_plugins_are_imported(site, listed):
    install(site, "imgclean-raises", RAISES)
    for allowed in ("dncnn", "imgclean-dncnn"):
        rows = listed(IMGCLEAN_PLUGINS=f"other, {allowed}")
        assert rows["imgclean-raises"]["state"] == "disabled"
        assert rows["imgclean-dncnn"]["state"] == "loaded"


def test_no_plugins_imports_none(imgclean, site):
    marker = site / "imported"
    install(site, "imgclean-marks", f"open({str(marker)!r}, 'w').close()")
    env = {"PYTHONPATH": str(site)}
    listing = imgclean("--no-plugins", "plugins", "--json", env=env)
    assert {row["state"] for row in map(json.loads, listing.stdout.splitlines())} == {"disabled"}
    assert not marker.exists()
    models = imgclean("models", "--no-plugins", env=env)
    assert models.code == 1
    assert "switched off" in models.stderr
    named = imgclean("--no-plugins", "models", "dncnn", env=env)
    assert named.code == 2
    assert "switched off" in named.stderr


def test_a_plugin_can_add_a_command(imgclean, site):
    adds = (
        GOOD
        + """
    @hookimpl
    def imgclean_commands(app):
        @app.command()
        def greet():
            print("hello")
"""
    )
    install(site, "imgclean-adds", adds.format(name="adds"))
    run = imgclean("greet", env={"PYTHONPATH": str(site)})
    assert (run.code, run.stdout) == (0, "hello\n")


def test_a_plugin_may_not_replace_a_command(imgclean, site, tmp_path):
    adds = (
        GOOD
        + """
    @hookimpl
    def imgclean_commands(app):
        @app.command()
        def plugins():
            print("mine")
"""
    )
    install(site, "imgclean-adds", adds.format(name="adds"))
    run = imgclean("plugins", "--json", env={"PYTHONPATH": str(site)})
    assert run.code == 0
    assert "mine" not in run.stdout
    assert "imgclean-adds may not replace command plugins" in run.stderr


WORKING = """
    import torch
    from pydantic import BaseModel
    from imgclean import ModelInfo, Tiling, hookimpl

    class Options(BaseModel):
        channels: int = 1

    class Network(torch.nn.Module):
        def __init__(self, channels):
            super().__init__()
            {init}

        def forward(self, x, sigma=None):
            print("a word from the network")
            assert x.shape[1] == 1
            return x

    @hookimpl
    def imgclean_models():
        return [ModelInfo(name="works", title="t", paper="p", needs_weights=False, channels=(1,),
                          factory="imgclean_works:Network", options="imgclean_works:Options",
                          tiling=Tiling(halo=0))]
"""


def test_a_network_that_prints_does_not_spoil_the_json_lines(imgclean, site, tmp_path):
    install(site, "imgclean-works", WORKING.format(init="pass"))
    Image.fromarray(noise_image()).save(tmp_path / "a.png")
    env = {"PYTHONPATH": str(site)}
    run = imgclean("denoise", "a.png", "--model", "works", "--json", env=env)
    assert run.code == 0, run.stderr
    assert [line["event"] for line in run.lines] == ["warning", "done", "summary"]
    assert "a word from the network" in run.stderr


def test_a_factory_that_raises_names_the_model(imgclean, site, tmp_path):
    install(site, "imgclean-works", WORKING.format(init="raise OSError('no kernel')"))
    Image.fromarray(noise_image()).save(tmp_path / "a.png")
    run = imgclean("denoise", "a.png", "--model", "works", env={"PYTHONPATH": str(site)})
    assert run.code == 1
    assert "the factory of model works failed: OSError: no kernel" in run.stderr


def test_a_model_without_parameters_cannot_be_trained(imgclean, site, photos):
    install(site, "imgclean-works", WORKING.format(init="pass"))
    env = {"PYTHONPATH": str(site)}
    run = imgclean("train", "--model", "works", "--data", "photos", "--out", "run", env=env)
    assert run.code == 2
    assert "works has nothing to train" in run.stderr


def test_a_broken_distribution_of_weight_sets_is_listed_and_disturbs_nothing(imgclean, site):
    install(site, "imgclean-works", WORKING.format(init="pass"))
    entries = site / "imgclean_works-1.0.dist-info" / "entry_points.txt"
    entries.write_text(entries.read_text() + "[imgclean.weights]\nsets = no_such_package.sets\n")
    env = {"PYTHONPATH": str(site)}
    assert imgclean("models", env=env).code == 0
    doctor = imgclean("doctor", "--json", env=env)
    assert doctor.code == 1
    broken = [line["found"] for line in doctor.lines if not line["well"]]
    assert len(broken) == 1
    assert "no_such_package" in broken[0]
