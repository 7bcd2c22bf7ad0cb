"""What a plugin can do wrong beyond failing to load, and what it cannot reach."""

import json
import textwrap

import pytest

from imgclean.errors import PluginBroken
from imgclean.extension.import_string import resolve

MODELS = """
from imgclean import ModelInfo, Tiling, hookimpl

@hookimpl
def imgclean_models():
    return [ModelInfo(name="odd", title="t", paper="p", factory="x:y", options="x:z",
                      tiling=Tiling(halo=1))]
"""
PANIC = """
class PanicException(BaseException):
    pass

raise PanicException("index out of range")
"""
UNPRINTABLE = """
class Unprintable(Exception):
    def __str__(self):
        raise ValueError

raise Unprintable
"""
LAZY = (
    MODELS
    + """
def __getattr__(name):
    if name == "Network":
        raise RuntimeError("the network was imported")
    raise AttributeError(name)

def __dir__():
    return ["Network", "imgclean_models"]
"""
)


def commands(body):
    return f"{MODELS}\n@hookimpl\ndef imgclean_commands(app):\n{textwrap.indent(body, '    ')}"


@pytest.fixture
def with_plugin(imgclean, tmp_path):
    """Run the command line beside a plugin whose module holds the given source."""
    site = tmp_path / "site"
    folder = site / "imgclean_odd-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: Imgclean_Odd\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[imgclean.plugins]\nodd = imgclean_odd\n")

    def run(source, *arguments, metadata=True, **env):
        (site / "imgclean_odd.py").write_text(source)
        if not metadata:
            (folder / "METADATA").unlink()
        return imgclean(*arguments, env={"PYTHONPATH": str(site)} | env)

    return run


def listed(run):
    assert run.code == 0, run.stderr
    return {row["plugin"]: row for row in map(json.loads, run.stdout.splitlines())}


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (PANIC, "PanicException", "index out of range"),
        (UNPRINTABLE, "Unprintable", "no message"),
    ],
)
def test_no_exception_of_a_plugin_ends_the_run(with_plugin, source, error, message):
    rows = listed(with_plugin(source, "plugins", "--json"))
    assert (rows["odd"]["error"], rows["odd"]["message"]) == (error, message)
    assert rows["dncnn"]["state"] == "loaded"


def test_what_a_plugin_imports_lazily_stays_unimported(with_plugin):
    assert listed(with_plugin(LAZY, "plugins", "--json"))["odd"]["state"] == "loaded"


def test_a_distribution_without_metadata_is_listed(with_plugin):
    rows = listed(with_plugin("raise OSError", "plugins", "--json", metadata=False))
    assert (rows["odd"]["distribution"], rows["odd"]["version"]) == ("unknown", "unknown")


def test_asking_for_a_model_beside_a_distribution_without_metadata(with_plugin):
    run = with_plugin("raise OSError", "models", "nosuch", metadata=False)
    assert run.code == 2
    assert "no model is named 'nosuch'" in run.stderr


@pytest.mark.parametrize("name", ["imgclean-odd", "Imgclean_Odd", "imgclean.odd", "ODD"])
def test_the_allow_list_compares_names_as_pip_does(with_plugin, name):
    rows = listed(with_plugin(MODELS, "plugins", "--json", IMGCLEAN_PLUGINS=name))
    assert rows["odd"]["state"] == "loaded"
    assert rows["dncnn"]["state"] == "disabled"


@pytest.mark.parametrize("arguments", [["plugins"], ["models", "nosuch"]])
def test_brackets_and_colons_of_a_plugins_message_are_no_markup(with_plugin, arguments):
    message = "no [/tmp/licence] in list[int] :smile:"
    run = with_plugin(f"raise RuntimeError({message!r})", *arguments)
    assert run.code == (0 if arguments == ["plugins"] else 2)
    assert message in run.stderr
    if arguments == ["plugins"]:
        assert message in run.stdout


@pytest.mark.parametrize("body", ["raise SystemExit(7)", "raise KeyError('x')"])
def test_a_plugin_whose_commands_fail_disturbs_no_other(with_plugin, body):
    run = with_plugin(commands(body), "plugins", "--json")
    assert listed(run)["dncnn"]["state"] == "loaded"
    assert "commands of Imgclean_Odd were not added" in run.stderr


def test_commands_that_print_while_they_are_added_do_not_spoil_stdout(with_plugin):
    listed(with_plugin(commands("print('hello')"), "plugins", "--json"))


def test_a_plugin_cannot_replace_a_command_of_the_core(with_plugin):
    run = with_plugin(
        commands("@app.command()\ndef plugins():\n    print('mine')"), "plugins", "--json"
    )
    assert listed(run)["odd"]["models"] == ["odd"]
    assert "Imgclean_Odd may not replace command plugins" in run.stderr


def test_a_plugin_cannot_replace_the_global_options(with_plugin):
    run = with_plugin(commands("@app.callback()\ndef start():\n    exit(9)"), "--version")
    assert run.code == 0
    assert run.stdout.startswith("imgclean ")


def test_a_plugin_may_add_a_group_of_commands(with_plugin):
    body = """
import typer
group = typer.Typer()

@group.command()
def one():
    print("first")

@group.command()
def two():
    print("second")

app.add_typer(group, name="odd")
"""
    run = with_plugin(commands(body), "odd", "two")
    assert (run.code, run.stdout) == (0, "second\n")


def test_a_module_that_exits_when_it_is_resolved_is_a_typed_error(tmp_path, monkeypatch):
    (tmp_path / "module_that_exits.py").write_text("raise SystemExit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginBroken, match="SystemExit"):
        resolve("module_that_exits:Network")
