import pytest

from imgclean.errors import OutputCollision
from imgclean.inference.journal import Journal, journaled_outputs, settings_key, sha256_of

CLEAN = sha256_of(b"clean")


def finish(root, name, content=b"clean", source="in", settings="set"):
    output = root / name
    output.parent.mkdir(parents=True, exist_ok=True)
    with Journal(root) as journal:
        journal.record(output, source, settings, sha256_of(content))
    output.write_bytes(content)
    return output


def test_a_finished_output_is_recognised_by_input_settings_and_content(tmp_path):
    output = finish(tmp_path, "sub/a.png")
    with Journal(tmp_path) as journal:
        assert journal.is_finished(output, CLEAN, "in", "set")
        assert not journal.is_finished(output, CLEAN, "other", "set")
        assert not journal.is_finished(output, CLEAN, "in", "other")
        assert not journal.is_finished(tmp_path / "b.png", CLEAN, "in", "set")
        assert not journal.is_finished(output, sha256_of(b"half"), "in", "set")


def test_a_line_that_a_crash_cut_short_spoils_no_other(tmp_path):
    first = finish(tmp_path, "a.png")
    path = tmp_path / ".imgclean" / "journal.jsonl"
    path.write_bytes(path.read_bytes() + b'{"output": "b.png", "inp')
    third = finish(tmp_path, "c.png")
    with Journal(tmp_path) as journal:
        assert journal.is_finished(first, CLEAN, "in", "set")
        assert journal.is_finished(third, CLEAN, "in", "set")
    assert journaled_outputs(tmp_path) == {first, third}


def test_two_runs_cannot_write_to_one_folder(tmp_path):
    with Journal(tmp_path), pytest.raises(OutputCollision, match="another run"):
        Journal(tmp_path)


def test_a_result_is_recognised_by_its_content_alone(tmp_path):
    finish(tmp_path, "a.png", b"clean")
    with Journal(tmp_path) as journal:
        assert journal.is_result(sha256_of(b"clean"))
        assert not journal.is_result(sha256_of(b"edited since"))


def test_an_earlier_result_is_still_known_after_a_later_one(tmp_path):
    finish(tmp_path, "a.png", b"first")
    output = finish(tmp_path, "a.png", b"second")
    with Journal(tmp_path) as journal:
        assert journal.is_result(sha256_of(b"first"))
        assert journal.is_finished(output, sha256_of(b"second"), "in", "set")


def test_results_of_folders_above_and_below_can_be_known(tmp_path):
    finish(tmp_path, "a.png", b"above")
    finish(tmp_path / "x" / "y", "b.png", b"below")
    finish(tmp_path / "z", "c.png", b"beside")
    with Journal(tmp_path / "x") as journal:
        assert not journal.is_result(sha256_of(b"above"))
        journal.adopt_neighbours()
        assert journal.is_result(sha256_of(b"above"))
        assert journal.is_result(sha256_of(b"below"))
        assert not journal.is_result(sha256_of(b"beside"))


def test_content_that_was_left_as_it_is_is_done_with_those_settings_alone(tmp_path):
    finish(tmp_path / "below", "a.png", b"as it was", sha256_of(b"as it was"), "set")
    finish(tmp_path, "b.png", b"clean")
    with Journal(tmp_path) as journal:
        assert journal.is_done(CLEAN, ["other"])
        left = sha256_of(b"as it was")
        assert not journal.is_done(left, ["set"])
        journal.adopt_neighbours()
        assert journal.is_done(left, ["more", "set"])
        assert not journal.is_done(left, ["other"])
        assert journal.is_result(left)
        journal.record(tmp_path / "c.png", left, "other", left)
        assert journal.is_done(left, ["other"])


def test_the_settings_key_changes_with_any_setting():
    assert settings_key({"a": 1, "b": None}) == settings_key({"b": None, "a": 1})
    assert settings_key({"a": 1}) != settings_key({"a": 1.5})
