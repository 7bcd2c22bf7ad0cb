"""What `--files-from` adds to a plan."""

import os
import time
from pathlib import Path

import pytest

from imgclean.errors import InputNotFound, InvalidSetting, NothingToDo, OutputCollision
from imgclean.inference.file_list import parse_file_list, read_file_list
from imgclean.inference.plan import FileRules, make_plan

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """`a.png`, `x/b.png` and `x/y/c.png` in the current folder, `d.png` beside that folder."""
    here = tmp_path / "here"
    monkeypatch.chdir(tmp_path)
    for name in ("here/a.png", "here/x/b.png", "here/x/y/c.png", "d.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(PNG)
    monkeypatch.chdir(here)
    return here


def outputs(*lines, inputs=(), **rules):
    listed = parse_file_list("\n".join(map(str, lines)).encode(), "list")
    plan = make_plan([Path(each) for each in inputs], FileRules(**rules), listed)
    return {job.input.as_posix(): job.output.as_posix() for job in plan.jobs}


def test_lines_end_as_on_any_system_and_empty_ones_are_left_out():
    found = parse_file_list(b"\xef\xbb\xbfa.png\r\n\n b c.png \nd\xff.png", "list.txt")
    assert [os.fsencode(each.path) for each in found] == [b"a.png", b" b c.png ", b"d\xff.png"]
    assert [each.place for each in found][-1] == "list.txt, line 4: "


def test_zero_bytes_end_names_that_hold_line_ends():
    found = parse_file_list(b"a\nb.png\0c.png\r\0", "list.txt", null=True)
    assert [str(each.path) for each in found] == ["a\nb.png", "c.png\r"]
    assert found[1].place == "list.txt, entry 2: "


def test_relative_paths_keep_their_tree_below_the_output_folder(tree):
    assert outputs("a.png", "x/y/c.png", output="out") == {
        "a.png": "out/a.png",
        "x/y/c.png": "out/x/y/c.png",
    }


def test_one_listed_file_still_goes_into_a_folder(tree):
    assert outputs("a.png", output="out") == {"a.png": "out/a.png"}


def test_paths_that_lead_out_of_the_folder_keep_their_name_alone(tree):
    found = outputs("../d.png", tree / "x" / "b.png", output="out")
    assert sorted(found.values()) == ["out/b.png", "out/d.png"]


def test_two_listed_files_of_one_name_are_refused(tree):
    with pytest.raises(OutputCollision, match="both"):
        outputs("a.png", tree / "a.png", output="out")


def test_without_an_output_folder_clean_images_go_beside_the_noisy_ones(tree):
    assert outputs("x/b.png", "../d.png") == {
        "x/b.png": "x/b-clean.png",
        "../d.png": "../d-clean.png",
    }


def test_a_listed_folder_is_walked(tree):
    assert outputs("x", output="out") == {"x/b.png": "out/x/b.png", "x/y/c.png": "out/x/y/c.png"}
    assert outputs("x")["x/y/c.png"] == "x-clean/y/c.png"


def test_what_is_listed_twice_is_cleaned_once(tree):
    assert len(outputs("x/b.png", "x", "x/b.png", output="out")) == 2
    listed = parse_file_list(f"x/b.png\n{tree}/x/b.png\nx".encode(), "list")
    assert len(make_plan([], FileRules(in_place=True), listed).jobs) == 2


def test_a_list_comes_on_top_of_named_inputs(tree):
    assert outputs("x/b.png", inputs=["a.png"], output="out") == {
        "a.png": "out/a.png",
        "x/b.png": "out/x/b.png",
    }


def test_a_missing_file_is_named_with_its_line(tree):
    with pytest.raises(InputNotFound, match=r"list, line 3: nowhere\.png does not exist"):
        outputs("a.png", "", "nowhere.png")


def test_one_journal_serves_a_list_in_place(tree):
    listed = parse_file_list(b"a.png\nx/b.png\nx/y/c.png", "list")
    plan = make_plan([], FileRules(in_place=True), listed)
    assert {job.root for job in plan.jobs} == {Path()}


def test_an_image_called_minus_is_not_taken_for_stdin(tree):
    Path("-").write_bytes(PNG)
    listed = parse_file_list(b"-\na.png", "list")
    plan = make_plan([], FileRules(output="out", resume=True), listed)
    assert not any(job.from_stdin or job.to_stdout for job in plan.jobs)
    assert plan.jobs[0].input == tree / "-"
    assert {job.root for job in plan.jobs} == {tree / "out"}


def test_a_list_that_is_empty_or_missing_is_refused(tree):
    Path("empty").write_text("\n\n")
    with pytest.raises(NothingToDo, match="no path in empty"):
        read_file_list("empty")
    with pytest.raises(InputNotFound, match="cannot be opened"):
        read_file_list("nowhere")


def test_a_file_as_output_folder_is_refused(tree):
    Path("file.png").write_bytes(PNG)
    with pytest.raises(InvalidSetting, match=r"file\.png is a file"):
        outputs("a.png", "x/b.png", output="file.png")


def test_a_hundred_thousand_files_are_planned_in_seconds(tmp_path, monkeypatch):
    """In time that grows with their number, not with its square."""

    def seconds_for(count):
        folder = tmp_path / str(count)
        folder.mkdir()
        monkeypatch.chdir(folder)
        for index in range(count):
            parent = Path(f"{index // 100}")
            if index % 100 == 0:
                parent.mkdir()
            (parent / f"{index}.png").write_bytes(PNG)
        content = "\n".join(f"{index // 100}/{index}.png" for index in range(count)).encode()
        started = time.perf_counter()
        plan = make_plan([], FileRules(output="out"), parse_file_list(content, "list"))
        assert len(plan.jobs) == count
        return time.perf_counter() - started

    assert seconds_for(8000) < 12 * max(seconds_for(2000), 0.05)
