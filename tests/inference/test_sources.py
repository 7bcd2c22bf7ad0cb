"""What the reader makes of files that are removed, replaced, done before or too much for it."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image

from imgclean.errors import UnreadableImage, UnsupportedImage, UnwritableImage
from imgclean.images.metadata.provenance import note_provenance
from imgclean.images.picture import Picture
from imgclean.inference import sources
from imgclean.inference.image_rules import ImageRules
from imgclean.inference.jobs import STREAM, FileRules, Job
from imgclean.inference.records import Records
from imgclean.inference.source import Finished, Source
from imgclean.inference.sources import Reader
from imgclean.inference.stack_source import StackSource

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, output: Path | None = None, rules: Any = None, **job: Any) -> Source:
    output = output or path.with_name("clean")
    records = Records((), FileRules(), ImageRules())
    reader = Reader(records, (), rules or ImageRules())
    return reader.read(Job(path, output, job.get("format"), None, job.get("residual")))


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    Image.fromarray(noise_image(9, 7)).save(path)
    return path


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.zeros((3, 9, 7), np.uint16), photometric="minisblack")
    return path


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Have something happen right after the content of a file was read."""
    original = sources.read_bytes

    def reading(*arguments: Any) -> bytes:
        data = original(*arguments)
        act()
        return data

    monkeypatch.setattr(sources, "read_bytes", reading)


def test_a_file_that_is_replaced_while_it_is_read_is_refused_by_name(png, monkeypatch, tmp_path):
    newer = tmp_path / "newer.png"
    Image.fromarray(noise_image(9, 7, seed=1)).save(newer)
    meanwhile(monkeypatch, lambda: newer.replace(png))
    error = read(png).content
    assert isinstance(error, UnreadableImage)
    assert str(error) == f"{png}: was changed while it was read"
    assert error.hint == "run again when nothing writes to it"


def test_a_file_that_only_gets_longer_while_it_is_read_is_refused(png, monkeypatch):
    status = png.stat()

    def append() -> None:
        with png.open("ab") as stream:
            stream.write(b"more")
        os.utime(png, ns=(status.st_atime_ns, status.st_mtime_ns))

    meanwhile(monkeypatch, append)
    assert isinstance(read(png).content, UnreadableImage)


def test_a_file_that_is_removed_once_it_was_read_is_an_image(png, monkeypatch):
    meanwhile(monkeypatch, png.unlink)
    source = read(png)
    assert isinstance(source.content, Picture)
    assert source.status is not None  # the clean image gets its mode and time all the same


def test_what_is_not_there_is_an_error_and_no_exception(tmp_path):
    error = read(tmp_path / "gone.png").content
    assert isinstance(error, UnreadableImage)
    assert str(error) == f"{tmp_path}/gone.png: cannot be opened: no such file or directory"


def test_an_exception_of_the_reader_itself_fails_the_file_alone(png, monkeypatch):
    monkeypatch.setattr(sources, "decode_image", lambda *_: 1 / 0)
    error = read(png).content
    assert isinstance(error, UnreadableImage)
    assert str(error) == f"{png}: ZeroDivisionError: division by zero"


def test_a_stack_that_changed_is_closed_again(stack, monkeypatch):
    original, closed = sources.open_stack, []

    def opening(*arguments: Any) -> StackSource:
        opened = original(*arguments)
        opened.on_close = lambda: closed.append(opened)
        os.utime(stack, ns=(0, 0))
        return opened

    monkeypatch.setattr(sources, "open_stack", opening)
    assert isinstance(read(stack).content, UnreadableImage)
    assert len(closed) == 1


def test_what_has_no_residual_is_refused_once_it_is_read(tmp_path):
    path = tmp_path / "inks.jpg"
    Image.fromarray(noise_image(9, 7, 4), "CMYK").save(path)
    away = tmp_path / "noise"
    residual = Job(path, away / "inks.jpg.png", "png", away)
    assert isinstance(read(path).content, Picture)
    error = read(path, residual=residual).content
    assert isinstance(error, UnwritableImage)
    assert str(error) == f"{away}/inks.jpg.png: PNG cannot hold CMYK images"
    assert error.hint == "clean it without --save-residual"


def test_only_a_pipe_gets_what_was_cleaned_before(png, stack):
    note = note_provenance(None, agent="imgclean 9", parameters="model x")
    with Image.open(png) as image:
        image.save(png.with_suffix(".jpg"), xmp=note)
    tifffile.imwrite(
        stack,
        np.zeros((3, 9, 7), np.uint16),
        photometric="minisblack",
        extratags=[(700, 1, len(note), note, True)],
    )
    for path in (png.with_suffix(".jpg"), stack):
        reason = "cleaned before by imgclean 9; --again cleans it anew"
        assert read(path).content == Finished(reason)
        assert read(path, STREAM).content == Finished(reason, path.read_bytes())
        again = read(path, rules=ImageRules(again=True)).content
        assert isinstance(again, Picture | StackSource)
        if isinstance(again, StackSource):
            again.close()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX waits for pipes with a limit")
def test_a_silent_pipe_does_not_keep_a_run_from_ending(monkeypatch):
    ours, theirs = os.pipe()
    asked = iter([False, False, True])  # the user asks to stop after a piece came
    with os.fdopen(ours, "rb") as stream, os.fdopen(theirs, "wb", buffering=0) as writer:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
        writer.write(b"the beginning of an image")
        records = Records((), FileRules(), ImageRules())
        reader = Reader(records, (), ImageRules(), is_stopping=lambda: next(asked))
        source = reader.read(Job(STREAM, STREAM, None, None))
    assert str(source.content) == "stdin: the run was stopped while it was read"


def test_what_could_not_be_written_is_refused_before_it_costs_work(stack, tmp_path):
    deep = tmp_path / "deep.tif"
    tifffile.imwrite(deep, noise_image(dtype=np.uint16), photometric="rgb")
    error = read(deep, tmp_path / "flat.jpg", format="jpeg").content
    assert isinstance(error, UnwritableImage)
    assert str(error) == f"{tmp_path}/flat.jpg: JPEG cannot hold uint16 samples"
    error = read(stack, tmp_path / "x.png", format="png").content
    assert isinstance(error, UnsupportedImage)
    assert str(error) == f"{stack}: a TIFF of 3 images cannot be written as png"
