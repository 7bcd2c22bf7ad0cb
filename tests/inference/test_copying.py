"""`--copy-others`: what is not cleaned of a folder is not missing in the output."""

import os
from pathlib import Path

import pytest

from imgclean.errors import InvalidSetting, OutputCollision, OutputExists
from imgclean.events import Failed, Note
from imgclean.inference.copying import copy_others
from imgclean.inference.plan import FileRules, make_plan

PNG = b"\x89PNG\r\n\x1a\n"
TIME = 1_000_000_000


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """An image, one to filter out, two other files and a dotfile."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "raw/b.tif", "raw/notes.txt", "list.csv", ".picasa.ini"):
        path = Path("photos", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG if path.suffix in (".png", ".tif") else name.encode())
        os.utime(path, (TIME, TIME))
    Path("photos/list.csv").chmod(0o640)
    return Path("photos")


def plan(**rules):
    rules = FileRules(copy_others=True, exclude=("*.tif",), **rules)
    return make_plan([Path("photos")], rules), rules


def copy(**rules):
    """Copy, and return how many failed and the events."""
    events = []
    failed = copy_others(*plan(**rules), events.append)
    return failed, events


def test_everything_but_images_and_dotfiles_is_copied_with_mode_and_time(photos):
    failed, events = copy()
    assert (failed, events) == (0, [Note(message="3 other files copied")])
    out = Path("photos-clean")
    copied = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert copied == ["list.csv", "raw/b.tif", "raw/notes.txt"]
    status = (out / "list.csv").stat()
    assert (status.st_mode & 0o777, status.st_mtime) == (0o640, TIME)
    assert (out / "list.csv").read_bytes() == b"list.csv"
    assert plan(overwrite=True)[0].ignored == 3


def test_an_existing_file_stops_the_run_before_it_starts(photos):
    Path("photos-clean").mkdir()
    Path("photos-clean/list.csv").write_text("mine")
    with pytest.raises(OutputExists, match=r"list\.csv"):
        plan()
    with pytest.raises(OutputExists, match=r"list\.csv"):
        plan(resume=True)
    assert copy(overwrite=True)[0] == 0
    assert Path("photos-clean/list.csv").read_bytes() == b"list.csv"


def test_a_resume_leaves_earlier_copies_alone(photos):
    copy()
    before = Path("photos-clean/list.csv").stat().st_ino
    Path("photos-clean/raw/notes.txt").unlink()
    assert copy(resume=True)[1] == [Note(message="1 other file copied")]
    assert Path("photos-clean/list.csv").stat().st_ino == before


def test_a_copy_that_would_be_a_clean_image_is_refused(photos):
    Path("photos/a.tif").write_bytes(PNG)
    rules = FileRules(copy_others=True, exclude=("*.tif",), format="tiff")
    with pytest.raises(OutputCollision, match="both"):
        make_plan([photos], rules)


def test_a_file_that_cannot_be_copied_fails_and_the_others_go_on(photos):
    made, rules = plan()
    Path("photos/list.csv").unlink()
    events = []
    assert copy_others(made, rules, events.append) == 1
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert failed.input == "photos/list.csv"
    assert "photos/list.csv: cannot be copied" in failed.message
    assert Path("photos-clean/raw/notes.txt").exists()
    assert not list(Path("photos-clean").rglob("*.part"))


def test_a_target_that_cannot_be_written_fails(photos):
    made, rules = plan()
    Path("photos-clean").write_text("in the way")
    assert copy_others(made, rules, lambda _: None) == 3


@pytest.mark.parametrize("inputs", [["photos/a.png"], []])
def test_without_a_folder_there_is_nothing_to_copy(photos, inputs):
    with pytest.raises(InvalidSetting):
        make_plan([Path(each) for each in inputs], FileRules(copy_others=True))


def test_in_place_there_is_nowhere_to_copy_to(photos):
    with pytest.raises(InvalidSetting, match="--copy-others"):
        make_plan([photos], FileRules(copy_others=True, in_place=True))
