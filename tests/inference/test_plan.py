from pathlib import Path

import pytest

from imgclean.errors import (
    InputNotFound,
    InvalidSetting,
    NothingToDo,
    OutputCollision,
    OutputExists,
)
from imgclean.inference.journal import Journal
from imgclean.inference.plan import FileRules, make_plan

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder `photos` in the current directory: two images, one deeper, one with no suffix."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.JPG", "trip/day one/c.tif", "trip/scan"):
        path = Path("photos", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)
    Path("photos/notes.txt").write_text("no image")
    Path("photos/._a.png").write_bytes(PNG)
    Path("photos/.hidden.png").write_bytes(PNG)
    return Path("photos")


def outputs(*inputs, **rules):
    plan = make_plan([Path(each) for each in inputs], FileRules(**rules))
    return {job.input.as_posix(): job.output.as_posix() for job in plan.jobs}


def test_a_folder_is_mirrored_beside_itself(photos):
    assert outputs("photos") == {
        "photos/a.png": "photos-clean/a.png",
        "photos/b.JPG": "photos-clean/b.JPG",
        "photos/trip/day one/c.tif": "photos-clean/trip/day one/c.tif",
        "photos/trip/scan": "photos-clean/trip/scan",
    }
    assert make_plan([photos], FileRules()).ignored == 1


def test_the_current_folder_gets_a_sibling_of_its_own_name(photos, monkeypatch):
    monkeypatch.chdir(photos)
    found = outputs(".", recursive=False)
    assert found["a.png"] == (photos.absolute().parent.parent / "photos-clean/a.png").as_posix()


def test_a_folder_given_as_output_gets_the_tree(photos):
    assert outputs("photos", output="out")["photos/trip/scan"] == "out/trip/scan"


def test_a_file_gets_the_suffix_before_its_extension(photos):
    assert outputs("photos/a.png") == {"photos/a.png": "photos/a-clean.png"}
    assert outputs("photos/a.png", suffix="_dn") == {"photos/a.png": "photos/a_dn.png"}


def test_a_named_output_file_sets_the_format_by_its_suffix(photos):
    (job,) = make_plan([Path("photos/a.png")], FileRules(output="x/y.tiff")).jobs
    assert (job.output, job.format) == (Path("x/y.tiff"), "tiff")
    with pytest.raises(InvalidSetting, match=r"\.xyz"):
        outputs("photos/a.png", output="y.xyz")


@pytest.mark.parametrize("output", ["out/", "existing"])
def test_one_file_goes_into_an_output_that_is_a_folder(photos, output):
    Path("existing").mkdir()
    assert outputs("photos/a.png", output=output)["photos/a.png"] == output.rstrip("/") + "/a.png"


def test_several_folders_keep_their_names(photos):
    other = Path("other")
    other.mkdir()
    (other / "a.png").write_bytes(PNG)
    found = outputs("photos", "other", "photos/b.JPG", output="out", recursive=False)
    assert found["photos/a.png"] == "out/photos/a.png"
    assert found["other/a.png"] == "out/other/a.png"


def test_another_format_changes_the_suffix(photos):
    found = outputs("photos", format="tiff", recursive=False)
    assert found["photos/b.JPG"] == "photos-clean/b.tif"


def test_include_and_exclude_match_names_and_paths(photos):
    assert list(outputs("photos", include=("*.png",))) == ["photos/a.png"]
    assert "photos/trip/scan" not in outputs("photos", exclude=("trip/*",))
    assert make_plan([photos], FileRules(include=("*.png",))).ignored == 4


def test_no_recursion_stays_at_the_top(photos):
    assert set(outputs("photos", recursive=False)) == {"photos/a.png", "photos/b.JPG"}


def test_in_place_writes_over_the_inputs(photos):
    assert outputs("photos/a.png", in_place=True) == {"photos/a.png": "photos/a.png"}


def test_a_missing_input_is_named_before_any_work(photos):
    with pytest.raises(InputNotFound, match="nowhere"):
        outputs("photos", "nowhere")


def test_a_folder_without_images_is_an_error(photos):
    with pytest.raises(NothingToDo):
        outputs("photos", include=("*.webp",))


def test_existing_outputs_are_refused_unless_allowed(photos):
    Path("photos-clean").mkdir()
    Path("photos-clean/a.png").write_bytes(b"mine")
    with pytest.raises(OutputExists, match=r"photos-clean/a\.png exists"):
        outputs("photos")
    with pytest.raises(OutputExists):
        outputs("photos", resume=True)
    assert len(outputs("photos", overwrite=True)) == 4


def test_a_resume_may_replace_only_what_the_journal_lists(photos):
    root = Path("photos-clean")
    with Journal(root) as journal:
        journal.record(root / "a.png", "in", "set", "result")
    (root / "a.png").write_bytes(b"ours")
    assert len(outputs("photos", resume=True)) == 4
    (root / "b.JPG").write_bytes(b"mine")
    with pytest.raises(OutputExists, match=r"b\.JPG"):
        outputs("photos", resume=True)


def test_an_output_inside_the_input_tree_is_refused(photos):
    with pytest.raises(OutputCollision, match="inside"):
        outputs("photos", output="photos/clean")


def test_two_inputs_for_one_output_are_refused(photos):
    Path("photos/a.jpg").write_bytes(PNG)
    with pytest.raises(OutputCollision, match="both"):
        outputs("photos", format="tiff")


def test_an_output_that_is_an_input_is_refused(photos):
    Path("photos/a-clean.png").write_bytes(PNG)
    with pytest.raises(OutputCollision, match="is an input"):
        outputs("photos/a.png", "photos/a-clean.png", overwrite=True)


@pytest.mark.parametrize(
    "rules",
    [
        {"in_place": True, "output": "out"},
        {"in_place": True, "format": "png"},
        {"suffix": ""},
        {"suffix": "a/b"},
        {"format": "gif89"},
    ],
)
def test_contradicting_rules_are_refused(photos, rules):
    with pytest.raises(InvalidSetting):
        outputs("photos", **rules)
