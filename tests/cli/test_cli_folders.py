"""Folders and lists through the command line: whatever people have in them goes in."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from material import ENVIRONMENT, command, noise_image
from PIL import Image

posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")

ODD_NAMES = [
    b"two words.png",
    b"line\nend.png",
    "größe \N{SNOWMAN}.png".encode(),
    b"esc\x1b[31mred.png",
    b"no\xffutf8.png",
]


def save(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise_image(24, 24, seed=seed)).save(path, "PNG")
    return path


@posix
def test_names_of_any_bytes_are_cleaned_and_reported(tmp_path, small_set):
    """As bytes all the way: in the tree, in JSON lines, in messages, in the journal."""
    folder = tmp_path / "photos"
    for name in ODD_NAMES:
        save(folder / os.fsdecode(name))
    (folder / os.fsdecode(b"torn\xff\n.png")).write_bytes(b"\x89PNG\r\n\x1a\n")

    def run(*more):
        line = command("denoise", "photos", "--weights", small_set, "--json", "--verbose", *more)
        return subprocess.run(
            line, cwd=tmp_path, capture_output=True, env=ENVIRONMENT, timeout=120, check=False
        )

    first = run()
    assert first.returncode == 3, first.stderr
    clean = {os.fsencode(path.name) for path in (tmp_path / "photos-clean").glob("*.png")}
    assert clean == set(ODD_NAMES)
    lines = [json.loads(line) for line in first.stdout.splitlines()]
    done = {os.fsencode(line["input"]) for line in lines if line["event"] == "done"}
    assert done == {b"photos/" + name for name in ODD_NAMES}
    assert b"\x1b" not in first.stderr
    messages = first.stderr.decode()
    assert r"photos/line\nend.png -> photos-clean/line\nend.png" in messages
    assert r"failed: photos/torn\udcff\n.png" in messages
    again = run("--resume")
    assert again.stdout.count(b'"skipped"') == len(ODD_NAMES) + 1  # in the summary too


@posix
def test_what_is_no_file_neither_hangs_the_run_nor_gets_lost(imgclean, tmp_path, small_set):
    folder = save(tmp_path / "photos" / "a.png").parent
    os.mkfifo(folder / "pipe.png")
    (folder / "gone.png").symlink_to("nowhere")
    (folder / "loop").symlink_to(folder)
    save(tmp_path / "real.png").chmod(0o640)
    (folder / "link.png").symlink_to("../real.png")
    run = imgclean("denoise", "photos", "--weights", small_set, "--json", timeout=60)
    assert run.code == 3
    assert sorted(line["input"] for line in run.events("done")) == [
        "photos/a.png",
        "photos/link.png",
    ]
    (failed,) = run.events("failed")
    assert (failed["input"], failed["error"]) == ("photos/gone.png", "UnreadableImage")
    assert run.lines[-1]["ignored"] == 1
    clean = Path("photos-clean/link.png")
    assert not clean.is_symlink()
    assert clean.stat().st_mode & 0o777 == 0o640
    refused = imgclean("denoise", "photos/pipe.png", "--weights", small_set, timeout=60)
    assert refused.code == 2
    assert "photos/pipe.png is neither a file nor a folder" in refused.stderr


def test_a_list_of_files_keeps_their_tree(imgclean, tmp_path, small_set):
    for name in ("a.png", "x/b.png", "x/y z/c.png", "left/out.png"):
        save(tmp_path / name)
    (tmp_path / "list").write_bytes(b"a.png\0x/b.png\0x/y z/c.png\0")
    arguments = ["--files-from", "list", "-0", "-o", "out", "--weights", small_set]
    run = imgclean("denoise", *arguments)
    assert run.code == 0, run.stderr
    out = Path("out")
    clean = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))
    assert clean == ["a.png", "x/b.png", "x/y z/c.png"]
    again = imgclean("denoise", *arguments, "--resume", "--json")
    assert again.lines[-1]["skipped"] == 3


def test_a_list_comes_through_stdin_and_a_missing_file_is_named_by_its_line(tmp_path, small_set):
    save(tmp_path / "a.png")

    def run(content):
        return subprocess.run(
            command("denoise", "--files-from", "-", "--weights", small_set),
            cwd=tmp_path,
            input=content,
            capture_output=True,
            env=ENVIRONMENT,
            timeout=120,
            check=False,
        )

    missing = run(b"a.png\nnowhere.png\n")
    assert missing.returncode == 2
    assert b"error: stdin, line 2: nowhere.png does not exist" in missing.stderr
    assert not (tmp_path / "a-clean.png").exists()
    assert run(b"a.png\n").returncode == 0
    assert (tmp_path / "a-clean.png").exists()


REFUSED = {
    "no input at all": ([], "there is nothing to clean"),
    "stdin twice": (["-", "--files-from", "-"], "either an image or a list"),
    "a list that is missing": (["--files-from", "nowhere"], "nowhere: cannot be opened"),
    "zero bytes without a list": (["a.png", "-0"], "--null"),
    "a range upside down": (["a.png", "--range", "5,1"], "--range 5,1"),
    "pages from zero": (["a.png", "--pages", "0"], "--pages 0"),
    "channels that are no numbers": (["a.png", "--channels", "red"], "--channels red"),
    "half a crop": (["a.png", "--crop", "1,2"], "--crop 1,2"),
    "others of no folder": (["a.png", "--copy-others"], "no input is a folder"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_usage_error_is_one_clear_line(imgclean, tmp_path, case):
    save(tmp_path / "a.png")
    arguments, expected = REFUSED[case]
    run = imgclean("denoise", *arguments)
    assert (run.code, run.stdout) == (2, "")
    assert expected in run.stderr.splitlines()[0]


def test_other_files_are_copied_and_a_failed_copy_shows_in_the_summary(imgclean, photos, small_set):
    (photos / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Path("out/notes.txt").mkdir(parents=True)  # in the way of a copy
    arguments = ["-o", "out", "--copy-others", "--weights", small_set, "--json"]
    assert imgclean("denoise", "photos", *arguments).code == 2
    run = imgclean("denoise", "photos", *arguments, "--overwrite")
    assert run.code == 3
    assert {line["input"] for line in run.events("failed")} == {
        "photos/torn.png",
        "photos/notes.txt",
    }
    summary = run.lines[-1]
    assert (summary["done"], summary["failed"], summary["ignored"]) == (6, 2, 1)
    assert not Path("out/torn.png").exists()
    Path("out/notes.txt").rmdir()
    again = imgclean("denoise", "photos", *arguments, "--resume")
    assert again.events("failed")[0]["input"] == "photos/torn.png"
    assert Path("out/notes.txt").read_text() == "no image"
    assert "1 other file copied" in again.stderr


def test_a_format_without_an_encoder_is_told_about_before_it_is_written(
    imgclean, tmp_path, small_set
):
    image = Image.fromarray(noise_image(24, 24))
    image.save(tmp_path / "a.gif")
    run = imgclean("denoise", "a.gif", "--weights", small_set, "--dry-run")
    assert "1 GIF file is written as PNG, for want of an encoder" in run.stderr
    assert "a.gif -> a-clean.png" in run.stderr
    refused = imgclean("denoise", "a.gif", "--weights", small_set, "--in-place")
    assert refused.code == 2
    assert "a.gif: GIF is read, but not written" in refused.stderr


def test_no_limit_and_a_small_limit_of_pixels(imgclean, tmp_path, small_set):
    save(tmp_path / "a.png")
    arguments = ["denoise", "a.png", "--weights", small_set]
    small = imgclean(*arguments, "--max-pixels", "0.0005")
    assert small.code == 4
    assert "24 x 24 pixels are more than 0.0005 megapixels" in small.stderr
    assert imgclean(*arguments, "--max-pixels", "0").code == 0


def test_the_options_on_images_reach_them(imgclean, tmp_path, small_set):
    save(tmp_path / "a.png")
    arguments = ["denoise", "a.png", "--weights", small_set, "--overwrite"]
    assert imgclean(*arguments, "--crop", "3,4,10,12").code == 0
    with Image.open("a-clean.png") as clean:
        assert clean.size == (10, 12)
    again = imgclean("denoise", "a-clean.png", "-o", "b.png", "--weights", small_set, "--json")
    assert again.lines[-1]["skipped"] == 1  # it carries the note that it was cleaned
    assert imgclean(*arguments, "--no-provenance").code == 0
    again = imgclean("denoise", "a-clean.png", "-o", "b.png", "--weights", small_set, "--json")
    assert again.lines[-1]["done"] == 1
    for option in ("--pages", "--channels"):
        run = imgclean(*arguments, option, "2")
        assert run.code == 4
        assert f"it has no {option[2:-1]} 2" in run.stderr
    assert imgclean(*arguments, "--range", "0,128", "--strip-metadata").code == 0
