"""How a TIFF file holds an image, and what it says besides the pixels."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.images.tiff.colormap import colours_of
from imgclean.images.tiff.enlarged import enlarged_tags
from imgclean.images.tiff.loss import JPEGS, Loss, loss_of_page

if TYPE_CHECKING:
    from tifffile import TiffPage

    from imgclean.images.tiff.tags import Layout, Tag

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
NO_COMPRESSION, DEFLATE = 1, 8
NO_PREDICTOR, HORIZONTAL, FLOATING_POINT = 1, 2, 3
INTERLEAVED, PLANAR = 1, 2
UNSPECIFIED, PREMULTIPLIED_ALPHA, STRAIGHT_ALPHA = 0, 1, 2

COLOURS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, SEPARATED: 4, YCBCR: 3}
"""How many samples of a pixel make its colour."""

STRUCTURE = frozenset(
    (256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339)
)
"""Tags on how the pixels are stored; a file that is written has its own."""

_CHROMA = frozenset((529, 530, 532))  # how JPEGs hold YCbCr
WRITTEN_STRUCTURE = STRUCTURE | _CHROMA
"""Tags that tifffile writes on how the pixels are stored."""

# Other images of the source (previews, layers, masks), tables of a compression, the colormap.
_DROPPED = frozenset((288, 289, 320, 330, 347, 400, 37724, *range(512, 522)))
_INK_SET, _NUMBER_OF_INKS, _CMYK_INKS = 332, 334, 1


@dataclass(frozen=True, slots=True)
class TiffRecord:
    """What a TIFF file says besides its pixels, and how it holds them.

    Attributes:
        layout: byte order and size of offsets.
        tags: all tags but those of the structure.
        photometric: `MIN_IS_WHITE`, `MIN_IS_BLACK`, `RGB`, `PALETTE`, `SEPARATED` or `YCBCR`.
        bits: of a sample, as stored; None for all bits of the samples' type.
        colours: samples of a pixel before the extra samples.
        extra_samples: what the samples behind the colours are: `UNSPECIFIED`,
            `PREMULTIPLIED_ALPHA` (the colours are multiplied with it) or `STRAIGHT_ALPHA`.
            Samples that the file does not count as extra stand in `colours`.
        compression, predictor: numbers, as TIFF has them.
        loss: how the pixels were compressed, where something was lost; None if nothing was.
        planar: `INTERLEAVED` or `PLANAR`.
        tile: height and width, or None for strips.
        rows_per_strip: None for tifffile's choice.
        palette: red, green and blue, 8 bits each, of every value of a sample.
        complete: whether `tags` are all that is to be written; if not, what a picture's metadata
            say in general is written besides.
    """

    layout: Layout
    tags: tuple[Tag, ...]
    photometric: int
    bits: int | None = None
    colours: int = 1
    extra_samples: tuple[int, ...] = ()
    compression: int = DEFLATE
    predictor: int = HORIZONTAL
    loss: Loss | None = None
    planar: int = INTERLEAVED
    tile: tuple[int, int] | None = None
    rows_per_strip: int | None = None
    palette: bytes | None = None
    complete: bool = True

    @property
    def written_planar(self) -> int:
        """`INTERLEAVED` or `PLANAR`, of a file that is written."""
        return INTERLEAVED if self.palette is not None else self.planar

    @property
    def separate(self) -> bool:
        """Whether they are no gray, RGB or CMYK with one other channel or none."""
        inks = next((tag for tag in self.tags if tag.code == _INK_SET), None)
        other_inks = inks is not None and inks.numbers(self.layout)[:1] != (_CMYK_INKS,)
        return (
            self.colours != COLOURS[self.photometric]
            or len(self.extra_samples) > 1
            or (self.photometric == SEPARATED and other_inks)
        )

    @property
    def alpha_at(self) -> int | None:
        """Which sample of a pixel is a picture's alpha channel; None if there is none."""
        extra = self.extra_samples
        if extra and not self.separate:
            return self.colours
        alphas = [i for i, kind in enumerate(extra, self.colours) if kind != UNSPECIFIED]
        return alphas[0] if len(alphas) == 1 else None

    def stripped(self) -> TiffRecord:
        """Return how the file holds its pixels, without what it says."""
        kept = tuple(tag for tag in self.tags if tag.code in (_INK_SET, _NUMBER_OF_INKS))
        return dataclasses.replace(self, tags=kept, complete=False)

    def at_least(self, quality: int) -> TiffRecord:
        """Return the record of a file that loses no more than at that quality."""
        if self.loss is None or self.loss.quality >= quality:
            return self
        return dataclasses.replace(self, loss=dataclasses.replace(self.loss, quality=quality))

    def enlarged(self, scale: int) -> TiffRecord:
        """Return the record with the densities, sizes and places of the enlarged image."""
        interleaved = self.colours + len(self.extra_samples) > 1 and self.planar == INTERLEAVED
        tags = enlarged_tags(self.tags, self.layout, scale, samples_last=interleaved)
        return dataclasses.replace(self, tags=tags)


def record_of_page(page: TiffPage, layout: Layout, tags: tuple[Tag, ...]) -> TiffRecord:
    """Return the record of a page of a kind that is handled.

    Args:
        page: the image. Of a JPEG, WebP or JPEG 2000 its first strip or tile is read too.
        layout: the file's.
        tags: all tags of the image's directory.

    Raises:
        UnreadableImage: its colormap is damaged, or a strip that is read.
    """
    photometric = int(page.photometric)
    bits = int(page.bitspersample)
    colours, extra = _meaning_of_samples(page)
    own = STRUCTURE | _DROPPED
    if photometric == YCBCR or page.compression in JPEGS:
        own |= _CHROMA
    whole = page.dtype is not None and bits == page.dtype.itemsize * 8
    return TiffRecord(
        layout,
        tuple(tag for tag in tags if tag.code not in own),
        photometric=photometric,
        bits=None if whole else bits,
        colours=colours,
        extra_samples=extra,
        compression=int(page.compression),
        predictor=int(page.predictor),
        loss=loss_of_page(page),
        planar=int(page.planarconfig or INTERLEAVED),
        tile=(page.tilelength, page.tilewidth) if page.is_tiled else None,
        rows_per_strip=None if page.is_tiled else int(page.rowsperstrip),
        palette=colours_of(tags, layout, bits) if photometric == PALETTE else None,
    )


def _meaning_of_samples(page: TiffPage) -> tuple[int, tuple[int, ...]]:
    """Return how many samples of a pixel are colours, and what the others are.

    Where the file does not say, one more than the colours is a channel of unknown meaning; of
    several more, none is a colour: so instruments write their channels.
    """
    samples = page.samplesperpixel
    usual = COLOURS[int(page.photometric)]
    known = (PREMULTIPLIED_ALPHA, STRAIGHT_ALPHA)
    stated = tuple(int(each) if each in known else UNSPECIFIED for each in page.extrasamples)
    if 0 < len(stated) < samples:
        return samples - len(stated), stated
    if samples == usual + 1 and page.photometric != SEPARATED:
        return usual, (UNSPECIFIED,)
    return samples, ()
