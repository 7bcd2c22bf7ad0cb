"""How long something takes yet, in words."""

from __future__ import annotations


def time_left(share: float, seconds: float) -> str:
    """Return what is left at the pace so far, as `  about 5 min left`."""
    if not 0 < share < 1:
        return ""
    return left_in_words(seconds * (1 - share) / share)


def left_in_words(seconds: float) -> str:
    """Return a time as `  about 5 min left`."""
    left = round(seconds)
    minutes = round(left / 60)
    if left < 60:
        text = f"{left} s"
    elif minutes < 60:
        text = f"{minutes} min"
    else:
        text = f"{minutes // 60} h {minutes % 60} min"
    return f"  about {text} left"
