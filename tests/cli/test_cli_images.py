"""The options on images, from the command line to the file: what is asked for, and no more."""

import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import ENVIRONMENT, IDENTITY, command, noise_image
from PIL import Image, PngImagePlugin
from rich.console import Console

import imgclean as api
from imgclean.cli.reporting import Display
from imgclean.events import Skipped
from imgclean.images.read import read_image

UNCHANGED = {"PYTHONPATH": IDENTITY}
RANDOM = np.random.default_rng(0)


def pixels(path):
    return read_image(Path(path)).samples.squeeze()


@pytest.fixture
def denoise(imgclean):
    """Run `imgclean denoise` with the model that returns its input, or with a real one."""

    def run(*arguments, weights=None):
        which = ["--weights", weights] if weights else ["--model", "identity"]
        return imgclean("denoise", *arguments, *which, "--json", env=UNCHANGED)

    return run


def twelve_bits():
    """Return a smooth picture with noise, of 12 bits in 16."""
    rows, columns = np.mgrid[:60, :80]
    smooth = 1500 + 12 * rows + 9 * columns + RANDOM.normal(0, 150, rows.shape)
    return smooth.clip(0, 4095).astype(np.uint16)


@pytest.mark.parametrize("choice", ["auto", "dtype", "percentile:1,99", "0,4095"])
def test_the_range_is_what_noise_is_judged_in(denoise, small_set, choice):
    deep = twelve_bits()
    wild = (RANDOM.random((40, 50)) * 3 - 1).astype(np.float32)  # leaves 0 to 1
    tifffile.imwrite("deep.tif", deep, photometric="minisblack")
    tifffile.imwrite("wild.tif", wild, photometric="minisblack")
    run = denoise("deep.tif", "wild.tif", "-o", "out", "--range", choice, weights=small_set)
    assert run.code == 0
    for name, noisy in (("deep", deep), ("wild", wild)):
        expected = api.denoise(noisy, weights=str(small_set), range=choice)
        np.testing.assert_array_equal(pixels(f"out/{name}.tif"), expected)
        assert (expected != noisy).any()
    warned = [line for line in run.events("warning") if line["error"] == "RangeNearlyEmpty"]
    if choice in ("auto", "dtype"):
        (warning,) = [line for line in warned if line["input"] == "deep.tif"]
        assert "--range" in warning["message"]
        assert f"warning: {warning['message']}" in run.stderr
    else:
        assert not [line for line in warned if line["input"] == "deep.tif"]


def test_pages_channels_and_a_part_are_taken_from_a_hyperstack(denoise):
    data = RANDOM.integers(0, 60000, (3, 2, 40, 50), np.uint16)  # depth, channels
    labels = [f"plane {n}" for n in range(6)]
    metadata = {"axes": "ZCYX", "spacing": 2.5, "unit": "um", "Labels": labels}
    tifffile.imwrite("stack.tif", data, imagej=True, metadata=metadata)
    chosen = ["--pages", "2-3", "--channels", "2", "--crop", "5,7,20,11"]
    run = denoise("stack.tif", *chosen)
    assert run.code == 0
    assert run.events("done")[0] | {"pages": 2, "width": 20, "height": 11} == run.events("done")[0]
    with tifffile.TiffFile("stack-clean.tif") as clean:
        np.testing.assert_array_equal(clean.asarray(), data[1:, 1, 7:18, 5:25])
        assert clean.series[0].axes == "ZYX"
        said = clean.imagej_metadata
    assert (said["slices"], said["spacing"], said["unit"]) == (2, 2.5, "um")
    assert said["Labels"] == ["plane 3", "plane 5"]


def test_a_part_is_cut_out_of_every_image_that_holds_it(denoise):
    rows, columns = np.mgrid[:40, :60]
    samples = np.stack([4 * rows, 4 * columns, 200 - rows - columns], axis=2).astype(np.uint8)
    Path("photos").mkdir()
    Image.fromarray(samples).save("photos/a.png")
    Image.fromarray(samples).save("photos/b.jpg", quality=95)
    Image.fromarray(samples[:20, :20]).save("photos/small.png")
    decoded = pixels("photos/b.jpg")
    run = denoise("photos", "-o", "out", "--crop", "16,8,24,16")
    assert run.code == 3
    part = (slice(8, 24), slice(16, 40))
    np.testing.assert_array_equal(pixels("out/a.png"), samples[part])
    difference = pixels("out/b.jpg").astype(int) - decoded[part]
    assert np.abs(difference).mean() < 3  # encoded once more, along other blocks
    (failed,) = run.events("failed")
    assert failed["error"] == "UnsupportedImage"
    assert "--crop reaches beyond its 20 x 20 pixels" in failed["message"]


def talkative(folder, icc):
    """Write the same image as PNG, JPEG and TIFF, each with all that a file can say."""
    Path(folder).mkdir()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Secret maker", 6
    exif.get_ifd(0x8825)[29] = "2024:05:07"
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- Secret packet --></x:xmpmeta>'
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Secret author")
    texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
    image = Image.fromarray(noise_image(24, 32))
    image.save(f"{folder}/a.png", exif=exif, icc_profile=icc, pnginfo=texts)
    image.save(f"{folder}/b.jpg", exif=exif, icc_profile=icc, xmp=xmp, comment=b"Secret comment")
    extra = [(34675, 7, len(icc), icc, True), (700, 1, len(xmp), xmp, True)]
    tags = {"description": "Secret words", "software": "Secret", "extratags": [*extra]}
    tags["extratags"].append((274, 3, 1, 6, True))
    tifffile.imwrite(f"{folder}/c.tif", np.asarray(image), photometric="rgb", metadata=None, **tags)


def test_stripped_files_say_how_they_are_shown_and_nothing_else(denoise, srgb):
    talkative("photos", srgb)
    assert denoise("photos", "-o", "out", "--strip-metadata").code == 0
    for name in ("a.png", "b.jpg", "c.tif"):
        before, after = Path("photos", name).read_bytes(), Path("out", name).read_bytes()
        assert b"Secret" in before
        for gone in (b"Secret", b"2024:05:07", b"imgclean", b"xmpmeta"):
            assert gone not in after, (name, gone)
        with Image.open(Path("out", name)) as image:
            assert image.getexif()[0x0112] == 6
            assert image.info["icc_profile"] == srgb


@pytest.fixture
def srgb():
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def packet(path):
    """Return the XMP packet of a file, as other programs find it."""
    if Path(path).suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            tag = file.pages[0].tags.get(700)
            return tag.value if tag else b""
    with Image.open(path) as image:
        return image.info.get("xmp", b"")


def test_a_clean_image_says_so_and_is_not_cleaned_again(denoise, imgclean, small_set, srgb):
    talkative("photos", srgb)
    pages = RANDOM.integers(0, 60000, (3, 20, 30), np.uint16)
    tifffile.imwrite("photos/d-stack.tif", pages, photometric="minisblack")
    names = ["a.png", "b.jpg", "c.tif", "d-stack.tif"]
    assert denoise("photos", "-o", "once", weights=small_set).code == 0
    sha256 = json.loads(Path(small_set, "config.json").read_text())["sha256"]
    noted = f"imgclean {api.__version__}", "model dncnn", f"weights dncnn-small sha256:{sha256}"
    for name in names:
        for part in noted:
            assert part.encode() in packet(f"once/{name}"), (name, part)
    assert b"Secret packet" in packet("once/a.png")
    line = ["denoise", "once", "-o", "twice", "--weights", small_set]
    second = imgclean(*line, "--json")
    assert second.code == 0
    skipped = {event["input"]: event["message"] for event in second.events("skipped")}
    assert set(skipped) == {f"once/{name}" for name in names}
    for name, message in skipped.items():
        assert message == f"cleaned before by {noted[0]}; --again cleans it anew"
        assert f"{name}: {message}" in second.stderr
    quiet = imgclean(*line, "--quiet")
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, "", "")
    assert list(Path("twice").rglob("*.*g")) == []
    again = imgclean(*line, "--again", "--json")
    assert again.lines[-1]["done"] == len(names)
    assert packet("twice/a.png").count(b"softwareAgent") == 2
    silent = imgclean(*line[:2], "-o", "thrice", *line[4:], "--again", "--no-provenance", "--json")
    assert silent.lines[-1]["done"] == len(names)
    assert all(packet(f"thrice/{name}") == packet(f"once/{name}") for name in names)


def test_an_image_beyond_the_limit_fails_alone(denoise):
    Path("photos").mkdir()
    Image.fromarray(noise_image(100, 101)).save("photos/large.png")
    Image.fromarray(noise_image(100, 100)).save("photos/small.png")
    run = denoise("photos", "-o", "out", "--max-pixels", "0.01")
    assert run.code == 3
    (failed,) = run.events("failed")
    assert (failed["input"], failed["error"]) == ("photos/large.png", "UnsupportedImage")
    assert "--max-pixels raises the limit" in failed["message"]


def test_what_alpha_hides_neither_shows_nor_changes(denoise, small_set):
    rows, columns = np.mgrid[:64, :80]
    seen = (100 + rows + RANDOM.normal(0, 10, rows.shape)).clip(0, 255).astype(np.uint8)
    picture = np.stack([seen, seen // 2, 200 - seen // 2, np.full_like(seen, 255)], axis=2)
    hidden = (rows - 30) ** 2 + (columns - 40) ** 2 < 400
    picture[hidden, 3] = 0
    results = {}
    for name, colour in {"garish": (255, 0, 255), "neutral": (120, 60, 140)}.items():
        picture[hidden, :3] = colour
        Image.fromarray(picture).save(f"{name}.png")
    run = denoise("garish.png", "neutral.png", "-o", "out", weights=small_set)
    assert run.code == 0
    results = {name: pixels(f"out/{name}.png") for name in ("garish", "neutral")}
    assert (results["garish"][hidden] == (255, 0, 255, 0)).all()
    assert (results["neutral"][hidden] == (120, 60, 140, 0)).all()
    visible = {name: result[~hidden].astype(int) for name, result in results.items()}
    assert np.abs(visible["garish"] - visible["neutral"]).max() <= 1
    assert (visible["garish"][:, :3] != picture[~hidden][:, :3]).any()


def test_sixteen_bits_stay_sixteen_and_byte_orders_stay(denoise, small_set):
    samples = noise_image(50, 70, dtype=np.uint16)
    tifffile.imwrite("little.tif", samples, photometric="rgb")
    tifffile.imwrite("big.tif", samples, photometric="rgb", byteorder=">", compression="zlib")
    tifffile.imwrite(
        "stack.tif", samples[None, ..., 0].repeat(3, 0), photometric="minisblack", byteorder=">"
    )
    assert denoise("little.tif", "-o", "deep.png").code == 0  # written by the program itself
    names = ["deep.png", "little.tif", "big.tif", "stack.tif"]
    run = denoise(*names, "-o", "out", "--again", weights=small_set)
    assert {line["dtype"] for line in run.events("done")} == {"uint16"}
    expected = api.denoise(samples, weights=str(small_set))
    assert len(np.unique(expected)) > 256
    for name in names[:3]:
        np.testing.assert_array_equal(pixels(f"out/{name}"), expected)
    page = api.denoise(samples[..., 0], weights=str(small_set))
    np.testing.assert_array_equal(tifffile.imread("out/stack.tif", key=2), page)
    for name, order in (("little", b"II"), ("big", b"MM"), ("stack", b"MM")):
        assert Path(f"out/{name}.tif").read_bytes()[:2] == order
    with tifffile.TiffFile("out/big.tif") as file:
        assert file.pages[0].compression == tifffile.COMPRESSION.ADOBE_DEFLATE
    assert Path("out/deep.png").read_bytes()[24] == 16  # IHDR's bit depth


def test_a_stack_goes_through_a_pipe_as_through_a_file(denoise, tmp_path):
    pages = RANDOM.integers(0, 60000, (4, 20, 30), np.uint16)
    tifffile.imwrite("stack.tif", pages, imagej=True, metadata={"axes": "ZYX", "unit": "um"})
    assert denoise("stack.tif", "-o", "file.tif").code == 0
    with subprocess.Popen(["cat", "stack.tif"], stdout=subprocess.PIPE) as source:
        piped = subprocess.run(
            command("denoise", "-", "--model", "identity"),
            stdin=source.stdout,
            capture_output=True,
            env=ENVIRONMENT | UNCHANGED | {"TMPDIR": str(tmp_path)},
            timeout=120,
            check=False,
        )
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout == Path("file.tif").read_bytes()
    np.testing.assert_array_equal(tifffile.imread("file.tif"), pages)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.tif", "stack.tif"]


@pytest.mark.parametrize(("quiet", "shown"), [(False, 1), (True, 0)])
def test_a_terminal_shows_why_an_image_is_skipped(quiet, shown):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=200)
    with Display(console, 2, quiet=quiet, bar=False) as display:
        display(Skipped(input="a.png", message="cleaned before by imgclean 1"))
        display(Skipped(input="b.png"))  # finished by an earlier run, as a resume expects
    assert screen.getvalue().count("a.png: cleaned before by imgclean 1") == shown
    assert "b.png" not in screen.getvalue()
