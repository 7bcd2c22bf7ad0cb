"""Defaults of the user's own, from a TOML file."""

import sys

import pytest
import typer

from imgclean.cli import app
from imgclean.cli.configuration import configuration_path, read_configuration
from imgclean.errors import SetupError

COMMANDS = typer.main.get_group(app).commands


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Write a configuration and read it."""

    def read(text, **options):
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.setenv("IMGCLEAN_CONFIG", str(path))
        return read_configuration(COMMANDS, **options)

    return read


def test_options_go_by_their_long_names_with_either_dash(configured):
    found = configured(
        """
        [denoise]
        format = "tiff"
        quality = 95
        max-pixels = 50
        strip_metadata = true
        recursive = false
        include = ["*.tif", "*.png"]
        exclude = "*.gif"
        tile = 256
        precision = "fp32"
        set = "attention=local"
        [evaluate]
        threads = 1
        """
    )
    assert found == {
        "denoise": {
            "file_format": "tiff",
            "quality": "95",
            "max_pixels": 50.0,
            "strip_metadata": True,
            "recursive": False,
            "include": ["*.tif", "*.png"],
            "exclude": ["*.gif"],
            "tile": "256",
            "precision": "fp32",
            "options": ["attention=local"],
        },
        "evaluate": {"threads": 1},
    }


def test_a_command_of_a_group_has_a_table_below_that_of_the_group(configured):
    found = configured('[weights.convert]\nlicence = "MIT"\n')
    assert found == {"weights": {"convert": {"licence": "MIT"}}}


MISTAKES = {
    "a key of a group": ("[weights]\nlicence = 1", "[weights] licence is no table", "convert"),
    "an unknown key in a group": ("[weights.convert]\nlicense = 1", "[weights.convert]", "licence"),
    "a set's name": ('[weights.convert]\nname = "x"', "name cannot be set there", ""),
    "an unknown table": ("[denoice]\n", "there is no command denoice", "did you mean denoise"),
    "an unknown key": ("[denoise]\nqualty = 1", "[denoise] qualty is no option", "quality"),
    "a negative form": ("[denoise]\nno_recursive = true", "is no option", "recursive"),
    "a text for a number": ('[denoise]\nthreads = "9"', "threads = '9': not a whole number", ""),
    "a number out of range": ("[denoise]\nthreads = 0", "threads = 0: not 1 or more", ""),
    "a number below its least": ("[denoise]\nthreads = 0", "threads = 0: not 1 or more", ""),
    "a flag that is a number": ("[denoise]\nensemble = 1", "not true or false", ""),
    "a number that is a flag": ("[denoise]\nsigma = true", "sigma = true: not a number", ""),
    "a text that is a flag": ("[denoise]\nmodel = false", "model = false: not text", ""),
    "an unknown choice": ('[denoise]\nprecision = "fp8"', "not one of auto, fp32", ""),
    "one bad value of several": ("[denoise]\ninclude = ['a', []]", "not text", ""),
    "an output": ('[denoise]\noutput = "x"', "output cannot be set there", ""),
    "a list of inputs": ('[denoise]\nfiles-from = "x"', "cannot be set there", ""),
    "an input": ('[denoise]\ninputs = "x"', "inputs is no option", ""),
    "a run folder": ('[train]\nout = "x"', "out cannot be set there", ""),
    "a key in no table": ("quality = 3", "quality stands in no table", "[denoise]"),
    "no TOML": ("[denoise", "not TOML", "--no-config"),
    "no UTF-8": (b"[denoise]\nmodel = '\xff'", "not TOML", "--no-config"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_error_that_names_file_and_key(configured, case):
    text, expected, hint = MISTAKES[case]
    with pytest.raises(SetupError) as caught:
        configured(text)
    assert "config.toml: " in str(caught.value)
    assert expected in str(caught.value)
    assert hint in caught.value.hint


def test_a_table_may_be_that_of_a_plugin_which_is_not_loaded(configured):
    assert configured("[odd]\nx = 1", all_known=False) == {}


def test_a_file_that_is_named_must_be_there_and_the_usual_one_need_not(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGCLEAN_CONFIG", str(tmp_path / "nowhere.toml"))
    with pytest.raises(SetupError, match=r"nowhere\.toml: cannot be opened"):
        read_configuration(COMMANDS)
    monkeypatch.setenv("IMGCLEAN_CONFIG", "")
    assert configuration_path() is None
    assert read_configuration(COMMANDS) == {}
    monkeypatch.delenv("IMGCLEAN_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert configuration_path().is_relative_to(tmp_path) or sys.platform == "win32"
    assert read_configuration(COMMANDS) == {}


@pytest.fixture
def with_config(imgclean, tmp_path):
    """Run the command line with a configuration."""

    def run(text, *arguments):
        (tmp_path / "mine.toml").write_text(text)
        return imgclean(*arguments, env={"IMGCLEAN_CONFIG": "mine.toml"})

    return run


def outputs(run):
    return [line["output"] for line in run.events("planned")]


def test_defaults_apply_and_the_command_line_wins(with_config, photos, small_set):
    text = f'[denoise]\nweights = "{small_set.as_posix()}"\nformat = "tiff"\nrecursive = false\n'
    arguments = ["denoise", "photos", "--dry-run", "--json"]
    configured = with_config(text, *arguments)
    assert configured.events("planned")[0]["weights"] == "dncnn-small"
    assert outputs(configured) == [f"photos-clean/{index}.tif" for index in range(4)]
    won = with_config(text, *arguments, "--format", "png", "--recursive")
    assert [name[-6:] for name in outputs(won)] == [f"/{index}.png" for index in range(6)]
    without = with_config(text, *arguments, "--no-config", "--weights", small_set)
    assert len(outputs(without)) == 6
    assert outputs(without)[0] == "photos-clean/0.png"


def test_a_mistake_ends_the_run_with_one_line_and_help_and_doctor_still_work(with_config, photos):
    text = "[denoise]\nqualty = 95\n"
    run = with_config(text, "denoise", "photos")
    assert (run.code, run.stdout) == (1, "")
    assert run.stderr.splitlines()[0] == "error: mine.toml: [denoise] qualty is no option"
    assert "did you mean quality" in run.stderr.splitlines()[1]
    assert with_config(text, "denoise", "--help").code == 0
    assert with_config(text, "--version").code == 0
    doctor = with_config(text, "doctor", "--json")
    (finding,) = (line for line in doctor.lines if line["subject"] == "configuration")
    assert not finding["well"]
    assert "qualty" in finding["found"]
    assert doctor.code == 1


def test_doctor_shows_which_file_is_used(with_config):
    def found(*arguments):
        lines = with_config("[denoise]\nquality = 95\n", "doctor", "--json", *arguments).lines
        return next(line["found"] for line in lines if line["subject"] == "configuration")

    assert found() == "mine.toml, 1 option"
    assert found("--no-config") == "switched off"
