"""PNM: PGM, PPM and PAM, 8 and 16 bits, binary and plain.

Read and written by code of its own, which is short: Pillow reads and writes neither PAM nor
16-bit colour and scales samples to 8 bits where the largest value is no power of two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.limits import check_size
from imgclean.images.netpbm.header import BILEVEL, PAM, PLAIN, Header, read_header, write_header
from imgclean.images.picture import Metadata, Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.limits import ReadRules

# PAM's tuple types by channels; a type that is not said is what the channels suggest.
_KINDS = {1: b"GRAYSCALE", 2: b"GRAYSCALE_ALPHA", 3: b"RGB", 4: b"RGB_ALPHA"}
_MAGIC = {("raw", 1): b"P5", ("raw", 3): b"P6", ("plain", 1): b"P2", ("plain", 3): b"P3"}
_COMMENT = re.compile(rb"#[^\r\n]*")
_DECIMALS = re.compile(rb"[\s\d]*")
_ANOTHER = re.compile(rb"P[1-7]\s")
_SAMPLES_PER_LINE = 11  # of five digits: a line of a plain file has 70 characters at most


@dataclass(frozen=True, slots=True)
class PnmRecord:
    """How a file holds its samples, and its comments.

    Attributes:
        form: binary PGM or PPM, the same in decimal, or PAM.
        comments: of the header, without the sign that begins them.
    """

    form: Literal["raw", "plain", "pam"]
    comments: tuple[bytes, ...] = ()

    def stripped(self) -> PnmRecord:
        """Return the record without comments."""
        return replace(self, comments=())

    def enlarged(self, scale: int) -> PnmRecord:  # noqa: ARG002 - it says nothing of sizes
        """Return the record."""
        return self


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the (first) image of a file; its largest value becomes `Picture.highest`.

    Raises:
        UnreadableImage: it is cut or damaged.
        UnsupportedImage: it has one bit a sample, channels of another kind, or several images.
    """
    header = read_header(data)
    check_size(header.width, header.height, rules)
    _refuse_unsupported(header)
    plain = header.magic in PLAIN
    samples, end = _plain_samples(data, header) if plain else _raw_samples(data, header)
    if _goes_on(data, end) and not rules.first_page:
        raise UnsupportedImage(
            "several images in one PNM file", hint="--pages first takes the first one"
        )
    if int(samples.max()) > header.maxval:
        raise UnreadableImage(f"damaged: a sample is above its largest value {header.maxval}")
    form: Literal["raw", "plain", "pam"] = "plain" if plain else "raw"
    return Picture(
        samples.reshape(header.height, header.width, header.depth),
        alpha=header.depth in (2, 4),
        format="pnm",
        metadata=Metadata(own=PnmRecord("pam" if header.magic == PAM else form, header.comments)),
        highest=header.maxval if header.maxval < np.iinfo(samples.dtype).max else None,
    )


def encode(picture: Picture, quality: int | None) -> bytes:  # noqa: ARG001 - PNM loses nothing
    """Return a file of the form that was read, else binary PGM or PPM, and PAM with alpha."""
    own = picture.metadata.own
    record = own if isinstance(own, PnmRecord) else PnmRecord("raw")
    samples = picture.samples
    height, width, depth = samples.shape
    magic = PAM if picture.alpha else _MAGIC.get((record.form, depth), PAM)
    maxval = picture.highest or int(np.iinfo(samples.dtype).max)
    head = write_header(
        Header(magic, width, height, depth, maxval, _KINDS[depth], record.comments, 0)
    )
    if magic in PLAIN:
        return head + _in_decimal(samples)
    return head + samples.astype(_stored_type(maxval)).tobytes()


def _refuse_unsupported(header: Header) -> None:
    if header.magic in BILEVEL or header.maxval == 1:
        raise UnsupportedImage(
            "a PNM of 1 bit: it holds no noise to clean", hint="convert it to 8-bit gray first"
        )
    expected = _KINDS.get(header.depth)
    if expected is None or header.kind not in (b"", expected):
        kind = header.kind.decode("ascii", "replace") or "unnamed"
        raise UnsupportedImage(
            f"a PAM of {header.depth} channels of the kind {kind}",
            hint="convert it to RGB or gray first",
        )


def _stored_type(maxval: int) -> str:
    return ">u2" if maxval > 255 else "u1"


def _raw_samples(data: bytes, header: Header) -> tuple[NDArray[Any], int]:
    stored = np.dtype(_stored_type(header.maxval))
    count = header.width * header.height * header.depth
    end = header.end + count * stored.itemsize
    if len(data) < end:
        raise UnreadableImage(f"truncated: {end - len(data)} bytes of its samples are missing")
    samples = np.frombuffer(data, stored, count, header.end)
    return samples.astype(stored.newbyteorder("="), copy=False), end


def _plain_samples(data: bytes, header: Header) -> tuple[NDArray[Any], int]:
    text = _COMMENT.sub(b"", data[header.end :])
    if not _DECIMALS.fullmatch(text):
        raise UnreadableImage("damaged: its samples are no decimal numbers")
    values = np.fromstring(text, np.int64, sep=" ")
    count = header.width * header.height * header.depth
    # A last number that nothing follows may have lost digits, unless it has no room for more.
    open_end = values.size == count and not text[-1:].isspace()
    if values.size < count or (open_end and 0 < values[-1] * 10 <= header.maxval):
        raise UnreadableImage(
            "truncated: samples are missing at its end",
            hint="if it is whole, end the file with a line break",
        )
    if values.size > count or values.max() > header.maxval:
        raise UnreadableImage("damaged: its samples do not fit its header")
    return values.astype(np.uint16 if header.maxval > 255 else np.uint8), len(data)


def _goes_on(data: bytes, end: int) -> bool:
    """Whether another image follows; anything else that follows shows that the header is wrong."""
    rest = data[end:].lstrip()
    if rest and not _ANOTHER.match(rest):
        raise UnreadableImage("damaged: it goes on behind its last row")
    return bool(rest)


def _in_decimal(samples: NDArray[Any]) -> bytes:
    values = samples.ravel().tolist()
    starts = range(0, len(values), _SAMPLES_PER_LINE)
    lines = (" ".join(map(str, values[at : at + _SAMPLES_PER_LINE])) for at in starts)
    return "".join(line + "\n" for line in lines).encode("ascii")
