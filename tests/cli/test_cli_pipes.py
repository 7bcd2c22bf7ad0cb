"""An image through stdin and stdout."""

import io
import os
import subprocess

import numpy as np
import pytest
import tifffile
from material import ENVIRONMENT, command, noise_image
from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def pipe(tmp_path):
    """Run the command line on bytes."""

    def run(*arguments, content=b""):
        return subprocess.run(
            command("denoise", *arguments),
            cwd=tmp_path,
            input=content,
            capture_output=True,
            env=ENVIRONMENT,
            timeout=120,
            check=False,
        )

    return run


def encoded(form="PNG", **options):
    stream = io.BytesIO()
    Image.fromarray(noise_image(24, 32)).save(stream, form, **options)
    return stream.getvalue()


def decoded(content):
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_an_image_goes_through_in_its_own_format(pipe, small_set, form):
    content = encoded(form)
    done = pipe("-", "--weights", small_set, content=content)
    assert done.returncode == 0, done.stderr
    clean = decoded(done.stdout)
    assert (clean.format, clean.size) == (form, (32, 24))
    assert clean.tobytes() != decoded(content).tobytes()
    assert b"- -> -" in done.stderr  # what there is to say goes there


@pytest.mark.parametrize("kind", ["jpeg", "page", "stack"])
def test_an_image_that_nothing_is_done_to_goes_through_byte_for_byte(pipe, small_set, kind):
    content = encoded("JPEG", quality=60)
    if kind != "jpeg":
        stream = io.BytesIO()
        pages = np.stack([noise_image(24, 32)] * (1 if kind == "page" else 3))
        tifffile.imwrite(stream, pages, photometric="rgb", software="microscope")
        content = stream.getvalue()
    done = pipe("-", "--weights", small_set, "--strength", "0", content=content)
    assert done.returncode == 0, done.stderr
    assert done.stdout == content


def test_a_pipe_gives_what_a_file_gives(pipe, small_set, tmp_path):
    (tmp_path / "a.png").write_bytes(encoded())
    assert pipe("a.png", "-o", "b.png", "--weights", small_set).returncode == 0
    expected = decoded((tmp_path / "b.png").read_bytes()).tobytes()
    for arguments, content in ((["a.png"], b""), (["-"], encoded())):
        done = pipe(*arguments, "-o", "-", "--weights", small_set, content=content)
        assert decoded(done.stdout).tobytes() == expected
    done = pipe("-", "-o", "c.png", "--weights", small_set, content=encoded())
    assert (done.returncode, done.stdout) == (0, b"")
    assert decoded((tmp_path / "c.png").read_bytes()).tobytes() == expected


def test_another_format_can_be_asked_for(pipe, small_set):
    done = pipe("-", "--weights", small_set, "--format", "jpeg", content=encoded())
    assert decoded(done.stdout).format == "JPEG"


def test_a_format_without_an_encoder_comes_out_as_its_substitute(pipe, small_set, tmp_path):
    gif = encoded("GIF")
    done = pipe("-", "--weights", small_set, content=gif)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(PNG)


@pytest.mark.parametrize("content", [b"", encoded()[:100], b"no image"])
def test_what_is_no_image_fails_and_nothing_comes_out(pipe, small_set, content):
    done = pipe("-", "--weights", small_set, content=content)
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"failed: " in done.stderr


def test_json_and_an_image_do_not_share_stdout(pipe, small_set):
    done = pipe("-", "--weights", small_set, "--json", content=encoded())
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--json" in done.stderr


def test_a_file_called_minus_has_a_longer_name(pipe, small_set, tmp_path):
    (tmp_path / "-").write_bytes(encoded())
    done = pipe("./-", "-o", "out/", "--weights", small_set)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "-").read_bytes().startswith(PNG)


def test_a_reader_that_closes_its_pipe_is_a_failure_without_a_traceback(small_set, tmp_path):
    (tmp_path / "a.png").write_bytes(encoded())
    with subprocess.Popen(
        command("denoise", "a.png", "-o", "-", "--weights", small_set),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        process.stdout.close()
        messages = process.stderr.read()
        assert process.wait(60) != 0
    assert b"Traceback" not in messages
    assert b"Exception ignored" not in messages


def test_a_terminal_gets_no_image_and_gives_none(small_set, tmp_path):
    pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")
    (tmp_path / "a.png").write_bytes(encoded())
    ours, theirs = pty.openpty()
    try:
        for arguments, expected in (
            (["a.png", "-o", "-"], b"an image does not go to a terminal"),
            (["-", "-o", "b.png"], b"there is no image on stdin"),
        ):
            done = subprocess.run(
                command("denoise", *arguments, "--weights", small_set),
                cwd=tmp_path,
                stdin=theirs,
                stdout=theirs,
                stderr=subprocess.PIPE,
                env=ENVIRONMENT,
                timeout=60,
                check=False,
            )
            assert done.returncode == 2
            assert expected in done.stderr
    finally:
        os.close(ours)
        os.close(theirs)
