"""An output appears whole or not at all, after it was recorded, and over nothing newer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from imgclean.errors import UnwritableImage
from imgclean.inference.jobs import Job
from imgclean.inference.journal import sha256_of
from imgclean.inference.outputs import put_bytes, put_file

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = b"a clean image"


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    path = tmp_path / "photos" / "a.png"
    path.parent.mkdir()
    path.write_bytes(b"a noisy image")
    path.chmod(0o640)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


@pytest.fixture(params=["bytes", "file"])
def put(request: pytest.FixtureRequest) -> Any:
    """Put CLEAN in its place in one of the two ways."""

    def run(job: Job, status: Any = None, record: Any = lambda _: None, make: Any = None) -> None:
        if request.param == "bytes":
            put_bytes(CLEAN, job, status, record)
        else:
            make = make or (lambda path: path.write_bytes(CLEAN))
            put_file(make, job, status, lambda _, hashed: record(hashed))

    return run


def job_to(output: Path, noisy: Path, root: Path | None = None) -> Job:
    return Job(noisy, output, None, root)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_output_is_recorded_before_it_is_there(noisy, tmp_path, put):
    output = tmp_path / "out" / "deep" / "a.png"
    seen = []
    put(job_to(output, noisy), record=lambda hashed: seen.append((hashed, output.exists())))
    assert seen == [(sha256_of(CLEAN), False)]
    assert output.read_bytes() == CLEAN
    assert names(output.parent) == ["a.png"]


def test_an_output_has_the_mode_and_the_time_of_its_input(noisy, tmp_path, put):
    put(job_to(tmp_path / "b.png", noisy), noisy.stat())
    status = (tmp_path / "b.png").stat()
    assert status.st_mtime == 1_000_000_000
    assert status.st_mode & 0o777 == 0o640


def test_what_cannot_be_recorded_is_not_written(noisy, tmp_path, put):
    output = tmp_path / "b.png"
    output.write_bytes(b"older")

    def refuse(_: str) -> None:
        raise OSError(28, "full")

    with pytest.raises(OSError, match="full"):
        put(job_to(output, noisy), record=refuse)
    assert output.read_bytes() == b"older"
    assert names(tmp_path) == ["b.png", "photos"]


@pytest.mark.parametrize("error", [ValueError("torn"), KeyboardInterrupt()])
def test_what_is_not_made_to_its_end_leaves_nothing(noisy, tmp_path, error):
    def make(path: Path) -> None:
        path.write_bytes(b"half")
        raise error

    with pytest.raises(type(error)):
        put_file(make, job_to(tmp_path / "b.png", noisy), None, lambda *_: None)
    assert names(tmp_path) == ["photos"]


def test_an_output_folder_that_was_removed_is_not_made_anew(noisy, tmp_path, put):
    root = tmp_path / "out"
    with pytest.raises(UnwritableImage) as caught:
        put(job_to(root / "deep" / "a.png", noisy, root))
    assert str(caught.value) == (
        f"{root}/deep/a.png: cannot be written: the folder {root} was removed"
    )
    assert not root.exists()
    root.mkdir()
    put(job_to(root / "deep" / "a.png", noisy, root))  # one below it is made
    assert (root / "deep" / "a.png").read_bytes() == CLEAN


def test_an_input_that_somebody_wrote_to_is_not_replaced(noisy, put):
    status = noisy.stat()
    noisy.write_bytes(b"a newer image")
    recorded: list[str] = []
    with pytest.raises(UnwritableImage, match=r"a\.png: was changed while it was cleaned"):
        put(job_to(noisy, noisy), status, recorded.append)
    assert noisy.read_bytes() == b"a newer image"
    assert recorded == []
    assert names(noisy.parent) == ["a.png"]


def test_an_input_that_nobody_wrote_to_is_replaced_in_place(noisy, put):
    put(job_to(noisy, noisy), noisy.stat())
    assert noisy.read_bytes() == CLEAN


def test_an_input_that_changed_does_not_matter_elsewhere(noisy, tmp_path, put):
    status = noisy.stat()
    noisy.write_bytes(b"a newer image")
    put(job_to(tmp_path / "b.png", noisy), status)
    assert (tmp_path / "b.png").read_bytes() == CLEAN
