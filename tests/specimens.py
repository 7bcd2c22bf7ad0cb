"""Image files of every format and kind, and the metadata that most formats can say."""

from __future__ import annotations

import functools
import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import imagecodecs
import numpy as np
from PIL import Image, ImageCms
from tiff_material import random_samples, smooth_samples

from imgclean.images.formats import FORMATS
from imgclean.images.picture import Metadata, Picture, Resolution
from imgclean.images.write import encode_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.images.format import Format

XMP = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">\xc3\xa9</x:xmpmeta>'
IPTC = b"\x1c\x02\x00\x00\x02\x00\x04\x1c\x02\x5a\x00\x08Budapest"
DENSITY = 254.5
COLOURS = {"gray": 1, "rgb": 3, "cmyk": 4}
BITS = {"uint8": (None, 5), "uint16": (None, 10, 12)}
"""Depths that are tried for each type of integers; None for all of its bits."""


class Kind(NamedTuple):
    """What the samples of a file are."""

    format: str
    space: str
    alpha: bool
    dtype: str
    bits: int | None

    def __str__(self) -> str:
        depth = self.dtype if self.bits is None else f"{self.bits}-bit"
        return f"{self.format}-{depth}-{self.space}{'-alpha' * self.alpha}"


def _kinds_of(each: Format) -> Iterator[Kind]:
    for dtype in each.dtypes:
        for bits in BITS.get(dtype, (None,)):
            full = bits is None and (dtype[0] == "f" or np.iinfo(dtype).max <= each.highest)
            for space in (*each.spaces,) if full or bits in each.depths else ():
                if space not in COLOURS or (each.name == "webp" and space == "gray"):
                    continue
                yield Kind(each.name, space, False, dtype, bits)
                if each.alpha and (each.name, space) != ("bmp", "gray"):
                    yield Kind(each.name, space, True, dtype, bits)


KINDS = tuple(kind for each in FORMATS if not each.substitute for kind in _kinds_of(each))
"""What each format is written with as it is. WebP has no gray, BMP no gray with alpha."""


def exif_block() -> bytes:
    """Return EXIF with a camera, an orientation, an exposure, a maker note and a place."""
    block = Image.Exif()
    block[0x010F], block[0x0110], block[0x0112] = "Maker", "Model 7", 6
    photo, place = block.get_ifd(0x8769), block.get_ifd(0x8825)
    photo[0x829A], photo[0x9003] = 0.005, "2024:05:07 09:33:04"
    photo[0x927C], photo[0x8827] = bytes(range(256)) * 7, 3200
    place[1], place[2], place[29] = "N", (52.0, 30.0, 59.5), "2024:05:07"
    return block.tobytes().removeprefix(b"Exif\x00\x00")


def exif_values(block: bytes | None) -> dict[tuple[int, int], str]:
    """Return what a block says by directory and tag, as Pillow reads it."""
    found = Image.Exif()
    found.load(b"Exif\x00\x00" + (block or b""))
    directories = {0: dict(found), 1: found.get_ifd(0x8769), 2: found.get_ifd(0x8825)}
    return {
        (number, tag): repr(value)
        for number, directory in directories.items()
        for tag, value in directory.items()
        if tag not in (0x8769, 0x8825)
    }


@functools.cache  # for a profile has the time at which it was made
def profile(space: str) -> bytes:
    """Return a colour profile for such colours: sRGB; of CMYK, its head only."""
    if space == "rgb":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    gray = bytes(imagecodecs.cms_profile("gray", gamma=2.2, whitepoint=(0.3127, 0.329, 1.0)))
    return gray if space == "gray" else gray[:16] + b"CMYK" + gray[20:]


def wide_profile() -> bytes:
    """Return a profile of the colours of many telephones' displays."""
    corners = (0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1)
    return bytes(
        imagecodecs.cms_profile(
            "rgb", whitepoint=(0.3127, 0.329, 1.0), primaries=corners, gamma=2.2
        )
    )


def everything(space: str = "rgb") -> Metadata:
    """Return all that is said of a picture in general."""
    density = Resolution(DENSITY, DENSITY, "inch")
    return Metadata(
        icc=profile(space), exif=exif_block(), xmp=XMP, iptc=IPTC, resolution=density
    )  # fmt: skip


def samples_of(kind: Kind, height: int = 40, width: int = 50, seed: int = 0) -> np.ndarray:
    """Return random samples (H, W, C) with some pixels hidden where there is alpha."""
    channels = COLOURS[kind.space] + kind.alpha
    highest = None if kind.bits is None else (1 << kind.bits) - 1
    samples = random_samples(kind.dtype, (height, width, channels), seed, highest=highest)
    if kind.alpha:
        samples[height // 3 : height // 2 + 1, : width // 2, -1] = 0
        samples[0, 0, -1] = 1
    return samples


def file_of(kind: Kind, samples: np.ndarray, metadata: Metadata | None = None) -> bytes:
    """Return a file of a kind by the program; its tests have other libraries read such."""
    highest = None if kind.bits is None else (1 << kind.bits) - 1
    picture = Picture(
        samples, kind.alpha, "other", metadata or Metadata(), highest=highest
    )  # fmt: skip
    return encode_image(picture, kind.format)


def saved(samples: np.ndarray, kind: str, mode: str | None = None, **settings: Any) -> bytes:
    """Return a file by Pillow; samples are (H, W, C)."""
    stream = BytesIO()
    image = Image.fromarray(samples.squeeze(2) if samples.shape[2] == 1 else samples, mode)
    image.save(stream, kind, **settings)
    return stream.getvalue()


def palette(kind: str, colours: int = 200, **settings: Any) -> bytes:
    """Return a file whose pixels are numbers of colours."""
    stream = BytesIO()
    image = Image.fromarray(smooth_samples("uint8", (40, 50, 3))).quantize(colours)
    image.save(stream, kind, **settings)
    return stream.getvalue()


def png_of_few_bits(bits: int) -> bytes:
    """Return a gray PNG of 1, 2 or 4 bits a sample."""
    rows = np.random.default_rng(0).integers(0, 256, (20, 4), np.uint8)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 32 // bits, 20, bits, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"".join(b"\x00" + row.tobytes() for row in rows))),
        (b"IEND", b""),
    )
    parts = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def moving(kind: str, **settings: Any) -> bytes:
    """Return an animation, or several photos in one file, by Pillow."""
    shades = [smooth_samples("uint8", (40, 48, 3)) // divisor for divisor in (1, 2)]
    stream = BytesIO()
    first, second = map(Image.fromarray, shades)
    first.save(stream, kind, save_all=True, append_images=[second], **settings)
    return stream.getvalue()
