"""How the process holds on to memory that it freed."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
_KEPT_IN_ALL = 512 << 20
_WANTED = 128 << 20
_BY_ITSELF = 32 << 20  # up to where glibc raises its threshold by itself, and no further
_MARGIN = 1 << 20  # a block has a head, and torch aligns what is in it

_largest_reused = [_BY_ITSELF - _MARGIN]


def keep_freed_memory() -> None:
    """Have glibc reuse blocks of up to 128 MiB, such as tiles and photographs, once they are freed.

    By itself it returns them to the system, which fills each new one with zeros, page by page, for
    every layer of every tile anew. At most 512 MiB are kept. Does nothing where there is no glibc,
    or one that allows no more than it does by itself.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_TRIM_THRESHOLD, _KEPT_IN_ALL)
    if mallopt(_M_MMAP_THRESHOLD, _WANTED + _MARGIN):
        _largest_reused[0] = _WANTED
    else:
        mallopt(_M_MMAP_THRESHOLD, _BY_ITSELF)


def largest_reused_block() -> int:
    """Return the bytes up to which a freed block serves the next one that is asked for."""
    return _largest_reused[0]
