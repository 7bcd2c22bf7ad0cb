"""`--save-residual`: what was taken away, beside each clean image."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image


def load(name):
    with Image.open(name) as picture:
        return np.asarray(picture)


def files(folder):
    found = (path.relative_to(folder).as_posix() for path in Path(folder).rglob("*"))
    return sorted(name for name in found if not name.startswith(".") and "." in name)


@pytest.fixture
def clean(imgclean, small_set):
    def run(*arguments, code=0):
        outcome = imgclean(
            *("denoise", *arguments, "--weights", small_set, "--save-residual", "noise", "--json")
        )
        assert outcome.code == code, outcome.stderr
        return outcome

    return run


def test_it_mirrors_the_tree_and_is_the_difference_to_what_was_delivered(clean, photos):
    run = clean("photos", "--strength", "0.3", "--keep-detail", "0.5")
    assert files("noise") == files("photos-clean")
    for line in run.events("done"):
        noisy, delivered = load(line["input"]).astype(int), load(line["output"]).astype(int)
        expected = np.clip(noisy - delivered + 128, 0, 255)
        np.testing.assert_array_equal(load(line["residual"]), expected)


def test_sixteen_bits_floats_and_alpha(clean):
    deep = noise_image(dtype=np.uint16)
    tifffile.imwrite("deep.tif", deep, photometric="rgb")
    tifffile.imwrite("float.tif", (deep[..., 0] / 65535).astype(np.float32))
    Image.fromarray(noise_image(channels=4)).save("alpha.png")
    run = clean("deep.tif", "float.tif", "alpha.png", "--strength", "0.1", "-o", "out")
    assert len(run.events("done")) == 3
    change = deep.astype(int) - tifffile.imread("out/deep.tif")
    residual = tifffile.imread("noise/deep.tif")
    np.testing.assert_array_equal(residual, np.clip(change + 32768, 0, 65535))
    assert residual.dtype == np.uint16
    change = tifffile.imread("float.tif") - tifffile.imread("out/float.tif")
    np.testing.assert_array_equal(tifffile.imread("noise/float.tif"), change)
    assert load("noise/alpha.png").shape[2] == 3


def test_a_stack_goes_page_by_page_with_its_axes(clean):
    stack = noise_image(60, 50, 6, np.uint16).transpose(2, 0, 1).reshape(2, 3, 60, 50)
    tifffile.imwrite("stack.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    clean("stack.tif", "--strength", "0.1")
    cleaned = tifffile.imread("stack-clean.tif").astype(int)
    with tifffile.TiffFile("noise/stack.tif") as file:
        assert file.is_imagej
        residual = file.asarray()
    assert residual.shape == (2, 3, 60, 50)
    np.testing.assert_array_equal(residual, np.clip(stack - cleaned + 32768, 0, 65535))


def test_a_page_that_loses_something_leaves_a_residual_that_does_not(clean):
    pages = np.stack([noise_image(64, 64)] * 2)
    with tifffile.TiffWriter("lossy.tif") as writer:
        for page in pages:
            writer.write(page, photometric="rgb", compression="jpeg", compressionargs={"level": 95})
    clean("lossy.tif", "--strength", "0")
    with tifffile.TiffFile("noise/lossy.tif") as file:
        assert len(file.pages) == 2
        assert file.pages.first.compression != 7
        assert (file.asarray() == 128).all()


def test_a_jpegs_residual_is_a_png_turned_as_it_is(clean):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera maker"
    Image.fromarray(noise_image()).save("a.jpg", quality=90, exif=exif)
    clean("a.jpg")
    with Image.open("noise/a.jpg.png") as picture:
        assert (picture.format, dict(picture.getexif())) == ("PNG", {0x0112: 6})


@pytest.mark.parametrize("pages", [1, 2])
def test_stripped_metadata_are_not_in_it_either(clean, pages):
    stack = np.stack([noise_image(40, 50)] * pages)
    tifffile.imwrite("a.tif", stack, photometric="rgb", description="secret", software="secret")
    exif = Image.Exif()
    exif[0x010F] = "secret"
    Image.fromarray(noise_image()).save("b.png", exif=exif)
    for name in ("a.tif", "b.png"):
        assert b"secret" in Path(name).read_bytes()
    clean("a.tif", "b.png", "-o", "out", "--strip-metadata")
    for folder in ("out", "noise"):
        for name in ("a.tif", "b.png"):
            assert b"secret" not in Path(folder, name).read_bytes()


def test_an_empty_name_is_no_folder(imgclean):
    Image.fromarray(noise_image()).save("a.png")
    run = imgclean("denoise", "a.png", "--save-residual", "")
    assert run.code == 2
    assert "--save-residual is empty" in run.stderr
    assert sorted(path.name for path in Path().iterdir()) == ["a.png"]


def test_in_place_it_is_made_with_the_one_run_that_cleans(clean, photos):
    before = load("photos/0.png").astype(int)
    assert len(clean("photos", "--in-place").events("done")) == 6
    change = before - load("photos/0.png")
    np.testing.assert_array_equal(load("noise/0.png"), np.clip(change + 128, 0, 255))
    kept = {name: Path("noise", name).read_bytes() for name in files("noise")}
    assert len(clean("photos", "--in-place").events("skipped")) == 6
    assert {name: Path("noise", name).read_bytes() for name in files("noise")} == kept


def test_a_dry_run_says_where_it_would_be(clean, photos):
    run = clean("photos", "--dry-run")
    found = {line["input"]: line["residual"] for line in run.events("planned")}
    assert found["photos/trip/4.png"] == "noise/trip/4.png"
    assert not Path("noise").exists()


def test_an_existing_one_stops_the_run_before_it_starts(clean, photos):
    Path("noise").mkdir()
    Path("noise/3.png").write_bytes(b"mine")
    run = clean("photos", code=2)
    assert "noise/3.png exists" in run.stderr
    assert not Path("photos-clean").exists()
    clean("photos", "--overwrite")
    assert load("noise/3.png").shape == (43, 50, 3)


def test_a_resumed_run_makes_those_that_are_missing_and_leaves_the_others(clean, photos):
    clean("photos")
    Path("noise/1.png").unlink()
    Path("photos-clean/2.png").unlink()
    run = clean("photos", "--resume")
    assert sorted(line["input"] for line in run.events("done")) == ["photos/1.png", "photos/2.png"]
    assert len(run.events("skipped")) == 4
    assert files("noise") == files("photos-clean")


def test_a_residual_that_somebody_changed_is_not_replaced(clean, photos):
    clean("photos")
    Image.fromarray(noise_image()).save("noise/1.png")
    mine = Path("noise/1.png").read_bytes()
    run = clean("photos", "--resume", code=3)
    (line,) = run.events("failed")
    assert "noise/1.png was changed since" in line["message"]
    assert Path("noise/1.png").read_bytes() == mine


def test_a_run_that_was_cut_off_between_the_two_files_is_taken_up_again(clean, photos):
    """As after a kill: the residual is in its place and journaled, the clean image is not."""
    clean("photos")
    Path("photos-clean/1.png").unlink()
    journal = Path("photos-clean/.imgclean/journal.jsonl")
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if json.loads(line)["output"] != "1.png"))
    run = clean("photos", "--resume")
    assert [line["input"] for line in run.events("done")] == ["photos/1.png"]


def test_one_that_no_png_holds_fails_its_file_alone_and_writes_nothing_of_it(clean):
    Path("in").mkdir()
    Image.fromarray(noise_image(channels=4), "CMYK").save("in/inks.jpg")
    Image.fromarray(noise_image()).save("in/a.png")
    (line,) = clean("in", code=3).events("failed")
    assert line["input"] == "in/inks.jpg"
    assert "noise/inks.jpg.png: PNG cannot hold CMYK images" in line["message"]
    assert "without --save-residual" in line["message"]
    assert files("in-clean") == files("noise") == ["a.png"]


def test_a_residual_that_cannot_be_written_leaves_the_input_in_place_as_it_was(clean):
    Image.fromarray(noise_image()).save("a.png")
    before = Path("a.png").read_bytes()
    Path("noise/a.png").mkdir(parents=True)
    run = clean("a.png", "--in-place", "--overwrite", code=4)
    assert "noise/a.png" in run.events("failed")[0]["message"]
    assert Path("a.png").read_bytes() == before
    assert not list(Path("noise").glob("*.part"))
