"""Journals that cannot be written, in part or at all."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import pytest

from imgclean.errors import UnwritableImage
from imgclean.inference.image_rules import ImageRules
from imgclean.inference.jobs import FileRules, Job
from imgclean.inference.journal import Journal
from imgclean.inference.records import Records

resource = pytest.importorskip("resource", reason="bounds on files are POSIX's")


def listed(root: Path) -> list[str]:
    lines = (root / ".imgclean" / "journal.jsonl").read_text().splitlines()
    return [json.loads(line)["output"] for line in lines]


@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_line_that_does_not_fit_is_not_there_in_part(tmp_path, room):
    with Journal(tmp_path) as journal:
        journal.record(tmp_path / "a.png", "in", "set", "clean")
        size = (tmp_path / ".imgclean" / "journal.jsonl").stat().st_size
        bounds = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, bounds[1]))
        try:
            with pytest.raises(OSError, match="File too large") as caught:
                journal.record(tmp_path / f"{'b' * 200}.png", "in", "set", "other")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, bounds)
        assert caught.value.errno == errno.EFBIG
        assert not journal.is_result("other")
        assert listed(tmp_path) == ["a.png"]
        journal.record(tmp_path / "c.png", "in", "set", "third")
    assert listed(tmp_path) == ["a.png", "c.png"]


def test_a_journal_that_was_removed_takes_no_more_lines(tmp_path):
    root = tmp_path / "out"
    with Journal(root) as journal:
        shutil.rmtree(root)
        with pytest.raises(FileNotFoundError):
            journal.record(root / "a.png", "in", "set", "clean")
    assert not root.exists()


def job_in(root: Path) -> Job:
    return Job(Path("a.png"), root / "a.png", None, root)


def test_a_folder_that_refuses_its_journal_fails_its_images_alone(tmp_path):
    (tmp_path / "file").touch()
    good, bad = tmp_path / "good", tmp_path / "file" / "bad"
    jobs = [job_in(bad), job_in(good)]
    with Records(jobs, FileRules(), ImageRules()) as records:
        assert not records.is_finished(jobs[1], "in", ())
        with pytest.raises(UnwritableImage) as caught:
            records.is_finished(jobs[0], "in", ())
    assert str(caught.value) == f"{bad}/a.png: {bad}: cannot be written: not a directory"


def test_where_every_folder_refuses_nothing_begins(tmp_path):
    (tmp_path / "file").touch()
    jobs = [job_in(tmp_path / "file" / "x"), job_in(tmp_path / "file" / "y")]
    with pytest.raises(UnwritableImage, match="not a directory"):
        Records(jobs, FileRules(), ImageRules())
