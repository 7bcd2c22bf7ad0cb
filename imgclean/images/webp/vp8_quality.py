"""The quality that a lossy WebP file was written with, from its quantisers (RFC 6386)."""

from __future__ import annotations

import math

_SEGMENTS = 4
_HEADER_BYTES = 10
_COARSEST = 127


def estimate_quality(frame: bytes) -> int:
    """Return libwebp's quality, 1 to 100, that leads to the quantisers of a key frame.

    Args:
        frame: content of a chunk VP8, its ten bytes of header included.
    """
    # libwebp gives a segment the quantiser 127 (1 - c^e): c^3 is the quality, mapped by two
    # straight lines, and the exponents e have a mean of 1 over the picture.
    logarithm = 0.0
    for quantiser, share in _quantisers(frame):
        fineness = 1 - min(_COARSEST - 0.5, max(0, quantiser)) / _COARSEST
        logarithm += share * math.log(fineness)
    cubed = math.exp(3 * logarithm)
    quality = cubed * 1.5 if cubed < 0.5 else (cubed + 1) / 2
    return max(1, round(100 * quality))


def _quantisers(frame: bytes) -> list[tuple[int, float]]:
    """Return the quantiser's index, 0 to 127, of each segment, and the segment's share.

    Reads the frame header as far as there (RFC 6386, section 19.2).
    """
    bits = _Bits(frame[_HEADER_BYTES:])
    bits.read(2)  # colour space, clamping
    absolute, own, shares = False, [0] * _SEGMENTS, [1.0, 0.0, 0.0, 0.0]
    if bits.read(1):
        has_map, has_values = bits.read(1), bits.read(1)
        if has_values:
            absolute = bool(bits.read(1))
            own = [bits.optional(7) for _ in range(_SEGMENTS)]
            for _ in range(_SEGMENTS):
                bits.optional(6)  # loop filter
        if has_map:
            # Of the map's tree: how often it is one of the first two, and which of either two.
            half, first, third = ((bits.read(8) if bits.read(1) else 255) / 255 for _ in range(3))
            shares = [half * first, half * (1 - first), (1 - half) * third]
            shares.append(1 - sum(shares))
    bits.read(10)  # loop filter
    if bits.read(1) and bits.read(1):
        for _ in range(8):
            bits.optional(6)
    bits.read(2)  # partitions
    base = bits.read(7)
    return [
        (each + (0 if absolute else base), share) for each, share in zip(own, shares, strict=True)
    ]


class _Bits:
    """The boolean decoder of RFC 6386, section 7.3, for bits that are as often 0 as 1."""

    def __init__(self, data: bytes) -> None:
        self._data = data + bytes(64)  # what is cut reads as 0
        self._value = int.from_bytes(self._data[:2])
        self._position = 2
        self._range = 255
        self._shifted = 0

    def read(self, count: int) -> int:
        """Return a number of `count` bits."""
        number = 0
        for _ in range(count):
            number = number << 1 | self._bit()
        return number

    def optional(self, count: int) -> int:
        """Return a number with a sign behind it, if a bit before it says that it is there."""
        if not self._bit():
            return 0
        number = self.read(count)
        return -number if self._bit() else number

    def _bit(self) -> int:
        split = 1 + ((self._range - 1) * 128 >> 8)
        bit = self._value >= split << 8
        self._value -= split << 8 if bit else 0
        self._range = self._range - split if bit else split
        while self._range < 128:
            self._range <<= 1
            self._value <<= 1
            self._shifted += 1
            if self._shifted == 8:
                self._shifted = 0
                self._value |= self._data[self._position]
                self._position += 1
        return int(bit)
