"""What is known of an image format without reading a file of it, and what its codec offers."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import re

    from imgclean.images.limits import ReadRules
    from imgclean.images.picture import ColourSpace, Picture


class Codec(Protocol):
    """What the module of a format offers. Messages of its errors do not name the file.

    Any other exception of `decode` means that the file is damaged.
    """

    def decode(self, data: bytes, rules: ReadRules) -> Picture:
        """Return the image of a file's content, not turned by an orientation tag.

        Raises:
            UnreadableImage: the content is damaged.
            UnsupportedImage: the content is sound, but of a kind that is not handled.
        """

    def encode(self, picture: Picture, quality: int | None) -> bytes:
        """Return the content of a file that holds the picture. Formats with a substitute have none.

        Args:
            picture: of a type and size that the format's entry allows.
            quality: 1 to 100 for a lossy file; None for one as the picture was read from, or for
                one that loses nothing where it was of another format (JPEG: quality 95).
                Formats that lose nothing ignore it.

        Raises:
            UnwritableImage: the format cannot hold the picture.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One image format.

    Attributes:
        name: what `--format` takes.
        title: the name as people write it.
        suffixes: in lower case, the preferred one first.
        pattern: what its files begin with.
        module: where its codec lives.
        dtypes: sample types that it holds.
        spaces: what its colours can be.
        alpha: whether it holds alpha.
        longest_side: pixels.
        highest: the largest value of an integer sample.
        holds: which blocks of metadata: `icc`, `exif`, `xmp`, `iptc`.
        largest_block: bytes of EXIF or of XMP that it has room for; None for any number.
        depths: of how many bits it can say that integer samples are, where those are fewer than
            their type has.
        substitute: name of the format that is written instead, for want of an encoder.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    pattern: re.Pattern[bytes]
    module: str
    dtypes: tuple[str, ...]
    spaces: tuple[ColourSpace, ...] = ("gray", "rgb")
    alpha: bool
    longest_side: int
    highest: int = 65_535
    depths: tuple[int, ...] = ()
    holds: tuple[str, ...] = ("icc", "exif", "xmp")
    largest_block: int | None = None
    substitute: str | None = None

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins so is of this format."""
        return self.pattern.match(head) is not None

    def codec(self) -> Codec:
        """Import and return the codec."""
        return cast("Codec", importlib.import_module(self.module))
