"""Where `--save-residual` puts what was taken away, and what it refuses before the run."""

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image

from imgclean.errors import InvalidSetting, OutputCollision, OutputExists
from imgclean.inference.file_list import Listed
from imgclean.inference.plan import FileRules, make_plan


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("photos", "trip")
    folder.mkdir(parents=True)
    Image.fromarray(noise_image()).save("photos/a.png")
    Image.fromarray(noise_image()).save("photos/trip/b.JPG", "jpeg")
    tifffile.imwrite("photos/c.tiff", np.zeros((4, 5), np.float32))


def residuals(*inputs, listed=None, **rules):
    rules = {"save_residual": Path("noise")} | rules
    plan = make_plan([Path(each) for each in inputs], FileRules(**rules), listed)
    return {str(job.input): str(job.residual.output) for job in plan.jobs}


MIRRORED = {
    "photos/a.png": "noise/a.png",
    "photos/c.tiff": "noise/c.tiff",
    "photos/trip/b.JPG": "noise/trip/b.JPG.png",
}


@pytest.mark.parametrize("rules", [{}, {"output": "out"}, {"in_place": True}, {"format": "webp"}])
def test_a_folders_tree_is_mirrored_and_suffixes_tell_the_lossless_format(rules):
    assert residuals("photos", **rules) == MIRRORED


def test_several_inputs_lie_there_as_they_do_in_an_output_folder():
    Path("more").mkdir()
    Image.fromarray(noise_image()).save("more/a.png")
    found = residuals("photos", "more", "photos/c.tiff", output="out")
    assert found["more/a.png"] == "noise/more/a.png"
    assert found["photos/trip/b.JPG"] == "noise/photos/trip/b.JPG.png"


def test_a_named_output_names_the_residual_too():
    assert residuals("photos/a.png", output="new.tif") == {"photos/a.png": "noise/new.tif.png"}


def test_listed_files_keep_their_path():
    path = Path("photos/trip/b.JPG")
    found = residuals(listed=[Listed(path, "list:1")], output="out")
    assert found == {str(path): "noise/photos/trip/b.JPG.png"}


def test_nothing_is_planned_where_nobody_asks():
    (job,) = make_plan([Path("photos/a.png")], FileRules()).jobs
    assert job.residual is None
    assert job.parts == (job,)


def test_images_that_differ_in_their_suffix_alone_have_residuals_of_their_own():
    for name in ("a.jpg", "a.webp"):
        Image.fromarray(noise_image()).save(f"photos/{name}")
    found = residuals("photos")
    assert found == MIRRORED | {
        "photos/a.jpg": "noise/a.jpg.png",
        "photos/a.webp": "noise/a.webp.png",
    }


@pytest.mark.parametrize("folder", ["photos", "more"])
def test_two_images_with_one_residual_are_refused(folder):
    Path("more").mkdir(exist_ok=True)
    other = "a.jpg" if folder == "photos" else "a.png"
    Image.fromarray(noise_image()).save(f"{folder}/{other}")
    named = f"{other}.png" if folder == "photos" else other
    Image.fromarray(noise_image()).save(f"photos/{named}")
    with pytest.raises(
        OutputCollision, match=rf"both be written to noise/{re.escape(named)}"
    ) as caught:
        residuals(f"photos/{named}", f"{folder}/{other}")
    assert caught.value.hint == (
        "rename one, or clean them in two runs, each with a --save-residual of its own"
    )


def test_a_residual_in_the_way_of_a_clean_image_wants_another_folder():
    Path("photos/sub").mkdir()
    for name in ("b.png", "sub/b.png"):
        Image.fromarray(noise_image()).save(f"photos/{name}")
    with pytest.raises(OutputCollision, match=r"written to photos-clean/sub/b\.png") as caught:
        residuals("photos", save_residual=Path("photos-clean/sub"))
    assert caught.value.hint == "choose another folder for --save-residual"


@pytest.mark.parametrize("output", ["e/x.png", "e/y.png", "./e/x.tif"])
def test_the_folder_of_a_named_output_is_where_the_clean_image_goes(output):
    with pytest.raises(OutputCollision, match=r"^e is where the clean images go$") as caught:
        residuals("photos/a.png", output=output, save_residual=Path("e"))
    assert "--save-residual" in caught.value.hint


@pytest.mark.parametrize("folder", ["photos", "photos/noise", "photos-clean", "./photos-clean"])
def test_a_folder_of_inputs_or_of_outputs_is_refused(folder):
    with pytest.raises(OutputCollision) as caught:
        residuals("photos", save_residual=Path(folder))
    assert "--save-residual" in caught.value.hint


@pytest.mark.parametrize("in_place", [False, True])
def test_a_residual_that_exists_is_refused_unless_it_may_be_replaced(in_place):
    Path("noise").mkdir()
    Path("noise/a.png").write_bytes(b"mine")
    with pytest.raises(OutputExists, match=r"noise/a\.png exists") as caught:
        residuals("photos", in_place=in_place)
    assert caught.value.hint.endswith("or another --save-residual")
    assert ("--resume" in caught.value.hint) is not in_place
    with pytest.raises(OutputExists, match=r"noise/a\.png exists"):
        residuals("photos", in_place=in_place, resume=True)
    assert residuals("photos", in_place=in_place, overwrite=True) == MIRRORED


@pytest.mark.parametrize(("name", "output"), [("-", None), ("-", "b.png"), ("photos/a.png", "-")])
def test_pipes_have_no_names_for_residuals(name, output):
    with pytest.raises(InvalidSetting, match="--save-residual"):
        residuals(name, output=output)


def test_a_file_is_no_folder_for_residuals():
    with pytest.raises(InvalidSetting, match="is a file"):
        residuals("photos", save_residual=Path("photos/a.png"))
