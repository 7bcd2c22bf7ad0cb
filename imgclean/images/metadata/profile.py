"""Colour profiles (ICC.1:2022): what their head says."""

from __future__ import annotations

_SPACE = slice(16, 20)  # of the data that it describes: 7.2, table 17


def is_for_gray(profile: bytes | None) -> bool:
    """Whether a profile is for gray images; it means nothing in a file of RGB."""
    return profile is not None and profile[_SPACE] == b"GRAY"
