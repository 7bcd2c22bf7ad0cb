"""The bit fields that a JPEG XL codestream's headers consist of (ISO/IEC 18181-1, annex B)."""

from __future__ import annotations

from imgclean.errors import UnreadableImage

Choice = tuple[int, int]
"""One of the four forms of a U32 field: how many bits follow, and what is added to them."""

Field = tuple[int, int]
"""Bits as a number, the first one lowest, and how many they are."""


def fixed(value: int) -> Choice:
    """A form without further bits."""
    return (0, value)


class BitReader:
    """Reads fields one after the other, the lowest bit of each byte first.

    Attributes:
        position: of the next bit.
    """

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "little")
        self._length = 8 * len(data)
        self.position = 0

    def u(self, count: int) -> int:
        """Return a number of `count` bits.

        Raises:
            UnreadableImage: there are not that many.
        """
        if self.position + count > self._length:
            raise UnreadableImage("truncated: it ends inside the codestream's header")
        value = (self._bits >> self.position) & ((1 << count) - 1)
        self.position += count
        return value

    def flag(self) -> bool:
        """Return a number of one bit."""
        return bool(self.u(1))

    def u32(self, *choices: Choice) -> int:
        """Return a number in one of four forms."""
        count, offset = choices[self.u(2)]
        return self.u(count) + offset

    def enum(self) -> int:
        """Return the number of one of a list of names."""
        return self.u32(fixed(0), fixed(1), (4, 2), (6, 18))

    def since(self, start: int) -> Field:
        """Return the bits from the position `start` on."""
        count = self.position - start
        return (self._bits >> start) & ((1 << count) - 1), count


def packed(*fields: Field) -> bytes:
    """Return fields as bytes, the last one filled up with zeros."""
    bits = position = 0
    for number, count in fields:
        bits |= number << position
        position += count
    return bits.to_bytes((position + 7) // 8, "little")
