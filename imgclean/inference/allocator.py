"""How the process holds on to memory that it freed."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
_LARGEST_KEPT = 64 << 20
_KEPT_IN_ALL = 256 << 20


def keep_freed_memory() -> None:
    """Have glibc reuse blocks of up to 64 MiB, such as tiles and photographs, once they are freed.

    By itself it returns them to the system, which fills each new one with zeros, page by page, for
    every tile anew. At most 256 MiB are kept. Does nothing where there is no glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_IN_ALL)
