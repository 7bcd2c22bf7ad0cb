"""A disk that is full: what fits is there and whole, what does not is named, nothing is half."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tifffile
from material import ENVIRONMENT, IDENTITY, command, noise_image
from PIL import Image

from imgclean.inference.image_rules import ImageRules

BIG, SMALL = (220, 230), (20, 20)  # 152 kB and 1 kB of noise
UNCHANGED = ["--model", "identity"]
FULL = Path("/dev/full")

_ON_SMALL_DISK = """
mkdir -p "$2" && mount -t tmpfs -o size="$1" none "$2" || exit 99
shift 2; "$@"; code=$?; cp -a out kept; ls -A "$TMPDIR" >&2; exit $code
"""


def small_disk(*arguments, size, at="out", **how):
    """Run the command line with a disk of its own at a folder; keep a copy of `out` as `kept`.

    The disk is mounted where no other process sees it, and is gone when the command ends.
    """
    private = ["unshare", "--map-root-user", "--mount", "sh", "-c", _ON_SMALL_DISK, "sh", size, at]
    return run([*private, *command("denoise", *arguments, *UNCHANGED)], **how)


def run(line, *, env=None, **how):
    done = subprocess.run(
        line,
        stdout=how.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        env=ENVIRONMENT | {"PYTHONPATH": IDENTITY} | (env or {}),
        timeout=120,
        check=False,
        **how,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"internal error" not in done.stderr, done.stderr.decode()
    assert b"Exception ignored" not in done.stderr, done.stderr.decode()
    return done


def events(done, name):
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if line["event"] == name]


def contents(folder):
    """Return the files of a folder, the journal's apart."""
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if ".imgclean" not in path.parts
    }


def journal(folder):
    """Return the outputs that a journal lists; every line must be whole."""
    lines = Path(folder, ".imgclean/journal.jsonl").read_text().splitlines()
    return [json.loads(line)["output"] for line in lines]


@pytest.fixture
def disks(tmp_path, monkeypatch):
    """Skip where nothing can be mounted."""
    monkeypatch.chdir(tmp_path)
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount a small disk with")
    probe = "mount -t tmpfs -o size=64k none ."
    private = ["unshare", "--map-root-user", "--mount", "sh", "-c", probe]
    done = subprocess.run(private, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode().strip()}")


def album(folder, count=9):
    """Make a folder of large images of three kinds, a stack in their midst, and small ones."""
    Path(folder).mkdir()
    for index in range(count):
        samples = noise_image(*BIG, seed=index)
        if index % 3 == 0:
            Image.fromarray(samples).save(f"{folder}/{index}.png")
        elif index % 3 == 1:
            Image.fromarray(samples).save(f"{folder}/{index}.jpg", quality=100, subsampling=0)
        else:
            tifffile.imwrite(f"{folder}/{index}.tif", samples, photometric="rgb")
    pages = np.stack([noise_image(*BIG, channels=1)[..., 0]] * 12)
    tifffile.imwrite(f"{folder}/{count // 2}-stack.tif", pages, photometric="minisblack")
    for index in range(6):
        Image.fromarray(noise_image(*SMALL, seed=index)).save(f"{folder}/small-{index}.png")


def test_what_does_not_fit_fails_by_name_and_all_that_is_there_is_whole(disks, clean_unchanged):
    album("album")
    clean_unchanged(Path("album"), output="reference", images=ImageRules())
    reference = contents("reference")
    assert len(reference) == 16
    done = small_disk("album", "-o", "out", "--json", size="400k")
    assert done.returncode == 3
    failed = events(done, "failed")
    assert {line["error"] for line in failed} == {"UnwritableImage"}
    for line in failed:
        assert f"{line['output']}: cannot be written: no space left on device" in line["message"]
        assert "free some space" in line["message"]
    kept = contents("kept")
    assert sorted(kept) == sorted(Path(e["output"]).name for e in events(done, "done"))
    assert kept.items() < reference.items()  # whole, and nothing else: no temporary file
    assert "out/4-stack.tif" in {line["output"] for line in failed}
    assert any(name.startswith("small") for name in kept)  # what comes later may still fit
    (summary,) = events(done, "summary")
    assert (summary["done"], summary["failed"]) == (len(kept), len(reference) - len(kept))
    assert sorted(journal("kept")) == sorted(kept)
    line = command("denoise", "album", "-o", "kept", "--resume", *UNCHANGED, "--json")
    resumed = run(line)  # as if the disk had got more room
    assert resumed.returncode == 0
    assert events(resumed, "summary")[0]["skipped"] == len(kept)
    assert contents("kept") == reference


def test_where_nothing_fits_the_exit_code_says_so(disks):
    album("album", count=3)
    done = small_disk("album", "-o", "out", "--exclude", "small*", "--json", size="16k")
    assert done.returncode == 4
    assert len(events(done, "failed")) == 4
    assert contents("kept") == {}
    assert journal("kept") == []


def test_no_output_is_there_that_a_full_journal_does_not_list(disks):
    Path("many").mkdir()
    for index in range(30):
        Image.fromarray(noise_image(*SMALL, seed=index)).save(f"many/{index}.png")
    done = small_disk("many", "-o", "out", "--json", size="4k", at="out/.imgclean")
    assert done.returncode == 3
    outputs = sorted(Path(line["output"]).name for line in events(done, "done"))
    assert sorted(contents("kept")) == sorted(journal("kept")) == outputs
    assert 0 < len(outputs) < 30
    assert {line["error"] for line in events(done, "failed")} == {"UnwritableImage"}
    resumed = run(command("denoise", "many", "-o", "kept", "--resume", *UNCHANGED, "--json"))
    assert resumed.returncode == 0
    assert events(resumed, "summary")[0]["done"] == 30 - len(outputs)


STACKS = {
    "pages": {"photometric": "minisblack"},
    "ImageJ": {"imagej": True},
    "ImageJ with one directory": {"imagej": True, "truncate": True},
    "compressed": {"photometric": "minisblack", "compression": "zlib"},
}


def test_wherever_the_disk_ends_a_stack_is_whole_or_not_there(disks):
    """The last bytes of a page are the ones that are lost in silence."""
    data = np.random.default_rng(0).integers(0, 255, (20, 30, 40), np.uint8)
    for kind, how in STACKS.items():
        tifffile.imwrite(f"{kind}.tif", data, **how)
    script = Path(__file__).with_name("small_disks.py")
    private = ["unshare", "--map-root-user", "--mount"]
    done = run([*private, *command()[:1], str(script), *(f"{kind}.tif" for kind in STACKS)])
    assert done.returncode == 0, done.stderr.decode()
    for kind, outcomes in json.loads(done.stdout).items():
        assert outcomes[0] == "UnwritableImage", kind
        assert outcomes[-1] == "whole", kind
        assert set(outcomes) == {"UnwritableImage", "whole"}, kind


def test_a_file_that_the_file_system_does_not_hold_fails_alone(tmp_path, monkeypatch):
    """As a stack of 5 GB on FAT32."""
    monkeypatch.chdir(tmp_path)
    if shutil.which("prlimit") is None:
        pytest.skip("there is no prlimit to bound the size of files")
    album("album", count=3)
    line = command("denoise", "album", "--exclude", "*.jpg", "-o", "out", *UNCHANGED, "--json")
    done = run(["prlimit", "--fsize=100000", *line])
    assert done.returncode == 3
    assert sorted(contents("out")) == [f"small-{index}.png" for index in range(6)]
    failed = events(done, "failed")
    assert {line["error"] for line in failed} == {"UnwritableImage"}
    assert all("file too large (the disk holds no file so large" in e["message"] for e in failed)
    assert len(failed) == 3


def test_a_full_folder_of_temporary_files_spoils_no_image(disks, clean_unchanged):
    """An encoder that writes to one must not lose the end of its file in silence."""
    Path("photos").mkdir()
    for seed in range(3):  # of 44 kB each
        Image.fromarray(noise_image(200, 250, seed=seed)).save(f"photos/{seed}.jpg", quality=90)
    clean_unchanged(Path("photos"), output="reference", images=ImageRules())
    done = small_disk("photos", "-o", "out", size="24k", at="tmp", env={"TMPDIR": "tmp"})
    assert contents("kept") == contents("reference")
    assert done.returncode == 0


def test_a_stack_from_a_pipe_that_cannot_be_stored_fails_and_leaves_nothing(disks):
    album("album", count=3)
    done = small_disk(
        "-",
        "-o",
        "out.tif",
        size="40k",
        at="tmp",
        env={"TMPDIR": "tmp"},
        input=Path("album/1-stack.tif").read_bytes(),
    )
    assert done.returncode == 4
    message, *rest = done.stderr.decode().splitlines()
    assert "stdin: cannot be stored while it is read: no space left on device" in message
    assert not [line for line in rest if "imgclean-" in line]  # what is left in the folder
    assert not Path("out.tif").exists()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_stdout_is_a_failure_in_one_line(tmp_path, monkeypatch, clean_unchanged):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise_image(*SMALL)).save("noisy.png")
    clean_unchanged(Path("noisy.png"), output="clean.png", images=ImageRules())
    for name in ("noisy.png", "clean.png"):  # one is cleaned, the other goes through as it is
        with FULL.open("wb") as full:
            done = run(command("denoise", name, "-o", "-", *UNCHANGED), stdout=full)
        assert done.returncode == 4
        assert b"failed: -: cannot be written: no space left on device" in done.stderr
    with FULL.open("wb") as full:
        done = run(
            command("denoise", "noisy.png", "-o", "x.png", *UNCHANGED, "--json"), stdout=full
        )
    assert done.returncode == 1
    assert b"error: stdout cannot be written: no space left on device" in done.stderr
