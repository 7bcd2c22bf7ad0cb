"""Files that lost something on the way to disk lose about as much again, and no metadata."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
import pytest
from other_readers import format_of, psnr, seen_by_another
from specimens import everything, exif_values, saved
from tiff_material import smooth_samples, tiff

from imgclean.images.picture import Picture
from imgclean.images.read import read_image
from imgclean.images.write import encode_image


def grainy(channels: int, highest: int = 255) -> np.ndarray:
    """Return 80 x 96 pixels without edges, with a little noise that quality 90 changes."""
    dtype = "uint8" if highest == 255 else "uint16"
    smooth = smooth_samples(dtype, (80, 96, channels), highest)
    noise = np.random.default_rng(0).normal(0, highest / 80, smooth.shape)
    return np.clip(np.rint(smooth + noise), 0, highest).astype(dtype)


COLOUR, GRAY, CLEAR, INKS = (grainy(channels) for channels in (3, 1, 4, 4))
TEN_BITS = grainy(3, 1023)


def lossy(kind: str, samples: np.ndarray, space: str = "rgb", highest: int | None = None) -> bytes:
    """Return a file of quality 90 that says all that its format can."""
    alpha = space == "rgb" and samples.shape[2] == 4
    metadata = everything(space)
    return encode_image(Picture(samples, alpha, "other", metadata, highest=highest), kind, 90)


def lossy_tiff(name: str, samples: np.ndarray = COLOUR, **how: Any) -> bytes:
    said = everything()
    assert said.icc
    assert said.xmp
    return tiff(
        samples,
        compression=name,
        photometric="rgb",
        extratags=[(34675, 7, len(said.icc), said.icc, True), (700, 1, len(said.xmp), said.xmp, 1)],
        **how,
    )


FILES = {
    "JPEG": lossy("jpeg", COLOUR),
    "JPEG, gray": lossy("jpeg", GRAY, "gray"),
    "JPEG, CMYK": lossy("jpeg", INKS, "cmyk"),
    "JPEG, chroma at half size": saved(COLOUR, "jpeg", quality=90, subsampling=2),
    "JPEG, progressive": saved(COLOUR, "jpeg", quality=90, progressive=True),
    "WebP": lossy("webp", COLOUR),
    "WebP, alpha": lossy("webp", CLEAR),
    "JPEG 2000": lossy("jpeg2000", COLOUR),
    "JPEG 2000, 10 bits": lossy("jpeg2000", TEN_BITS, highest=1023),
    "JPEG XL": lossy("jpegxl", COLOUR),
    "JPEG XL, alpha": lossy("jpegxl", CLEAR),
    "AVIF": lossy("avif", COLOUR),
    "AVIF, gray": lossy("avif", GRAY, "gray"),
    "AVIF, alpha": lossy("avif", CLEAR),
    "AVIF, 10 bits": lossy("avif", TEN_BITS, highest=1023),
    "AVIF, chroma at half size": bytes(
        imagecodecs.avif_encode(COLOUR, level=80, speed=9, pixelformat="420")
    ),
    "TIFF, JPEG": lossy_tiff("jpeg", compressionargs={"level": 90}),
    "TIFF, JPEG in tiles": lossy_tiff("jpeg", compressionargs={"level": 90}, tile=(32, 32)),
    "TIFF, WebP": lossy_tiff("webp", compressionargs={"level": 90, "lossless": False}),
    "TIFF, JPEG 2000": lossy_tiff("jpeg2000", compressionargs={"level": 45, "reversible": False}),
}


@pytest.mark.parametrize("tile", ["auto", 16])
@pytest.mark.parametrize("name", FILES)
def test_a_lossy_file_stays_as_it_was_but_for_its_compression(
    name: str, tile: Any, tmp_path: Any, clean_unchanged: Any
) -> None:
    source = tmp_path / "a.x"
    source.write_bytes(FILES[name])
    (tmp_path / "out").mkdir()
    events = clean_unchanged(source, output=tmp_path / "out", tile=tile)
    assert [each.event for each in events[-2:]] == ["done", "summary"], events[-2]
    target = next((tmp_path / "out").glob("a.*"))
    data = target.read_bytes()
    assert format_of(data) == format_of(FILES[name])
    assert len(FILES[name]) / 2 < len(data) < len(FILES[name]) * 2, "another quality"
    before, after = read_image(source), read_image(target)
    assert psnr(before.samples, after.samples, before.highest or 255) > 40
    if before.highest is None:
        assert psnr(seen_by_another(FILES[name]), seen_by_another(data), 255) > 40
    assert (after.space, after.alpha, after.highest) == (before.space, before.alpha, before.highest)
    if before.alpha:
        assert psnr(before.samples[:, :, 3], after.samples[:, :, 3], 255) > 50
    for said in ("icc", "xmp", "iptc", "resolution"):
        assert getattr(after.metadata, said) == getattr(before.metadata, said)
    assert exif_values(after.metadata.exif) == exif_values(before.metadata.exif)


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("AVIF, gray",)])
def test_the_files_above_have_lost_something(name: str, tmp_path: Any) -> None:
    """Else their tests would pass on a program that loses nothing. Gray AVIF always does."""
    path = tmp_path / "a.x"
    path.write_bytes(FILES[name])
    picture = read_image(path)
    source = {1: GRAY, 3: COLOUR, 4: CLEAR}[picture.samples.shape[2]]
    source = TEN_BITS if picture.highest else source
    assert not np.array_equal(picture.samples, source)
