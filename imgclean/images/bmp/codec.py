"""BMP: palettes of 4 and 8 bits, run lengths, 16, 24 and 32 bits a pixel.

Written with 8 bits a pixel for gray, 24 for RGB and 32 with alpha, uncompressed. Pillow writes
neither alpha nor a colour profile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from imgclean.errors import UnsupportedImage, UnwritableImage
from imgclean.images.bmp.header import (
    ALPHA_BITFIELDS,
    BITFIELDS,
    EMBEDDED,
    RLE4,
    RLE8,
    UNCOMPRESSED,
    Header,
    Said,
    read_header,
    write_header,
)
from imgclean.images.bmp.pixels import unpack_pixels
from imgclean.images.limits import check_size
from imgclean.images.metadata.profile import is_for_gray
from imgclean.images.picture import Metadata, Picture, Resolution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.limits import ReadRules

# Bits of a pixel that each kind of compression goes with.
_LAYOUTS = {
    UNCOMPRESSED: (4, 8, 16, 24, 32),
    RLE8: (8,),
    RLE4: (4,),
    BITFIELDS: (16, 32),
    ALPHA_BITFIELDS: (16, 32),
}
_ALPHA_MASKS = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
_GRAY_PALETTE = b"".join(bytes((level, level, level, 0)) for level in range(256))
_LARGEST_FILE = 2**32 - 1
_LARGEST_DENSITY = 2**31 - 1


@dataclass(frozen=True, slots=True)
class BmpRecord:
    """What a BMP file says besides its pixels; None if that is not to be kept."""

    said: Said | None

    def stripped(self) -> BmpRecord:
        """Return an empty record: every file is written with the same layout."""
        return BmpRecord(None)

    def enlarged(self, scale: int) -> BmpRecord:
        """Return the record with the density of the enlarged image."""
        if self.said is None:
            return self
        x, y = (min(each * scale, _LARGEST_DENSITY) for each in self.said.density)
        return BmpRecord(replace(self.said, density=(x, y)))


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image of a file: gray if it has a palette of grays, else RGB or RGBA; 8 bits.

    Raises:
        UnreadableImage: it is cut or damaged.
        UnsupportedImage: it has 1 bit a pixel, more than 8 a colour, or holds a JPEG or PNG.
    """
    header = read_header(data)
    check_size(header.width, header.height, rules)
    _refuse_unsupported(header)
    samples = unpack_pixels(data, header)
    if samples.ndim == 2:
        samples = _colours(header.palette)[samples]
    said = header.said
    x, y = said.density
    metadata = Metadata(
        icc=said.profile if said.space[:4] == EMBEDDED and said.profile else None,
        resolution=Resolution(float(x), float(y), "metre") if x > 0 and y > 0 else None,
        own=BmpRecord(said),
    )
    return Picture(samples, samples.shape[2] == 4, "bmp", metadata)


def encode(picture: Picture, quality: int | None) -> bytes:  # noqa: ARG001 - BMP loses nothing
    """Return a file; gray with alpha becomes RGB with alpha, without a profile for gray.

    Raises:
        UnwritableImage: it would have 4 GB or more.
    """
    own = picture.metadata.own
    said = own.said if isinstance(own, BmpRecord) else None
    samples = _stored_channels(picture)
    height, width, channels = samples.shape
    header = Header(
        *(width, height, False, channels * 8),
        compression=BITFIELDS if channels == 4 else UNCOMPRESSED,
        masks=_ALPHA_MASKS if channels == 4 else (0, 0, 0, 0),
        palette=_GRAY_PALETTE if channels == 1 else b"",
        start=0,
        said=said or _said_in_general(picture.metadata, gray=channels == 1),
    )
    total = header.stride * height + len(header.said.profile) + 4096
    if total > _LARGEST_FILE:
        raise UnwritableImage("a BMP cannot have 4 GB", hint="choose png or tiff with --format")
    rows = np.zeros((height, header.stride), np.uint8)
    rows[:, : width * channels] = samples[::-1].reshape(height, -1)
    return b"".join((write_header(header), rows.data, header.said.profile))


def _refuse_unsupported(header: Header) -> None:
    if header.bits == 1:
        raise UnsupportedImage(
            "a BMP of 1 bit: it holds no noise to clean", hint="convert it to 8-bit gray first"
        )
    if header.bits not in _LAYOUTS.get(header.compression, ()):
        raise UnsupportedImage(
            f"a BMP of {header.bits} bits with compression {header.compression}",
            hint="save it again as plain BMP or PNG",
        )


def _colours(palette: bytes) -> NDArray[np.uint8]:
    """Return the colour of each index, (256, 3), or (256, 1) if all are gray."""
    entries = np.frombuffer(palette.ljust(1024, b"\x00")[:1024], np.uint8).reshape(256, 4)
    colours = entries[:, 2::-1]
    return colours[:, :1] if (colours == colours[:, :1]).all() else colours


def _stored_channels(picture: Picture) -> NDArray[np.uint8]:
    """Return samples in the order of a file: gray, or blue, green, red, and alpha."""
    if picture.channels == 1:
        return picture.samples[:, :, [0, 0, 0, 1]] if picture.alpha else picture.samples
    return picture.samples[:, :, [2, 1, 0, 3] if picture.alpha else [2, 1, 0]]


def _said_in_general(metadata: Metadata, *, gray: bool) -> Said:
    density = (0, 0)
    if metadata.resolution:
        x, y = (round(each) for each in metadata.resolution.per("metre"))
        density = (x, y) if 0 < x < 1 << 31 and 0 < y < 1 << 31 else density
    profile = b"" if is_for_gray(metadata.icc) and not gray else metadata.icc or b""
    space = EMBEDDED.ljust(52, b"\x00") if profile else b""
    return Said(density, space, profile=profile)
