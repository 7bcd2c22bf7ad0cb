"""Images that nothing is done to: their files stay as they are, and nothing says otherwise."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image

ALL = "gray.jpg", "inks.jpg", "plain.jpg", "other.webp", "deep.tif", "stack.tif"
NOTE = b"model dncnn"


@pytest.fixture
def plain(tmp_path):
    """Return a folder of files that lose something if they are written anew, and of stacks."""
    folder = tmp_path / "in"
    folder.mkdir()
    even = np.full((64, 80, 3), 120, np.uint8)
    even[:, 40:] = 80, 90, 200
    Image.fromarray(even[..., 0]).save(folder / "gray.jpg", quality=60)
    Image.fromarray(even[..., [0, 1, 2, 2]], "CMYK").save(folder / "inks.jpg", quality=60)
    Image.fromarray(even).save(folder / "plain.jpg", quality=60)
    Image.fromarray(even).save(folder / "other.webp", quality=60)
    deep = even[..., 0].astype(np.uint16) * 200
    tifffile.imwrite(folder / "deep.tif", deep, software="microscope")
    tifffile.imwrite(folder / "stack.tif", np.stack([deep] * 3), photometric="minisblack")
    for path in folder.iterdir():
        os.utime(path, (1e9, 1e9))
    return folder


@pytest.fixture
def clean(imgclean, small_set):
    def run(*arguments, **options):
        outcome = imgclean("denoise", *arguments, "--weights", small_set, "--json", **options)
        assert outcome.code == 0, outcome.stderr
        return outcome

    return run


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("[!.]*.*"))}


@pytest.mark.parametrize(
    ("control", "names"),
    [
        (["--strength", "auto"], ALL),
        (["--strength", "0"], ALL),
        (["--chroma-only"], ("gray.jpg", "inks.jpg", "deep.tif", "stack.tif")),
    ],
)
def test_they_are_copied_and_a_later_run_cleans_them(clean, plain, control, names):
    run = clean("in", *control)
    assert len(run.events("done")) == len(ALL)
    for name in names:
        source, copy = plain / name, Path("in-clean", name)
        assert copy.read_bytes() == source.read_bytes(), name
        assert copy.stat().st_mtime == 1e9, name
    assert len(clean("in", *control, "--resume").events("skipped")) == len(ALL)
    later = clean("in-clean", "-o", "later")
    assert {Path(line["input"]).name for line in later.events("done")} == set(names)


def test_in_place_they_are_left_alone_until_other_settings_change_them(clean, plain):
    before = contents(plain)
    nodes = {name: (plain / name).stat().st_ino for name in ("plain.jpg", "deep.tif")}
    assert len(clean("in", "--in-place", "--strength", "auto").events("done")) == len(ALL)
    assert contents(plain) == before
    assert {name: (plain / name).stat().st_ino for name in nodes} == nodes
    again = clean("in", "--in-place", "--strength", "auto")
    assert len(again.events("skipped")) == len(ALL)
    assert len(clean("in", "--in-place").events("done")) == len(ALL)
    changed = contents(plain)
    assert all(changed[name] != before[name] for name in ALL)
    for other in ([], ["--strength", "auto"]):
        assert len(clean("in", "--in-place", *other, "--again").events("skipped")) == len(ALL)
    assert contents(plain) == changed


@pytest.mark.parametrize(
    "asked",
    [
        ["--format", "png", "--exclude", "stack.tif", "--exclude", "inks.jpg"],
        ["--strip-metadata"],
        ["--quality", "90", "--exclude", "*.tif"],
        ["--crop", "0,0,60,60"],
        ["--pages", "1"],
    ],
)
def test_another_file_that_was_asked_for_is_written_without_a_note(clean, plain, asked):
    clean("in", "--strength", "0", *asked)
    after = contents("in-clean")
    assert len(after) >= 4
    assert not any(NOTE in content for content in after.values())
    if "--strip-metadata" in asked:
        assert b"microscope" not in after["deep.tif"]
    else:
        assert "--pages" in asked or after.get("plain.jpg") != (plain / "plain.jpg").read_bytes()


def test_of_its_own_format_by_another_name_a_file_is_copied_too(clean, plain):
    clean("in/plain.jpg", "--strength", "0", "-o", "new.jpeg")
    assert Path("new.jpeg").read_bytes() == (plain / "plain.jpg").read_bytes()


def test_what_is_cleaned_has_its_note(clean, plain):
    tifffile.imwrite(plain / "page.tif", noise_image(64, 64), photometric="rgb")
    two = np.stack([noise_image(64, 64)] * 2)
    tifffile.imwrite(plain / "pages.tif", two, photometric="rgb")
    clean("in", "--strength", "auto")
    noted = {name for name, content in contents("in-clean").items() if NOTE in content}
    assert noted == {"page.tif", "pages.tif"}


def test_a_stack_of_gray_and_colour_pages_is_cleaned_for_its_chroma_and_noted(clean):
    with tifffile.TiffWriter("mixed.tif") as writer:
        writer.write(noise_image(64, 64)[..., 0], photometric="minisblack")
        writer.write(noise_image(64, 64), photometric="rgb")
    clean("mixed.tif", "--chroma-only")
    with tifffile.TiffFile("mixed.tif") as noisy, tifffile.TiffFile("mixed-clean.tif") as after:
        before, cleaned = ([page.asarray() for page in each.pages] for each in (noisy, after))
    np.testing.assert_array_equal(cleaned[0], before[0])
    assert (cleaned[1] != before[1]).any()
    assert NOTE in Path("mixed-clean.tif").read_bytes()


def test_their_residual_is_even(clean, plain):
    clean("in", "--strength", "0", "--exclude", "inks.jpg", "--save-residual", "noise")
    assert contents("in-clean").items() <= contents(plain).items()
    with Image.open("noise/plain.jpg.png") as picture:
        assert set(np.asarray(picture).flat) == {128}
    assert (tifffile.imread("noise/stack.tif") == 32768).all()
    shutil.rmtree("noise")
    clean(
        "in", "--strength", "0", "--exclude", "inks.jpg", "--in-place", "--save-residual", "noise"
    )
    assert contents("in-clean").items() <= contents(plain).items()
    assert len(contents("noise")) == len(ALL) - 1
