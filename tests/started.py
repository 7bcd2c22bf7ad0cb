"""How the command line is run as a process of its own, and how such a run ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from material import ENVIRONMENT, command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SERVER = Path(__file__).with_name("warm_server.py")
_READ_ONCE = ("PYTHON", "LC_", "LANG", "OMP_", "TORCH")
"""What variables begin with that the interpreter or a library reads only as it starts."""


@dataclass(frozen=True)
class Outcome:
    """How a run of the command line ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[dict]:
        """The JSON objects on stdout."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def events(self, name: str) -> list[dict]:
        return [line for line in self.lines if line["event"] == name]


@contextmanager
def process_starter(folder: Path) -> Iterator[Callable[..., Outcome]]:
    """Give a function that runs command lines; the libraries are imported once for all of them.

    Args:
        folder: for what they print.
    """
    if sys.platform != "linux":  # elsewhere a process with these libraries is not safe to fork
        yield start_cold
        return
    with subprocess.Popen(
        [sys.executable, _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
        text=True,
    ) as server:
        imported = set(json.loads(server.stdout.readline()))

        def start(*arguments, env, timeout) -> Outcome:
            if _is_read_once(env) or imported & _importable(env):
                return start_cold(*arguments, env=env, timeout=timeout)
            streams = {name: folder / name for name in ("stdout", "stderr")}
            process = {
                "arguments": [str(each) for each in arguments],
                "folder": str(Path.cwd()),
                "environment": dict(env),
            } | {name: str(path) for name, path in streams.items()}
            for path in streams.values():
                path.write_bytes(b"")
            server.stdin.write(json.dumps({"process": process, "timeout": timeout}) + "\n")
            server.stdin.flush()
            answer = json.loads(server.stdout.readline())
            if not answer["in_time"]:
                raise subprocess.TimeoutExpired(process["arguments"], timeout)
            return Outcome(answer["code"], *(path.read_text() for path in streams.values()))

        yield start
        server.stdin.close()


def start_cold(*arguments, env, timeout) -> Outcome:
    """Run the command line as a shell does."""
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, env=env, timeout=timeout, check=False
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def _is_read_once(env: dict[str, str]) -> bool:
    """Whether variables are not what they were when the libraries were imported."""
    changed = {name for name, value in env.items() if ENVIRONMENT.get(name) != value}
    return any(each.startswith(_READ_ONCE) for each in changed - {"PYTHONPATH"})


def _importable(env: dict[str, str]) -> set[str]:
    """Return the names of modules that would be found before any library."""
    folders = [Path.cwd(), *map(Path, env.get("PYTHONPATH", "").split(os.pathsep))]
    modules = {path.stem for folder in folders for path in folder.glob("*.py")}
    packages = {path.parent.name for folder in folders for path in folder.glob("*/__init__.py")}
    return modules | packages
