"""`imgclean inspect` says what images are, how noisy, and which weights fit."""

import errno
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile
import typer
from material import ENVIRONMENT, command
from PIL import Image
from skimage.data import astronaut

from imgclean.cli.inspect import inspect


def with_noise(sigma, shape=(256, 256, 3)):
    image = 128 + np.random.default_rng(0).normal(0, sigma, shape)
    return np.rint(image.clip(0, 255)).astype(np.uint8)


@pytest.fixture
def photo(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "maker"
    Image.fromarray(astronaut()).save(
        tmp_path / "photo.jpg", quality=83, subsampling="4:2:0", exif=exif, icc_profile=b"icc" * 50
    )
    return tmp_path / "photo.jpg"


def test_a_photo_is_described_by_what_its_file_says(imgclean, photo):
    (line,) = imgclean("inspect", "photo.jpg", "--json").lines
    assert (line["format"], line["width"], line["height"], line["pages"]) == ("jpeg", 512, 512, 1)
    assert (line["colours"], line["channels"], line["alpha"]) == ("rgb", 3, False)
    assert (line["dtype"], line["bits"]) == ("uint8", 8)
    assert (line["quality"], line["quality_exact"], line["subsampling"]) == (83, True, "4:2:0")
    assert {"exif", "icc"} <= set(line["metadata"])


def test_tables_that_are_not_libjpegs_have_the_nearest_quality(imgclean, tmp_path):
    tables = [[min(255, 3 + each // 3) for each in range(64)]] * 2
    Image.fromarray(astronaut()).save(tmp_path / "a.jpg", qtables=tables)
    (line,) = imgclean("inspect", "a.jpg", "--json").lines
    assert line["quality_exact"] is False
    assert 80 < line["quality"] < 95
    assert "quality about" in imgclean("inspect", "a.jpg").stdout


def test_white_noise_fits_the_weights_that_denoise_would_take(imgclean, tmp_path):
    Image.fromarray(with_noise(20, (256, 256))).save(tmp_path / "a.png")
    (line,) = imgclean("inspect", "a.png", "--json").lines
    assert line["level"] == pytest.approx(20, rel=0.05)
    assert [each["level"] for each in line["noise"]] == pytest.approx([20], rel=0.1)
    assert line["white"]
    assert line["fits"]
    assert "20." in line["reason"] or "19." in line["reason"]
    planned = imgclean("denoise", "a.png", "--json", "--quiet").lines[0]
    assert (line["model"], line["weights"]) == (planned["model"], planned["weights"])


def test_of_a_colour_photograph_it_is_the_choice_of_denoise_too(imgclean, photo):
    (line,) = imgclean("inspect", "photo.jpg", "--json").lines
    cleaned = imgclean("denoise", "photo.jpg", "--json", "--quiet", "--crop", "0,0,16,16").lines[0]
    assert (line["model"], line["weights"]) == (cleaned["model"], cleaned["weights"])


def test_a_channel_without_an_image_is_null_and_said(imgclean, tmp_path):
    image = with_noise(9)
    image[..., 2] = 0
    Image.fromarray(image).save(tmp_path / "a.png")
    (line,) = imgclean("inspect", "a.png", "--json").lines
    *known, blue = line["noise"]
    assert blue is None
    assert [each["level"] for each in known] == pytest.approx([9, 9], rel=0.1)
    assert line["level"] == pytest.approx(9, rel=0.1)
    assert line["fits"] is not None
    run = imgclean("inspect", "a.png")
    assert "B not to be told)" in run.stdout
    assert "B" not in run.stdout.partition("variance")[2].partition("weights")[0]


def test_of_cmyk_with_an_empty_plate_the_others_are_known(imgclean, tmp_path):
    inks = np.concatenate([with_noise(9), np.zeros((256, 256, 1), np.uint8)], axis=2)
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated")
    (line,) = imgclean("inspect", "a.tif", "--json").lines
    assert [each is None for each in line["noise"]] == [False, False, False, True]


def test_a_few_samples_out_of_all_bounds_are_no_matter(imgclean, tmp_path):
    image = (with_noise(9) / 255).astype(np.float32)
    image[::40, ::40] = 1e25
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb")
    run = imgclean("inspect", "a.tif", "--json")
    assert run.stderr == ""
    assert "NaN" not in run.stdout
    assert run.lines[0]["white"]


def test_an_image_without_noise_is_called_nearly_clean(imgclean, tmp_path):
    Image.fromarray(np.full((64, 64), 99, np.uint8)).save(tmp_path / "flat.png")
    run = imgclean("inspect", "flat.png")
    assert run.code == 0
    assert "nearly clean" in run.stdout


def test_a_stack_is_described_by_its_first_page(imgclean, tmp_path):
    stack = np.stack([with_noise(sigma, (128, 128)) for sigma in (5, 30)]).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    (line,) = imgclean("inspect", "stack.tif", "--json").lines
    assert (line["pages"], line["bits"], line["colours"]) == (2, 16, "gray")
    assert line["level"] == pytest.approx(5, rel=0.1)


def test_of_an_animation_the_first_image_is_described(imgclean, tmp_path):
    frames = [Image.fromarray(with_noise(9, (64, 64))) for _ in range(2)]
    frames[1].putpixel((0, 0), 0)
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    (line,) = imgclean("inspect", "a.gif", "--json").lines
    assert line["pages"] is None
    assert line["width"] == 64


def test_a_bad_file_is_one_line_and_the_others_go_on(imgclean, tmp_path):
    Path("in/deep").mkdir(parents=True)
    Image.fromarray(with_noise(9)).save("in/deep/a.png")
    Path("in/torn.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    run = imgclean("inspect", "in", "--json")
    assert run.code == 3
    assert run.stderr.count("\n") == 1
    torn, sound = run.lines
    assert torn["input"] == str(Path("in/torn.png"))
    assert (torn["error"], torn["width"]) == ("UnreadableImage", None)
    assert "torn.png" in torn["message"]
    assert sound["error"] is None
    assert list(torn) == list(sound)
    assert imgclean("inspect", "in/torn.png").code == 4


def test_a_folder_that_cannot_be_listed_is_named_whole_before_the_files(
    tmp_path, monkeypatch, capsys
):
    closed = tmp_path / "in" / "2024: summer"
    closed.mkdir(parents=True)
    Image.fromarray(with_noise(9, (64, 64))).save(tmp_path / "in/a.png")

    def scan(path, scan=os.scandir):
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "no")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(typer.Exit) as ended:
        inspect([tmp_path / "in"], json_lines=True)
    assert ended.value.exit_code == 3
    folder, image = map(json.loads, capsys.readouterr().out.splitlines())
    assert (folder["input"], folder["error"]) == (str(closed), "UnreadableImage")
    assert image["input"] == str(tmp_path / "in/a.png")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "stack.tif", "a.gif"])
def test_an_image_on_stdin_is_described_as_its_file(imgclean, tmp_path, name):
    image = with_noise(9, (128, 128))
    if name == "stack.tif":
        tifffile.imwrite(tmp_path / name, np.stack([image] * 2), photometric="minisblack")
    else:
        Image.fromarray(image).save(tmp_path / name)
    (of_file,) = imgclean("inspect", name, "--json").lines
    piped = subprocess.run(
        command("inspect", "-", "--json"),
        input=(tmp_path / name).read_bytes(),
        capture_output=True,
        env=ENVIRONMENT | {"TMPDIR": str(tmp_path)},
        timeout=120,
        check=False,
    )
    assert piped.returncode == 0, piped.stderr
    assert json.loads(piped.stdout) == of_file | {"input": "-"}
    assert not list(tmp_path.glob("imgclean-*"))


def test_a_large_image_is_refused_with_the_option_that_lets_it_pass(imgclean, tmp_path):
    Image.fromarray(with_noise(9, (128, 128))).save(tmp_path / "a.png")
    refused = imgclean("inspect", "a.png", "--max-pixels", "0.01")
    assert refused.code == 4
    assert "--max-pixels" in refused.stderr
    assert imgclean("inspect", "a.png", "--max-pixels", "0.02").code == 0
    assert imgclean("inspect", "a.png", "--max-pixels", "0").code == 0


def test_without_weights_the_rest_is_told(imgclean, tmp_path):
    Image.fromarray(with_noise(9)).save(tmp_path / "a.png")
    run = imgclean("--no-plugins", "inspect", "a.png", "--json")
    assert run.code == 0
    (line,) = run.lines
    assert line["level"] == pytest.approx(9, rel=0.1)
    assert {line[each] for each in ("model", "weights", "domain", "fits", "reason")} == {None}
    assert "none for it is installed" in imgclean("--no-plugins", "inspect", "a.png").stdout


def test_what_is_not_there_is_refused(imgclean):
    assert imgclean("inspect", "nowhere.png").code == 2
    Path("empty").mkdir()
    assert imgclean("inspect", "empty").code == 2


def test_the_fields_are_those_of_the_page(imgclean, photo):
    text = (Path(__file__).parents[2] / "docs/cli.md").read_text()
    section = text.partition("### JSON lines of inspect\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name.strip(" `") for row in rows for name in row.split(",")]
    (line,) = imgclean("inspect", "photo.jpg", "--json").lines
    assert list(line) == names
