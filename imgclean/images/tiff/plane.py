"""One image of a TIFF file, read window by window."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import ImageError, UnreadableImage, one_line
from imgclean.images.tiff.jpeg import require_end
from imgclean.images.tiff.loss import JPEGS
from imgclean.images.tiff.page import as_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tifffile import TiffPage

    from imgclean.extension.requests import Window
    from imgclean.images.tiff.record import TiffRecord
    from imgclean.images.tiff.tags import Content

_PLANAR = 2
_RAW_BYTES = 1 << 20  # uncompressed rows are read in pieces of about this size
_SMALLEST_CACHE = 32 << 20


class TiffPlane:
    """The samples of one image in a TIFF file.

    Strips or tiles are decoded when a window needs them, and kept while the next windows of the
    same rows are likely to need them: the memory grows with the image's width, not its height.

    Args:
        page: the image's directory.
        record: how it is held.
        file: the content of the file.
        shift: bytes from the page's own image to this one, where several images of one directory
            follow each other without compression.

    Attributes:
        shape: height, width, channels.
        dtype: sample type, in native byte order.
        probe: (1, 1, C), a pixel of this kind.
    """

    def __init__(
        self, page: TiffPage, record: TiffRecord, file: Content, *, shift: int = 0
    ) -> None:
        self._page = page
        self._stored: np.dtype[Any] = np.dtype(page.dtype)
        self._record = record
        self._file = file
        self._shift = shift
        self._planes = page.samplesperpixel if page.planarconfig == _PLANAR else 1
        self._samples = 1 if page.planarconfig == _PLANAR else page.samplesperpixel
        self._raw = bool(page.is_final)
        height, width = page.imagelength, page.imagewidth
        if self._raw:
            row = width * self._samples * self._stored.itemsize
            self._segment = (max(1, _RAW_BYTES // row), width)
        elif page.is_tiled:
            self._segment = (page.tilelength, page.tilewidth)
        else:
            self._segment = (min(page.rowsperstrip, height), width)
        self._grid = (math.ceil(height / self._segment[0]), math.ceil(width / self._segment[1]))
        self._cache: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self.probe = as_samples(np.zeros(self._stored_shape(1, 1), self._stored), record)
        self.shape: tuple[int, ...] = (height, width, self.probe.shape[2])
        self.dtype: np.dtype[Any] = self.probe.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of all samples."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def segment_bytes(self) -> int:
        """Bytes of one strip or tile, decoded: the least that is in memory at once."""
        return math.prod(self._segment) * self._samples * self._stored.itemsize

    def read(self, window: Window) -> NDArray[Any]:
        """Return (h, w, C), in native byte order.

        Raises:
            UnreadableImage: a strip or tile is damaged.
        """
        try:
            return self._read(window)
        except ImageError:
            raise
        except Exception as error:  # decoders raise anything on damaged content
            raise UnreadableImage(f"damaged: {one_line(error)}") from error

    def _read(self, window: Window) -> NDArray[Any]:
        stored = np.empty(self._stored_shape(window.height, window.width), self._stored)
        tall, wide = self._segment
        rows = range(window.y // tall, (window.y + window.height - 1) // tall + 1)
        columns = range(window.x // wide, (window.x + window.width - 1) // wide + 1)
        for plane in range(self._planes):
            for row in rows:
                for column in columns:
                    segment = self._load(plane, row, column)
                    _paste(stored[plane, 0], window, segment, row * tall, column * wide)
        self._forget((window.height + 2 * tall) * self.shape[1])
        return as_samples(stored, self._record)

    def _stored_shape(self, height: int, width: int) -> tuple[int, ...]:
        return self._planes, 1, height, width, self._samples

    def _load(self, plane: int, row: int, column: int) -> NDArray[Any]:
        """Return a strip or tile as (h, w, samples); at the border it may be larger or smaller."""
        index = (plane * self._grid[0] + row) * self._grid[1] + column
        if index in self._cache:
            self._cache.move_to_end(index)
        else:
            decode = self._rows if self._raw else self._decoded
            segment = decode(plane, row, index)
            height, width, _ = self.shape
            tall, wide = self._segment
            if segment.shape[0] < min(tall, height - row * tall) or segment.shape[1] < min(
                wide, width - column * wide
            ):
                raise UnreadableImage("damaged: a strip or tile is smaller than it should be")
            self._cache[index] = segment
        return self._cache[index]

    def _rows(self, plane: int, row: int, _index: int) -> NDArray[Any]:
        height, width, _ = self.shape
        first = row * self._segment[0]
        count = min(self._segment[0], height - first)
        pitch = width * self._samples * self._stored.itemsize
        start = self._page.dataoffsets[0] + self._shift + (plane * height + first) * pitch
        data = self._file[start : start + count * pitch]
        if len(data) < count * pitch:
            raise UnreadableImage("truncated: it ends inside its pixels")
        dtype = self._stored.newbyteorder(self._record.layout.order)
        return np.frombuffer(data, dtype).reshape(count, width, self._samples)

    def _decoded(self, _plane: int, _row: int, index: int) -> NDArray[Any]:
        start, count = self._page.dataoffsets[index], self._page.databytecounts[index]
        data = bytes(self._file[start : start + count])
        if self._page.compression in JPEGS and not self._page.jpegheader:
            require_end(data)
        tables = (
            {"jpegtables": self._page.jpegtables, "jpegheader": self._page.jpegheader}
            if self._page.compression in JPEGS
            else {}
        )
        segment, _, _ = self._page.decode(data, index, _fullsize=self._page.is_tiled, **tables)
        if segment is None:
            raise UnreadableImage("damaged: a strip or tile of it is empty")
        decoded: NDArray[Any] = segment[0]
        return decoded

    def _forget(self, pixels: int) -> None:
        """Drop what was used longest ago, beyond what this many pixels take."""
        limit = max(
            _SMALLEST_CACHE,
            pixels * self._planes * self._samples * self._stored.itemsize,
        )
        held = sum(each.nbytes for each in self._cache.values())
        while held > limit and len(self._cache) > 1:
            held -= self._cache.popitem(last=False)[1].nbytes


def _paste(
    target: NDArray[Any], window: Window, segment: NDArray[Any], top: int, left: int
) -> None:
    """Copy what a segment at (top, left) has of a window into the window's samples."""
    y0, x0 = max(window.y, top), max(window.x, left)
    y1 = min(window.y + window.height, top + segment.shape[0])
    x1 = min(window.x + window.width, left + segment.shape[1])
    target[y0 - window.y : y1 - window.y, x0 - window.x : x1 - window.x] = segment[
        y0 - top : y1 - top, x0 - left : x1 - left
    ]
