"""Writes a TIFF file plane by plane, and planes that are large piece by piece.

tifffile writes, on a thread of its own. At the end its directories are replaced by ones of
their structural tags and of the source's others, as for single images.
"""

from __future__ import annotations

import dataclasses
import math
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from io import FileIO
from typing import TYPE_CHECKING, Any

import numpy as np
from tifffile import TiffWriter

from imgclean.errors import UnreadableImage, UnwritableImage, one_line
from imgclean.images.bands import Bands
from imgclean.images.rasters import MemorySamples
from imgclean.images.tiff.feed import Feed
from imgclean.images.tiff.page import as_stored, write_settings
from imgclean.images.tiff.pieces import BAND_ROWS, in_pieces, room_for
from imgclean.images.tiff.relabel import replace_directories, replace_first_directory
from imgclean.images.tiff.stream import WholeStream
from imgclean.images.write import unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from imgclean.images.rasters import SampleSink
    from imgclean.images.tiff.record import TiffRecord
    from imgclean.images.tiff.tags import Layout, Tag

LARGEST_AT_ONCE = 128 << 20
"""Bytes of an image that is read and written as a whole."""

_WAITING_PLANES = 2
_WAITING_PIECES = 64
_ROOM_TAG = 65000  # private; its value keeps room for a directory
_ROOM_MARK = b"imgclean:directory:here"


class TiffStackWriter:
    """A TIFF file that is being written.

    Args:
        path: the file, made anew.
        layout: byte order, and whether offsets take 8 bytes.
        name: what error messages call it.
        planes: how many there will be.
        tags_of: all tags of a plane's directory that do not say how it is held.
        contiguous: the planes are alike, uncompressed, and follow each other without anything
            between, as ImageJ expects it.
        one_directory: they share the first plane's.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        name: Path,
        planes: int,
        tags_of: Callable[[int], tuple[Tag, ...]],
        *,
        contiguous: bool = False,
        one_directory: bool = False,
    ) -> None:
        self._path = path
        self._layout = layout
        self._name = name
        self._planes = planes
        self._tags_of = tags_of
        self._contiguous = contiguous or one_directory
        self._one_directory = one_directory
        self._records: list[TiffRecord] = []
        self._pending: list[Future[Any]] = []
        self._feed: Feed[Any] | None = None
        self._kind: tuple[tuple[int, ...], np.dtype[Any]] | None = None
        self._stream = WholeStream(FileIO(path, "w"))
        self._writer = TiffWriter(self._stream, bigtiff=layout.big, byteorder=layout.order)
        self._thread = ThreadPoolExecutor(1)

    def begin(
        self, record: TiffRecord, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> tuple[SampleSink, Callable[[], None]]:
        """Begin the next plane.

        Args:
            record: how it is to be held.
            shape: height, width, channels with alpha.
            dtype: sample type.

        Returns:
            What takes its samples, and what to call when it has them all.

        Raises:
            UnreadableImage: planes that are to be contiguous differ.
            UnwritableImage: the file cannot be written; both results may raise it too.
        """
        if self._contiguous and self._kind not in (None, (shape, dtype)):
            raise UnreadableImage("damaged: it is no ImageJ stack, as its pages differ in size")
        self._kind = (shape, dtype)
        if math.prod(shape) * dtype.itemsize > LARGEST_AT_ONCE:
            record = in_pieces(record)
            self._records.append(dataclasses.replace(record, tags=()))
            take = self._take_bands(record, shape, dtype)
            rows = record.tile[0] if record.tile else BAND_ROWS
            return Bands(shape, dtype, rows, take), self._finish_pieces
        self._records.append(dataclasses.replace(record, tags=()))
        memory = MemorySamples(np.empty(shape, dtype))
        return memory, lambda: self._finish_whole(record, memory.values)

    def close(self) -> None:
        """Finish the file.

        Raises:
            UnwritableImage: it cannot be written.
        """
        if self._contiguous and self._feed:
            self._feed.put(None)
        self._wait(0)
        self._thread.shutdown()
        with self._naming_the_file():
            self._writer.close()
            self._stream.close()
            if self._one_directory:
                replace_first_directory(self._path, self._records[0], self._tags_of(0), _ROOM_MARK)
            else:
                replace_directories(self._path, self._records, self._tags_of)

    def abort(self) -> None:
        """Give up: what was written is of no use."""
        if self._feed:
            self._feed.abandon()
        self._thread.shutdown(cancel_futures=True)
        with suppress(Exception):
            self._writer.close()
        with suppress(OSError):
            self._stream.close()

    def _finish_whole(self, record: TiffRecord, samples: NDArray[Any]) -> None:
        stored = as_stored(samples, record)
        if self._contiguous:
            feed = self._series(record, stored.shape, samples.dtype, samples.shape[2])
            feed.put(stored.astype(self._ordered(samples.dtype), copy=False))
        else:
            settings = write_settings(record, samples.dtype, samples.shape[2])
            self._submit(stored, settings)
            self._wait(_WAITING_PLANES)

    def _take_bands(
        self, record: TiffRecord, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> Callable[[NDArray[Any]], None]:
        """Return what takes bands of rows and hands on their tiles or strips."""
        stored_shape = shape[:2] if shape[2] == 1 else shape
        if self._contiguous:
            feed = self._series(record, stored_shape, dtype, shape[2])
        else:
            feed = self._feed = Feed(_WAITING_PIECES, self._raise_failure)
            settings = write_settings(record, dtype, shape[2])
            self._submit(iter(feed), settings | self._given(stored_shape, dtype))
        width = record.tile[1] if record.tile else shape[1]

        def take(band: NDArray[Any]) -> None:
            for left in range(0, shape[1], width):
                piece = as_stored(band[:, left : left + width], record)
                piece = piece.astype(self._ordered(dtype), copy=False)
                feed.put(piece if record.tile else piece.tobytes())

        return take

    def _finish_pieces(self) -> None:
        if self._feed and not self._contiguous:
            self._feed.put(None)
            self._wait(0)

    def _series(
        self, record: TiffRecord, shape: tuple[int, ...], dtype: np.dtype[Any], channels: int
    ) -> Feed[Any]:
        """Return the feed of the one series as which all planes are written."""
        if self._feed is None:
            self._feed = Feed(_WAITING_PLANES, self._raise_failure)
            settings = write_settings(record, dtype, channels)
            settings |= self._given((self._planes, *shape), dtype)
            if self._one_directory:
                room = _ROOM_MARK + bytes(room_for(self._tags_of(0), record, shape))
                settings["truncate"] = True
                settings["extratags"] = [(_ROOM_TAG, 7, len(room), room, True)]
            self._submit(iter(self._feed), settings)
        return self._feed

    def _given(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> dict[str, Any]:
        return {"shape": shape, "dtype": self._ordered(dtype)}

    def _submit(self, data: Any, settings: dict[str, Any]) -> None:
        self._pending.append(self._thread.submit(self._writer.write, data, **settings))

    def _wait(self, allowed: int) -> None:
        """Wait until no more than `allowed` writes are under way."""
        while len(self._pending) > allowed:
            with self._naming_the_file():
                self._pending.pop(0).result()

    def _raise_failure(self) -> None:
        for future in self._pending:
            if future.done():
                with self._naming_the_file():
                    future.result()

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        """Turn what tifffile or the operating system raises into a typed error."""
        try:
            yield
        except OSError as error:
            raise unwritable(self._name, error) from error
        except Exception as error:
            raise UnwritableImage(
                f"{self._name}: TIFF cannot hold it: {one_line(error)}",
                hint="choose another compression in the source, or a part with --crop",
            ) from error

    def _ordered(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        return dtype.newbyteorder(self._layout.order)
