"""stdin and stdout in a plan: one image, and nothing that is about files."""

from pathlib import Path

import pytest

from imgclean.errors import InvalidSetting, OutputExists
from imgclean.inference.jobs import STREAM
from imgclean.inference.plan import FileRules, make_plan

PNG = b"\x89PNG\r\n\x1a\n"
GIF = b"GIF89a"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(PNG)
    Path("b.gif").write_bytes(GIF)
    Path("photos").mkdir()
    Path("photos/a.png").write_bytes(PNG)
    return tmp_path


def job(*inputs, **rules):
    (found,) = make_plan([Path(each) for each in inputs], FileRules(**rules)).jobs
    return found


def test_stdin_goes_to_stdout(here):
    found = job("-")
    assert (found.from_stdin, found.to_stdout, found.format) == (True, True, None)
    assert job("-", output="-", format="tiff").format == "tiff"


def test_stdin_goes_to_a_named_file(here):
    found = job("-", output="x/b.tif")
    assert (found.output, found.format, found.to_stdout) == (Path("x/b.tif"), "tiff", False)


def test_a_file_goes_to_stdout_in_a_format_that_is_written(here):
    assert job("a.png", output="-").format is None
    found = job("b.gif", output="-")
    assert (found.input, found.output, found.format) == (Path("b.gif"), STREAM, "png")


def test_an_existing_output_is_refused_for_stdin_too(here):
    with pytest.raises(OutputExists):
        job("-", output="a.png")
    assert job("-", output="a.png", overwrite=True).output == Path("a.png")


@pytest.mark.parametrize(
    ("inputs", "rules"),
    [
        (["-", "a.png"], {}),
        (["-", "a.png"], {"output": "out"}),
        (["a.png", "b.gif"], {"output": "-"}),
        (["photos"], {"output": "-"}),
        (["-"], {"output": "photos"}),
        (["-"], {"output": "out/"}),
        (["-"], {"in_place": True}),
        (["-"], {"resume": True}),
        (["-"], {"overwrite": True}),
        (["a.png"], {"output": "-", "overwrite": True}),
        (["-"], {"copy_others": True}),
        (["-"], {"output": "b.xyz"}),
        ([], {}),
    ],
)
def test_what_a_pipe_cannot_do_is_refused(here, inputs, rules):
    with pytest.raises(InvalidSetting):
        job(*inputs, **rules)
