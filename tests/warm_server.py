"""Runs the command line again and again, each time in a new process that starts at once.

Most of what a command line takes in a test is the import of torch. This imports the libraries
once and forks for every line of JSON on stdin; imgclean itself and its plugins are imported by
the new process, as they always are. The answer is a line of JSON with its exit code; a first
line has the names of what was imported.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
import threading
import traceback

LIBRARIES = (
    "filelock",
    "httpx2",
    "imagecodecs._png",
    "lightning_fabric",
    "pluggy",
    "psutil",
    "pydantic.main",
    "pydantic.type_adapter",
    "rich.progress",
    "safetensors.torch",
    "scipy.ndimage",
    "scipy.stats",
    "skimage.color.colorconv",
    "skimage.metrics._structural_similarity",
    "skimage.metrics.simple_metrics",
    "skimage.restoration.non_local_means",
    "tifffile",
    "torch",
    "tqdm.auto",
    "typer._adapters",
    "xml.etree.ElementTree",
    "yaml",
)


def serve() -> None:
    """Answer requests until there are no more; return in the new processes."""
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):  # whoever needs it says so
            importlib.import_module(name)
    gc.freeze()  # so that no collection in a new process touches, and copies, all of it
    answer(sorted({name.partition(".")[0] for name in sys.modules}))
    while line := sys.stdin.readline():
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become_command_line(**request["process"])
            return
        in_time = has_ended(pid, request["timeout"])
        if not in_time:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        answer({"code": os.waitstatus_to_exitcode(status), "in_time": in_time})
    os._exit(0)


def has_ended(pid: int, seconds: float) -> bool:
    """Wait so long at most."""
    process = os.pidfd_open(pid)
    ended, _, _ = select.select([process], [], [], seconds)
    os.close(process)
    return bool(ended)


def answer(content) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def become_command_line(arguments, folder, environment, stdout, stderr) -> None:
    """Make of this process what a shell would have started."""
    for number, path in enumerate((os.devnull, stdout, stderr)):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own = [each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each]
    others = [each for each in sys.path[1:] if each not in before]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:] = [folder, *own, *others]
    sys.argv[1:] = arguments


def run_command_line() -> int:
    """Run it to its end, but for the interpreter's own, which would take longer than the rest."""
    try:
        runpy.run_module("imgclean", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
        code = 1
    else:
        code = 0
    threading._shutdown()
    atexit._run_exitfuncs()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    serve()
    os._exit(run_command_line())
