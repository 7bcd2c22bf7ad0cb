import os
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
GIF = b"GIF89a"
HEIF = b"\x00\x00\x00\x18ftypheic"

posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")


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


def test_a_format_without_an_encoder_is_written_as_another_and_the_plan_says_so(photos):
    Path("photos/b.JPG").write_bytes(HEIF)  # as telephones name them
    for name in ("g.gif", "trip/h.gif", "scan.001"):
        Path("photos", name).write_bytes(GIF)
    plan = make_plan([photos], FileRules())
    found = {job.input.as_posix(): (job.output.as_posix(), job.format) for job in plan.jobs}
    assert found["photos/g.gif"] == ("photos-clean/g.png", "png")
    assert found["photos/b.JPG"] == ("photos-clean/b.png", "png")
    assert found["photos/scan.001"] == ("photos-clean/scan.001.png", "png")
    assert found["photos/a.png"] == ("photos-clean/a.png", None)
    assert plan.notes == (
        "3 GIF files are written as PNG, for want of an encoder",
        "1 HEIF file is written as PNG, for want of an encoder",
    )
    assert outputs("photos/g.gif") == {"photos/g.gif": "photos/g-clean.png"}


def test_a_name_with_the_suffix_of_another_written_format_is_kept(photos):
    Path("photos/really-png.gif").write_bytes(PNG)
    assert outputs("photos")["photos/really-png.gif"] == "photos-clean/really-png.gif"


def test_a_substitute_collides_as_any_output(photos):
    Path("photos/a.gif").write_bytes(GIF)
    with pytest.raises(OutputCollision, match="both"):
        outputs("photos")


def test_in_place_refuses_a_format_without_an_encoder(photos):
    Path("photos/trip/g.gif").write_bytes(GIF)
    with pytest.raises(InvalidSetting, match=r"trip/g\.gif: GIF is read, but not written"):
        outputs("photos", in_place=True)
    with pytest.raises(InvalidSetting, match="GIF is read, but not written"):
        outputs("photos/a.png", output="a.gif")


def test_a_suffix_that_names_no_format_is_a_part_of_the_name(photos):
    for name in ("scan.001", "scan.002"):
        Path("photos", name).write_bytes(PNG)
    found = outputs("photos", format="tiff")
    assert found["photos/scan.001"] == "photos-clean/scan.001.tif"
    assert found["photos/scan.002"] == "photos-clean/scan.002.tif"


def test_names_that_differ_in_case_are_two_files_until_a_format_makes_them_one(tmp_path):
    for name in ("A.JPG", "b.jpg", "b.JPEG"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    assert len(outputs(tmp_path, output=str(tmp_path.with_name("out")))) == 3
    with pytest.raises(OutputCollision, match="both"):
        outputs(tmp_path, output=str(tmp_path.with_name("out")), format="png")


@posix
def test_what_is_no_file_is_refused_where_it_is_named(photos):
    os.mkfifo("pipe.png")
    with pytest.raises(InvalidSetting, match=r"pipe\.png is neither a file nor a folder"):
        outputs("pipe.png")
    Path("gone.png").symlink_to("nowhere")
    with pytest.raises(InputNotFound, match=r"gone\.png is a link to nothing"):
        outputs("gone.png")
    Path("circle.png").symlink_to("circle.png")
    with pytest.raises(InputNotFound, match=r"circle\.png: cannot be opened"):
        outputs("circle.png")


@posix
def test_a_broken_link_in_a_folder_is_a_job_that_can_fail(photos):
    Path("photos/gone.png").symlink_to("nowhere")
    Path("photos/circle.png").symlink_to("circle.png")
    assert {"photos/gone.png", "photos/circle.png"} <= set(outputs("photos"))


@posix
def test_an_output_that_an_input_links_to_is_refused(photos):
    Path("photos-clean").mkdir()
    Path("photos-clean/a.png").write_bytes(PNG)
    Path("photos/a.png").unlink()
    Path("photos/a.png").symlink_to("../photos-clean/a.png")
    with pytest.raises(OutputCollision, match="is an input"):
        outputs("photos", overwrite=True)


@posix
def test_in_place_takes_a_file_once_under_whatever_name(photos):
    Path("same").symlink_to("photos")
    found = outputs("photos", "photos/a.png", "same/b.JPG", in_place=True)
    assert len(found) == 4


def test_an_empty_output_is_refused(photos):
    with pytest.raises(InvalidSetting, match="-o is empty"):
        outputs("photos/a.png", output="")
