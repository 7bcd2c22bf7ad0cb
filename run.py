#!/usr/bin/env python3
"""Sets imgclean up from nothing and runs one thing. Needs Python 3.11 or later with pip.

python3 run.py demo            clean the sample images and show what was gained
python3 run.py test [ARGS]     run the tests (ARGS go to pytest)
python3 run.py lint            check format, lint rules and types
python3 run.py imgclean ARGS   run the command line
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BINARIES = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "imgclean-stamp"
DISTRIBUTIONS = [
    ".[dev]",
    *sorted(f"plugins/{p.name}" for p in (ROOT / "plugins").iterdir()),
    "weights",
]
OLDEST_PYTHON = (3, 11)


def main(arguments: list[str]) -> int:
    """Run the named thing and return its exit code."""
    if sys.version_info < OLDEST_PYTHON:
        return _complain("imgclean needs Python 3.11 or later")
    name, *rest = arguments or ["help"]
    actions = {"demo": demo, "test": test, "lint": lint, "imgclean": imgclean}
    if name not in actions:
        return _complain((__doc__ or "").strip())
    set_up()
    return actions[name](rest)


def demo(_: list[str]) -> int:
    """Clean the sample images; show PSNR before and after."""
    output = ROOT / "demo-output"
    code = imgclean(["denoise", "docs/samples/noisy", "-o", str(output), "--overwrite"])
    return code or _run("python", "docs/samples/compare.py", str(output))


def test(arguments: list[str]) -> int:
    """Run every test."""
    return _run("python", "-m", "pytest", *(arguments or ["-n", "2", "--dist", "worksteal", "-q"]))


def lint(_: list[str]) -> int:
    """Check format, lint rules and types."""
    codes = [
        _run("ruff", "format", "--check", "."),
        _run("ruff", "check", "."),
        _run("mypy"),
    ]
    return max(codes)


def imgclean(arguments: list[str]) -> int:
    """Run the command line."""
    return _run("imgclean", *arguments)


def set_up() -> None:
    """Make the virtual environment, unless it holds what the checkout asks for."""
    stamp = _stamp()
    if STAMP.exists() and STAMP.read_text() == stamp:
        return
    print("setting up .venv (once; a few minutes)", file=sys.stderr, flush=True)
    venv.create(VENV, with_pip=True, clear=not (BINARIES / "python").exists())
    packages = [part for each in DISTRIBUTIONS for part in ("-e", each)]
    subprocess.run(
        [BINARIES / "python", "-m", "pip", "install", "-q", "-c", "constraints.txt", *packages],
        cwd=ROOT,
        check=True,
    )
    STAMP.write_text(stamp)


def _stamp() -> str:
    """Return a hash of everything that an installation is made from and copies."""
    weights = [path for path in (ROOT / "weights").rglob("*") if path.is_file()]
    sources = [ROOT / "constraints.txt", *ROOT.glob("**/pyproject.toml"), *weights]
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted({each for each in sources if VENV not in each.parents}):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(program: str, *arguments: str) -> int:
    suffix = ".exe" if os.name == "nt" else ""
    return subprocess.run([BINARIES / f"{program}{suffix}", *arguments], cwd=ROOT).returncode


def _complain(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(_complain(f"set-up failed: pip ended with exit code {error.returncode}"))
