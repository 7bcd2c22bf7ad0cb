"""What people see on a terminal: the command line behind a real pseudo-terminal."""

import json
import os
import re
import subprocess

import pytest
from material import ENVIRONMENT, command

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    """Run the command line on a terminal; return the exit code, and all that reached the screen."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **environment):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            command(*arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=ENVIRONMENT | {"TERM": "xterm-256color"} | environment,
        )
        os.close(theirs)
        screen = b""
        while chunk := _read(ours):
            screen += chunk
        os.close(ours)
        return process.wait(), screen.decode()

    return run


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux's end of file
        return b""


def plain(screen):
    return _CONTROL.sub("", screen)


def test_a_folder_shows_how_many_are_done_and_ends_with_a_summary(terminal, photos, small_set):
    code, screen = terminal("denoise", "photos", "--weights", small_set)
    assert code == 0
    assert "6/6" in plain(screen)
    assert re.search(r"\d:\d\d:\d\d", plain(screen))  # time left
    assert "MP/s" in plain(screen)
    assert "6 cleaned, 1 other file ignored; 0.0 megapixels in " in plain(screen)
    assert "->" not in plain(screen)  # a line for each file only with --verbose


def test_a_bench_shows_how_far_it_is_and_what_it_measures(terminal, small_set):
    quick = "--size", "400", "--rounds", "12", "--precision", "fp32"
    code, screen = terminal("bench", "--weights", str(small_set), *quick)
    assert code == 0
    assert "dncnn-small fp32 400x400" in plain(screen)
    assert re.search(r"[1-9]\d? % +\d:\d\d:\d\d", plain(screen)), "how far, and the time left"


def test_the_progress_display_is_gone_at_the_end(terminal, photos, small_set):
    _, screen = terminal("denoise", "photos", "--weights", small_set)
    last_bar = screen.rfind("6/6")
    assert "\x1b[2K" in screen[last_bar:]  # its line is erased


def test_verbose_lists_the_files_beside_the_display(terminal, photos, small_set):
    _, screen = terminal("denoise", "photos", "--weights", small_set, "--verbose")
    assert plain(screen).count(" -> ") == 6


def test_quiet_says_nothing_at_all(terminal, photos, small_set):
    assert terminal("denoise", "photos", "--weights", small_set, "--sigma", 25, "-q") == (0, "")


def test_a_dry_run_lists_what_it_would_do(terminal, photos, small_set):
    code, screen = terminal("denoise", "photos", "--weights", small_set, "--dry-run")
    assert code == 0
    assert "photos/trip/4.png -> photos-clean/trip/4.png" in plain(screen)
    assert "6 images to clean; nothing was written" in plain(screen)


def test_no_color_holds(terminal, photos, small_set):
    (photos / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    colours = re.compile(r"\x1b\[(?:3[0-7]|9[0-7]|38;)[0-9;]*m")
    code, without = terminal("denoise", "photos", "--weights", small_set)
    assert code == 3
    assert not colours.search(without)
    environment = {"NO_COLOR": ""}
    _, with_colour = terminal(
        "denoise", "photos", "--weights", small_set, "--resume", **environment
    )
    assert colours.search(with_colour)


def test_json_on_a_terminal_is_not_broken_by_the_display(terminal, photos, small_set):
    """Each object stands on a line of its own, whatever the display draws around it."""
    _, screen = terminal("denoise", "photos", "--weights", small_set, "--sigma", 25, "--json")
    lines = _CONTROL.sub("\n", screen).splitlines()
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    assert [each["event"] for each in objects] == ["done"] * 6 + ["summary"]
    assert "MP/s" not in screen
