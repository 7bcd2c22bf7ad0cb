"""How a plane that is too large for memory is held, and the room that its directory takes."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from imgclean.images.tiff.record import INTERLEAVED, NO_COMPRESSION

if TYPE_CHECKING:
    from imgclean.images.tiff.record import TiffRecord
    from imgclean.images.tiff.tags import Tag

BAND_ROWS = 64
"""Rows of an uncompressed strip."""

_TILE = (256, 256)
_TILE_MULTIPLE = 16


def room_for(tags: tuple[Tag, ...], record: TiffRecord, shape: tuple[int, ...]) -> int:
    """Return how many bytes a directory of these tags and of the structure's takes at most."""
    said = sum(64 + len(tag.value) for tag in _flat(tags))
    strips = math.ceil(shape[0] / (record.rows_per_strip or shape[0]))
    return 4096 + said + 32 * strips


def _flat(tags: tuple[Tag, ...]) -> list[Tag]:
    return [each for tag in tags for each in (tag, *_flat(tag.directory or ()))]


def in_pieces(record: TiffRecord) -> TiffRecord:
    """Return how a large plane is held: in the source's tiles, in raw strips, or in tiles of ours.

    Its channels lie together, as they are computed together.
    """
    record = dataclasses.replace(record, planar=INTERLEAVED)
    if record.tile is None and record.compression == NO_COMPRESSION:
        return dataclasses.replace(record, rows_per_strip=BAND_ROWS)
    fits = record.tile is not None and not any(side % _TILE_MULTIPLE for side in record.tile)
    return record if fits else dataclasses.replace(record, tile=_TILE, rows_per_strip=None)
