"""The central square of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def central_square(image: NDArray[Any], side: int) -> NDArray[Any]:
    """Return the middle of [H, W, C] as a view, one pixel nearer to the origin where that is odd.

    Args:
        image: of any sample type.
        side: of the square in pixels; the whole height or width where that is less.
    """
    top, left = ((length - min(length, side)) // 2 for length in image.shape[:2])
    return image[top : top + side, left : left + side]
