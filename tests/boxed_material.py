"""What the tests of JPEG 2000, JPEG XL, AVIF and HEIF share."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import strategies as st

from imgclean.errors import ImageError, UnreadableImage
from imgclean.images.limits import READ_ALL
from imgclean.images.picture import Metadata, Picture
from imgclean.images.read import decode_image

if TYPE_CHECKING:
    from imgclean.images.limits import ReadRules

NO_METADATA = Metadata()


def samples_of(
    height: int, width: int, channels: int, dtype: str = "uint8", bits: int | None = None
) -> np.ndarray:
    """Return random samples; floats are in [0, 1]."""
    random = np.random.default_rng(height * 1000 + width)
    if np.dtype(dtype).kind == "f":
        return random.random((height, width, channels)).astype(dtype)
    top = (1 << (bits or 8 * np.dtype(dtype).itemsize)) - 1
    return random.integers(0, top, (height, width, channels), dtype, endpoint=True)


def smooth(channels: int = 3, dtype: str = "uint8", top: float = 255) -> np.ndarray:
    """Return 64 x 96 pixels that a lossy codec keeps well."""
    y, x = np.mgrid[0:64, 0:96] / 96
    planes = [np.sin(3 * x + 2 * y + c) / 2.2 + 0.5 for c in range(channels)]
    return (np.stack(planes, axis=2) * top).astype(dtype)


def picture_of(
    samples: np.ndarray, metadata: Metadata = NO_METADATA, highest: int | None = None
) -> Picture:
    """Return a picture of another format."""
    return Picture(samples, samples.shape[2] in (2, 4), "tiff", metadata=metadata, highest=highest)


@st.composite
def pictures(draw: st.DrawFn, forms: tuple[tuple[str, int | None], ...]) -> Picture:
    """Pictures of another format, with samples of one of these types and bit depths."""
    height, width, channels = (
        draw(st.integers(1, 24)),
        draw(st.integers(1, 24)),
        draw(st.integers(1, 4)),
    )
    dtype, bits = draw(st.sampled_from(forms))
    samples = samples_of(height, width, channels, dtype, bits)
    return picture_of(samples, highest=None if bits is None else (1 << bits) - 1)


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def require_cuts_to_be_unreadable(whole: bytes, rules: ReadRules = READ_ALL) -> None:
    """Cut a file at some 40 places: nowhere may it pass for an image, whole or not."""
    decode_image(whole, "whole", rules)
    for length in (*range(1, len(whole), max(1, len(whole) // 40)), len(whole) - 1):
        with pytest.raises(UnreadableImage, match="cut") as caught:
            decode_image(whole[:length], "cut", rules)
        assert caught.value.hint


def require_damage_to_be_read_or_refused(whole: bytes) -> None:
    """Damage a file in many ways: no warning and no exception but the typed ones."""
    random = np.random.default_rng(1)
    for turn in range(150):
        damaged = bytearray(whole)
        end = len(damaged) if turn % 2 else min(len(damaged), 400)
        for position in random.integers(12, end, 3):
            damaged[position] ^= int(random.integers(1, 256))
        with suppress(ImageError):
            decode_image(bytes(damaged), "damaged")
