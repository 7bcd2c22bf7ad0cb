"""What every command shares: errors on one line, tracebacks on demand, reports that hold."""

import subprocess
from pathlib import Path

import pytest
from material import ENVIRONMENT, command

RAISES = """
from imgclean import ModelInfo, Tiling, hookimpl

@hookimpl
def imgclean_models():
    return [ModelInfo(name="odd", title="t", paper="p", factory="x:y",
                      options="imgclean_odd:Options", tiling=Tiling(halo=1))]

@hookimpl
def imgclean_commands(app):
    @app.command()
    def odd():
        raise ValueError("inside")

def __getattr__(name):
    if name != "Options":
        raise AttributeError(name)
    from typing import Literal
    from pydantic import BaseModel, Field

    class Options(BaseModel):
        channels: int
        kind: Literal["a", "b"] = Field(default="a", description="Which of the two.")
        sizes: list[int] = Field(default_factory=lambda: [3])

    return Options
"""


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site" / "imgclean_odd-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: imgclean-odd\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[imgclean.plugins]\nodd = imgclean_odd\n")
    (folder.parent / "imgclean_odd.py").write_text(RAISES)
    return folder.parent


def run_freely(*arguments, **env):
    """Run the command line; unlike the fixture, tracebacks are allowed."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=ENVIRONMENT | env,
        timeout=60,
        check=False,
    )


def test_an_unexpected_exception_is_one_line_that_says_how_to_see_more(imgclean, site):
    run = imgclean("odd", env={"PYTHONPATH": str(site)})
    assert run.code == 1
    assert run.stdout == ""
    first, hint = run.stderr.splitlines()
    assert first == "error: internal error: ValueError: inside"
    assert "IMGCLEAN_DEBUG=1" in hint


def test_debug_shows_where_an_exception_came_from(site):
    run = run_freely("odd", PYTHONPATH=str(site), IMGCLEAN_DEBUG="1")
    assert run.returncode == 1
    assert "Traceback" in run.stderr
    assert "imgclean_odd.py" in run.stderr
    known = run_freely("models", "nosuch", IMGCLEAN_DEBUG="1")
    assert known.returncode == 2
    assert "UnknownModel" in known.stderr


def test_an_unknown_option_is_a_usage_error_without_colour(imgclean):
    run = imgclean("models", "--nosuch")
    assert run.code == 2
    assert "\x1b" not in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize("arguments", [["models"], ["models", "--json"], ["--help"]])
def test_a_reader_that_closes_its_pipe_is_met_quietly(arguments):
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_options_of_a_model_are_shown_as_their_author_wrote_them(imgclean, site):
    (line,) = imgclean("models", "odd", "--json", env={"PYTHONPATH": str(site)}).lines
    assert [(each["type"], each["default"]) for each in line["options"]] == [
        ("int", "required"),
        ("Literal['a', 'b']", "a"),
        ("list[int]", "[3]"),
    ]
    assert [each["description"] for each in line["options"]] == ["", "Which of the two.", ""]
    table = imgclean("models", "odd", env={"PYTHONPATH": str(site)}).stdout
    assert "list[int]" in table
    assert "Which of the two." in table


def test_what_a_model_can_be_trained_with_is_shown(imgclean):
    (line,) = imgclean("models", "mscnn", "--json").lines
    assert line["discriminators"] == ["scratch", "vgg19"]
    assert {"mscnn/mscnn", "mscnn/paper"} <= set(line["recipes"])
    text = imgclean("models", "mscnn").stdout
    assert "mscnn/three-phases" in text
    assert "scratch, vgg19" in text
    (other,) = imgclean("models", "dnresnet", "--json").lines
    assert "udncnn/udncnn" not in other["recipes"], "it is of another model"
    assert "discriminators" not in imgclean("models", "dnresnet").stdout


def test_the_size_of_an_embedded_set_is_shown(imgclean):
    (line,) = imgclean("models", "dncnn", "--json").lines
    for each in line["weights"]:
        assert each["bytes"] == (Path(each["folder"]) / "model.safetensors").stat().st_size
    assert " MB" in imgclean("models", "dncnn").stdout


def test_doctor_reports_the_rest_where_torch_is_broken(imgclean, site):
    (site / "torch.py").write_text("raise ImportError('libtorch.so: cannot open')")
    run = imgclean("doctor", "--json", env={"PYTHONPATH": str(site)})
    assert run.code == 1
    found = [(line["subject"], line["found"]) for line in run.lines if not line["well"]]
    assert ("torch", "ImportError: libtorch.so: cannot open") in found
    assert any(line["subject"] == "plugin dncnn" for line in run.lines)


def test_doctor_says_in_full_how_models_are_installed(imgclean):
    run = imgclean("--no-plugins", "doctor")
    assert run.code == 1
    assert 'pip install "imgclean[models]"' in run.stdout
