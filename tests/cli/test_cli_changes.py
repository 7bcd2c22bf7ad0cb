"""Files and folders that change under a run: each fails by name, and nothing newer is lost."""

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image

MEDDLING = str(Path(__file__).parents[1] / "meddling")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="what is open can be removed on POSIX")


@pytest.fixture
def meddled(imgclean):
    """Run the command line while a shell command changes things at a known moment."""

    def run(*arguments, **moments):
        env = {f"MEDDLE_{moment.upper()}": str(value) for moment, value in moments.items()}
        env["PYTHONPATH"] = MEDDLING
        done = imgclean("denoise", *arguments, "--model", "meddling", "--json", env=env)
        assert "internal error" not in done.stderr, done.stderr
        return done

    return run


def save(*names, seed=0):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise_image(20, 20, seed=seed)).save(name)


def save_stack(name):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    pages = np.stack([noise_image(20, 20, channels=1, seed=seed)[..., 0] for seed in range(4)])
    tifffile.imwrite(name, pages, photometric="minisblack")
    return pages


def errors(run):
    return {line["input"]: (line["error"], line["message"]) for line in run.events("failed")}


def everything(folder):
    return sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())


def test_inputs_that_vanish_before_they_are_read_fail_alone(meddled):
    save("photos/a.png", "photos/gone.png", "photos/folder.png", "photos/trip/b.png")
    save_stack("photos/stack.tif")
    command = "cd photos && rm -rf gone.png folder.png trip stack.tif && mkdir folder.png"
    run = meddled("photos", "-o", "out", before=command)
    assert run.code == 3
    failed = errors(run)
    assert set(failed) == {
        f"photos/{name}" for name in ("gone.png", "folder.png", "stack.tif", "trip/b.png")
    }
    assert {error for error, _ in failed.values()} == {"UnreadableImage"}
    assert "no such file or directory (check the path)" in failed["photos/gone.png"][1]
    assert "is a directory" in failed["photos/folder.png"][1]
    assert [line["input"] for line in run.events("done")] == ["photos/a.png"]
    assert run.lines[-1]["failed"] == 4


def test_an_output_folder_that_is_removed_fails_its_files_and_is_not_made_anew(meddled):
    """Made anew, it would hold outputs that no journal lists."""
    save("a/1.png", "a/2.png", "a/deep/3.png", "b/4.png")
    save_stack("a/stack.tif")
    run = meddled("a", "b", during="rm -r a-clean")
    assert run.code == 3
    failed = errors(run)
    assert set(failed) == {"a/1.png", "a/2.png", "a/deep/3.png", "a/stack.tif"}
    assert {error for error, _ in failed.values()} == {"UnwritableImage"}
    assert all(f"a-clean/{name[2:]}: " in message for name, (_, message) in failed.items())
    assert not Path("a-clean").exists()
    assert Path("b-clean/4.png").exists()


def test_a_newer_version_of_an_image_is_not_replaced_in_place(meddled):
    save("photos/a.png")
    save("newer.png", seed=1)
    save_stack("photos/stack.tif")
    command = "cp newer.png photos/a.png; printf newer > photos/stack.tif"
    run = meddled("photos", "--in-place", during=command)
    assert run.code == 4
    assert Path("photos/a.png").read_bytes() == Path("newer.png").read_bytes()
    assert Path("photos/stack.tif").read_bytes() == b"newer"
    assert everything("photos") == [
        "photos/.imgclean/journal.jsonl",
        "photos/.imgclean/journal.lock",
        "photos/a.png",
        "photos/stack.tif",
    ]
    again = meddled("photos", "--in-place")
    assert [line["input"] for line in again.events("done")] == ["photos/a.png"]


def test_a_stack_that_is_written_to_while_it_is_read_fails(meddled):
    save_stack("stack.tif")
    run = meddled("stack.tif", during="touch -d 2001-01-01 stack.tif", tile=2)
    assert run.code == 4
    error, message = errors(run)["stack.tif"]
    assert error == "UnreadableImage"
    assert message.startswith("stack.tif: was changed while it was read")
    assert everything(".") == ["stack.tif"]


def test_a_stack_that_is_removed_while_it_is_read_is_read_to_its_end(meddled):
    pages = save_stack("stack.tif")
    run = meddled("stack.tif", during="rm stack.tif", tile=2)
    assert run.code == 0
    np.testing.assert_array_equal(tifffile.imread("stack-clean.tif", key=range(4)), pages)
