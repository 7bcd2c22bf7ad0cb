"""Two thousand files, good and bad and none at all: all are accounted for."""

import os
import struct
import zlib
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import tifffile
from material import IDENTITY, noise_image
from PIL import Image

GOOD = 1880
FOLDERS = 20


def encoded(form, **options):
    stream = BytesIO()
    Image.fromarray(noise_image(12, 16)).save(stream, form, **options)
    return stream.getvalue()


def stack():
    stream = BytesIO()
    tifffile.imwrite(stream, np.zeros((3, 9, 7), np.uint16), photometric="minisblack")
    return stream.getvalue()


def huge_png():
    """Return a PNG whose header promises 2,500 megapixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return encoded("PNG")[:8] + chunk + encoded("PNG")[33:]


def torn(data):
    return data[: len(data) * 2 // 3]


SOUND = {
    "png": encoded("PNG"),
    "jpg": encoded("JPEG"),
    "tif": encoded("TIFF"),
    "stack.TIF": stack(),
    "bmp": encoded("BMP"),
    "webp": encoded("WEBP"),
    "gif": encoded("GIF"),
}
BAD = {
    "torn.png": (torn(SOUND["png"]), "UnreadableImage"),
    "torn.jpg": (torn(SOUND["jpg"]), "UnreadableImage"),
    "torn.tif": (torn(SOUND["tif"]), "UnreadableImage"),
    "torn-stack.tif": (torn(SOUND["stack.TIF"]), "UnreadableImage"),
    "torn.webp": (torn(SOUND["webp"]), "UnreadableImage"),
    "torn.gif": (torn(SOUND["gif"]), "UnreadableImage"),
    "empty.png": (b"", "UnreadableImage"),
    "page.jpg": (b"<html>not found</html>", "UnreadableImage"),
    "huge.png": (huge_png(), "UnsupportedImage"),
    "raw.cr2": (b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(99), "UnsupportedImage"),
}
NO_IMAGES = {"notes.txt": b"no image", "table.csv": b"1,2,3"}
HIDDEN = {".hidden.png": SOUND["png"], "._a.png": b"\x00\x05\x16\x07"}


def test_two_thousand_files_are_all_accounted_for(imgclean):
    for number in range(FOLDERS):
        folder = Path("mixed", f"{number % 4}", f"{number}")
        folder.mkdir(parents=True)
        for index in range(number, GOOD, FOLDERS):
            suffix, data = list(SOUND.items())[index % len(SOUND)]
            (folder / f"{index}.{suffix}").write_bytes(data)
        for index, (name, (data, _)) in enumerate(BAD.items()):
            if (number + index) % 2:
                (folder / name).write_bytes(data)
        for name, data in (NO_IMAGES | HIDDEN).items():
            (folder / name).write_bytes(data)
    bad = sum(path.name in BAD for path in Path("mixed").rglob("*"))
    assert bad + GOOD + 20 == 2000
    for number in range(20):
        Path("mixed", f"gone-{number}.png").symlink_to("nowhere")
    if hasattr(os, "mkfifo"):
        os.mkfifo("mixed/pipe.png")
    run = imgclean(
        "denoise", "mixed", "--model", "identity", "--json", env={"PYTHONPATH": IDENTITY}
    )
    assert run.code == 3
    done = [line["input"] for line in run.events("done")]
    assert len(set(done)) == len(done) == GOOD
    failed = {line["input"]: line["error"] for line in run.events("failed")}
    assert len(failed) == bad + 20
    expected = Counter(BAD[Path(name).name][1] for name in failed if Path(name).name in BAD)
    expected["UnreadableImage"] += 20
    assert Counter(failed.values()) == expected
    assert all(line["message"].startswith(line["input"]) for line in run.events("failed"))
    summary = run.lines[-1]
    assert (summary["done"], summary["failed"], summary["skipped"]) == (GOOD, bad + 20, 0)
    assert summary["ignored"] == FOLDERS * len(NO_IMAGES) + 1
    there = [path for path in Path("mixed-clean").rglob("*") if path.is_file()]
    assert len([path for path in there if ".imgclean" not in path.parts]) == GOOD
    assert sorted(line["output"] for line in run.events("done")) == sorted(
        str(path) for path in there if ".imgclean" not in path.parts
    )
