"""Decodes many images at once into memory, as far as it holds them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, TypeVar

import psutil

from imgclean.errors import DataUnusable, ImageError
from imgclean.events import ReadImages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from imgclean.events import Emit

_USABLE_SHARE = 0.9  # of the free memory: what works on the images needs some too

_Item = TypeVar("_Item")

Decoded = tuple["NDArray[Any]", ...]


def decode_all(
    items: Sequence[_Item], decode: Callable[[_Item], Decoded], *, title: str, emit: Emit
) -> list[Decoded | ImageError]:
    """Return what each item holds, in their order, or why it cannot be decoded.

    Args:
        items: what to decode.
        decode: from an item to its arrays; called on a thread for each core, since the codecs
            let others run.
        title: what the items are, for people.
        emit: gets a `ReadImages` event for each item.

    Raises:
        DataUnusable: together they are too large for the free memory.
    """

    def attempt(item: _Item) -> Decoded | ImageError:
        try:
            return decode(item)
        except ImageError as error:
            return error

    free = psutil.virtual_memory().available
    held = 0
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        futures = [pool.submit(attempt, item) for item in items]
        for done, future in enumerate(as_completed(futures), start=1):
            arrays = future.result()
            if not isinstance(arrays, ImageError):
                held += sum(each.nbytes for each in arrays)
            if held > _USABLE_SHARE * free:
                raise _too_large(title, held * len(items) / done, free)
            emit(ReadImages(title=title, done=done, total=len(items)))
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)


def _too_large(title: str, needed: float, free: int) -> DataUnusable:
    return DataUnusable(
        f"the images of {title} need about {needed / 1e9:.1f} GB of memory decoded, "
        f"and {free / 1e9:.1f} GB are free",
        hint="take fewer, with --include or --exclude, or cut them into smaller images",
    )
