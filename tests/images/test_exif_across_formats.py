"""EXIF goes from format to format with every value, GPS and the camera maker's own notes too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgclean.images.metadata.exif import exif_tags
from imgclean.images.picture import Metadata, Picture
from imgclean.images.read import decode_image, read_image
from imgclean.images.tiff.tags import Layout, Tag, reordered
from imgclean.images.write import encode_image

REAL = Path(__file__).parents[3] / "shared" / "data" / "robust"
NEVER_KEPT = {
    # Where an editor left room and where it stood before; and the width and height of TIFF.
    *(59932, 59933),
    *(256, 257, 258, 259, 262, 273, 277, 278, 279, 284),
}


def values(block: bytes) -> dict[tuple[int, ...], tuple[int, bytes]]:
    """Return every value in a block by its path, in one byte order."""
    layout, tags = exif_tags(block)
    found: dict[tuple[int, ...], tuple[int, bytes]] = {}

    def enter(directory: tuple[Tag, ...], path: tuple[int, ...]) -> None:
        for tag in directory:
            if tag.directory is not None:
                enter(tag.directory, (*path, tag.code))
            elif tag.code not in NEVER_KEPT:
                found[*path, tag.code] = (tag.type, tag.value)

    enter(reordered(tags, layout, Layout("<")), ())
    return found


def full_block() -> bytes:
    """Return a block by Pillow with all sub-directories, and tags of Windows and of printers."""
    block = Image.Exif()
    block[0x010F], block[0x0110], block[0x0112] = "Maker", "Model 7", 6
    block[0x013C], block[0x4746] = "a host", 4
    block[0x9C9B] = "Title".encode("utf-16-le")
    block[0xC4A5] = b"PrintIM\x000300\x00\x00"
    photo = block.get_ifd(0x8769)
    photo[0x829A], photo[0x9003] = 0.005, "2024:05:07 09:33:04"
    photo[0x927C] = bytes(range(256)) * 7
    photo[0x9286] = b"ASCII\x00\x00\x00a comment"
    photo[0xA005] = {1: "R98", 2: b"0100"}
    position = block.get_ifd(0x8825)
    position[1], position[2] = "N", (52.0, 30.0, 59.5)
    return block.tobytes().removeprefix(b"Exif\x00\x00")


def carried(block: bytes, *formats: str) -> bytes | None:
    """Return the block after its picture was written and read in one format after another."""
    samples = np.zeros((8, 8, 3), np.uint8)
    picture = Picture(samples, False, "other", Metadata(exif=block))
    for each in formats:
        picture = decode_image(encode_image(picture, each), each)
    return picture.metadata.exif


def test_a_block_goes_to_png_and_back_byte_for_byte() -> None:
    block = full_block()
    assert carried(block, "jpeg", "png", "jpeg") == block


def test_a_block_goes_to_tiff_and_back_value_for_value() -> None:
    block = full_block()
    expected = values(block)
    assert len(expected) == 15
    assert {(0x8769, 0xA005, 1), (0x8825, 2), (0x8769, 0x927C)} <= set(expected)
    assert values(carried(block, "jpeg", "tiff", "jpeg") or b"") == expected


@pytest.mark.parametrize("name", ["DSCN0010", "jolla", "HMD_Nokia_8.3_5G"])
def test_the_block_of_a_real_photo_goes_through_tiff(name: str) -> None:
    path = REAL / f"exif_{name}.jpg"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    block = read_image(path).metadata.exif
    assert block is not None
    expected = values(block)
    assert len(expected) > 20
    assert carried(block, "png") == block
    assert values(carried(block, "tiff", "jpeg") or b"") == expected
