"""Changes what the header of a JPEG XL codestream states (ISO/IEC 18181-1, annex D).

imagecodecs states one colour encoding for each sample type, and neither orientation nor colours
that are multiplied with alpha. libjxl's encoder (0.11) changes float16 samples between 2**-15 and
2**-14, but not integers that are said to be their bits afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.images.jpegxl.bits import packed
from imgclean.images.jpegxl.colours import colour_fields
from imgclean.images.jpegxl.header import ALPHA, read_header

if TYPE_CHECKING:
    from imgclean.images.jpegxl.bits import Field
    from imgclean.images.jpegxl.colours import Transfer

_ZERO, _ONE = (0, 1), (1, 1)
_HALF_FLOATS = (0b00100011, 8)  # floats of 16 bits, 5 of them exponent; 16 do not do for buffers


def patched(
    codestream: bytes,
    *,
    orientation: int,
    transfer: Transfer,
    associated: bool,
    half_floats: bool = False,
) -> bytes:
    """Return a codestream as imagecodecs writes it with other statements in its header.

    Pixels are left as they are.

    Args:
        codestream: gray or RGB, with alpha or without.
        orientation: 1 to 8, as in EXIF.
        transfer: what the samples are said to be.
        associated: whether colours are said to be multiplied with alpha.
        half_floats: whether integers of 16 bits are said to be the bits of float16 samples.

    Raises:
        ValueError: the header is none that imagecodecs writes.
    """
    was = read_header(codestream)
    stated = was.orientation, was.colours.transfer, was.associated
    if stated == (orientation, transfer, associated) and not half_floats:
        return codestream
    if was.end is None or was.orientation != 1 or was.animated:
        raise ValueError("the encoder wrote an unexpected header")
    turned = orientation != 1
    depth = _HALF_FLOATS if half_floats else was.depth
    fields = (
        was.size,
        _ZERO,  # not all by default
        *((_ONE, (orientation - 1, 3), (0, 3)) if turned else (_ZERO,)),
        depth,
        *(_alpha(depth, associated=associated) if was.extra else (was.channels,)),
        (int(was.xyb), 1),
        *colour_fields(gray=was.colours.gray, transfer=transfer),
        *((_ONE,) if turned else ()),  # the brightness by default
        (0, 2),  # no extensions
        _ONE,  # the transform by default
    )
    return packed(*fields) + codestream[was.end :]


def _alpha(depth: Field, *, associated: bool) -> tuple[Field, ...]:
    """Return the bits on one extra channel, alpha of the colours' depth."""
    count = depth[1] - 1  # without the hint on buffers
    depth_alone = (depth[0] & ((1 << count) - 1), count)
    return ((1, 2), _ZERO, (ALPHA, 2), depth_alone, (0, 2), (0, 2), (int(associated), 1))
