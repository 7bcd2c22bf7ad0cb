"""Metadata blocks that other libraries made."""

from __future__ import annotations

import pytest
from PIL import Image, ImageCms

XMP = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">\xc3\xa9</x:xmpmeta>'


@pytest.fixture(scope="session")
def icc() -> bytes:
    """A colour profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="session")
def exif() -> Image.Exif:
    """EXIF with a camera, an orientation, an Exif directory with a MakerNote, and a GPS one."""
    block = Image.Exif()
    block[0x010F] = "Maker"
    block[0x0110] = "Model 7"
    block[0x0112] = 6
    photo = block.get_ifd(0x8769)
    photo[0x829A] = 0.005
    photo[0x9003] = "2024:05:07 09:33:04"
    photo[0x927C] = bytes(range(256)) * 7
    photo[0x8827] = 3200
    position = block.get_ifd(0x8825)
    position[1] = "N"
    position[2] = (52.0, 30.0, 59.5)
    position[29] = "2024:05:07"
    return block


@pytest.fixture(scope="session")
def exif_bytes(exif: Image.Exif) -> bytes:
    """The same as PNG holds it."""
    return exif.tobytes().removeprefix(b"Exif\x00\x00")


@pytest.fixture(scope="session")
def xmp() -> bytes:
    """An XMP packet."""
    return XMP
