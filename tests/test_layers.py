"""Imports run one way, and listing things stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import imgclean

PACKAGE = Path(imgclean.__file__).parent
LAYERS = [
    ("errors", "events", "atomic", "interruption", "gradient"),
    ("extension",),
    ("images",),
    ("degradation",),
    ("weightsets",),
    ("inference",),
    ("evaluation",),
    ("training",),
    ("api",),
    ("cli",),
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
ONLY_IN_CLI = {"typer", "rich"}
HEAVY = {"torch", "numpy", "imageio"}


def imports(path, *, also_for_types):
    """Return the absolute module names that a file imports."""
    tree = ast.parse(path.read_text())
    if not also_for_types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources():
    return sorted(PACKAGE.rglob("*.py"))


def test_every_part_of_the_package_has_a_layer():
    parts = {path.name if path.is_dir() else path.stem for path in PACKAGE.iterdir()}
    assert parts - {"__init__", "__main__", "__pycache__", "py"} == set(RANK)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part in ("__init__", "__main__"):
        return
    for name in imports(path, also_for_types=False):
        top, _, rest = name.partition(".")
        assert not top.startswith("imgclean_"), f"{path} imports a plugin"
        assert top not in ONLY_IN_CLI or part == "cli", f"{path} imports {top}"
        if top == "imgclean" and rest.split(".")[0] in RANK:
            assert RANK[rest.split(".")[0]] <= RANK[part], f"{path} imports {name}"


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "--version",
        "models",
        "models dncnn",
        "plugins",
        "denoise --help",
        "weights --help",
        "weights convert --help",
    ],
)
def test_listing_loads_no_heavy_library(arguments):
    script = (
        "import sys, atexit\n"
        f"heavy = {HEAVY!r}\n"
        "loaded = lambda: 'LOADED ' + ' '.join(heavy & set(sys.modules))\n"
        "atexit.register(lambda: sys.stderr.write(loaded()))\n"
        f"sys.argv = ['imgclean', *{arguments.split()!r}]\n"
        "from imgclean.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.rsplit("LOADED ")[-1] == ""
