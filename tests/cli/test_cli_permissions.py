"""Files and folders that may not be read or written: each fails by name, the rest is cleaned.

Permissions do not bind root, who runs the command as nobody here.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from material import ENVIRONMENT, IDENTITY, command, noise_image
from PIL import Image

posix = pytest.mark.skipif(os.name != "posix", reason="these permissions are POSIX's")
pytestmark = posix

NOBODY = 65534
AS_NOBODY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
HINT = "check the folder's permissions, or choose another output folder"


def identity():
    return AS_NOBODY if os.geteuid() == 0 else {}


@pytest.fixture
def home(monkeypatch):
    """A folder of the user who runs the command; pytest's own are closed to nobody."""
    folder = Path(tempfile.mkdtemp(prefix="imgclean-tests-"))
    monkeypatch.chdir(folder)
    try:
        _require_a_user(folder)
        yield folder
    finally:
        for path, folders, _ in os.walk(folder):
            for name in folders:
                Path(path, name).chmod(0o700)
        shutil.rmtree(folder)


def _require_a_user(folder):
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    can_import = [*command()[:1], "-c", "import imgclean, numpy"]
    try:
        done = subprocess.run(can_import, capture_output=True, check=False, **identity())
    except (OSError, ValueError) as error:
        pytest.skip(f"the command cannot be run as nobody: {error}")
    if done.returncode:
        pytest.skip("nobody cannot read the installed packages")


def denoise(*arguments):
    done = subprocess.run(
        command("denoise", *arguments, "--model", "identity", "--json"),
        capture_output=True,
        text=True,
        env=ENVIRONMENT | {"PYTHONPATH": IDENTITY, "HOME": str(Path.cwd())},
        timeout=120,
        check=False,
        **identity(),
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "internal error" not in done.stderr, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    done.events = {
        name: {line.get("input"): line for line in lines if line["event"] == name}
        for name in ("done", "failed", "summary")
    }
    return done


def save(*names):
    """Write images into folders of whoever runs the command."""
    for name in names:
        path = Path(name)
        make(path.parent)
        Image.fromarray(noise_image(20, 20)).save(path)
        give(path)


def make(folder):
    """Make a folder, and those around it."""
    for path in (*reversed(folder.parents), folder):
        if not path.exists():
            path.mkdir()
            give(path)


def give(path):
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def test_what_may_not_be_read_or_written_fails_and_the_rest_is_cleaned(home):
    save("photos/a.png", "photos/b.png", "photos/closed/c.png", "photos/locked/d.png")
    save("photos/shut/e.png")
    Path("photos/b.png").chmod(0)
    Path("photos/closed").chmod(0)
    for name, mode in (("out/locked", 0o500), ("out/shut", 0)):
        make(Path(name))
        Path(name).chmod(mode)
    run = denoise("photos", "-o", "out")
    assert run.returncode == 3, run.stderr
    assert set(run.events["done"]) == {"photos/a.png"}
    failed = run.events["failed"]
    assert {name: line["error"] for name, line in failed.items()} == {
        "photos/b.png": "UnreadableImage",
        "photos/closed": "UnreadableImage",
        "photos/locked/d.png": "UnwritableImage",
        "photos/shut/e.png": "UnwritableImage",
    }
    assert "cannot be opened: permission denied" in failed["photos/b.png"]["message"]
    for name in ("locked/d.png", "shut/e.png"):
        message = failed[f"photos/{name}"]["message"]
        assert message == f"out/{name}: cannot be written: permission denied ({HINT})"
    assert run.events["summary"][None] | {"done": 1, "failed": 4} == run.events["summary"][None]


def test_an_output_folder_that_may_not_be_written_ends_the_run_in_one_line(home):
    save("photos/a.png", "photos/b.png")
    make(Path("out"))
    Path("out").chmod(0o500)
    run = denoise("photos", "-o", "out")
    assert (run.returncode, run.stdout) == (4, "")
    assert run.stderr.splitlines()[0] == "error: out: cannot be written: permission denied"
    assert run.stderr.splitlines()[1].strip() == HINT
    assert list(Path("out").iterdir()) == []


def test_of_two_output_folders_one_may_refuse(home):
    save("good/a.png", "bad/b.png", "bad/c.png")
    original = Path("bad/b.png").read_bytes()
    Path("bad").chmod(0o500)
    run = denoise("good", "bad", "--in-place")
    assert run.returncode == 3
    assert set(run.events["done"]) == {"good/a.png"}
    assert set(run.events["failed"]) == {"bad/b.png", "bad/c.png"}
    message = run.events["failed"]["bad/b.png"]["message"]
    assert message == f"bad/b.png: bad: cannot be written: permission denied ({HINT})"
    assert Path("bad/b.png").read_bytes() == original


def test_what_a_resume_may_not_compare_is_left_alone(home):
    save("photos/a.png", "photos/b.png")
    assert denoise("photos", "-o", "out").returncode == 0
    Path("out/a.png").chmod(0)
    run = denoise("photos", "-o", "out", "--resume")
    assert run.returncode == 3
    assert run.events["failed"]["photos/a.png"]["error"] == "UnwritableImage"
    assert run.events["summary"][None]["skipped"] == 1


def test_a_name_that_is_too_long_for_the_disk_is_refused_by_name(home):
    save("photos/a.png")
    long = f"{'x' * 250}.png"
    Path("photos/a.png").rename(long)
    run = denoise(long)
    assert run.returncode == 4
    (failed,) = run.events["failed"].values()
    assert failed["error"] == "UnwritableImage"
    assert "cannot be written: file name too long (choose a shorter name)" in failed["message"]
