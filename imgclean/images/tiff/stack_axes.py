"""How the planes of a stack are ordered, and what its description says when some are left out.

Three descriptions are known, all in the ImageDescription of the first page: ImageJ's lines, OME's
XML (OME-TIFF 2016-06) and tifffile's sides. In any other stack each plane is a page.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgclean.images.tiff.ome import OmeImage, read_ome, select_in_ome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.images.page_choice import PageChoice

_IMAGEJ_AXES = ("channels", "slices", "frames")  # the first changes fastest


@dataclass(frozen=True, slots=True)
class StackAxes:
    """The planes of a stack.

    A page is what is left of a plane's position without its channel: one slice at one time.

    Attributes:
        channels, pages: how many there are.
        positions: page and channel of each plane, from 0 on, in the file's order.
    """

    channels: int
    pages: int
    positions: tuple[tuple[int, int], ...]

    def choose(self, pages: PageChoice | None, channels: PageChoice | None) -> tuple[int, ...]:
        """Return the numbers of the chosen planes, from 0 on, in the file's order.

        Raises:
            UnsupportedImage: a page or channel that was chosen is not there.
        """
        kept_pages = set(pages.indices(self.pages, "page") if pages else range(self.pages))
        kept = set(channels.indices(self.channels, "channel") if channels else range(self.channels))
        return tuple(
            number
            for number, (page, channel) in enumerate(self.positions)
            if page in kept_pages and channel in kept
        )


def read_axes(description: str, planes: int) -> StackAxes:
    """Return the order of a stack's planes.

    Args:
        description: that of the first page, empty if there is none.
        planes: how many the file holds.
    """
    if description.startswith("ImageJ="):
        sizes = imagej_sizes(description)
        if sizes[0] * sizes[1] * sizes[2] == planes:
            return _regular(sizes[0], planes)
    image = read_ome(description)
    if image is not None:
        return _ome_axes(image, planes)
    return _regular(1, planes)


def imagej_sizes(description: str) -> tuple[int, int, int]:
    """Return the channels, slices and frames that ImageJ's lines state."""
    found = dict(re.findall(r"^(\w+)=(\d+)\s*$", description, re.MULTILINE))
    sizes = [int(found.get(key, 1)) for key in _IMAGEJ_AXES]
    if not any(key in found for key in _IMAGEJ_AXES):
        sizes[1] = int(found.get("images", 1))
    return sizes[0], sizes[1], sizes[2]


def select_in_description(description: str, axes: StackAxes, planes: Sequence[int]) -> str:
    """Return the description of a stack of which only some planes are left.

    Where pages are left out of slices and frames both, those that stay are slices.

    Args:
        description: of the whole.
        axes: of the whole.
        planes: those that stay, from 0 on.
    """
    positions = [axes.positions[each] for each in planes]
    channels = sorted({channel for _, channel in positions})
    pages = sorted({page for page, _ in positions})
    if description.startswith("ImageJ="):
        return _select_in_imagej(description, axes, len(pages), len(channels))
    if read_ome(description) is not None:
        return select_in_ome(description, pages, channels, positions)
    return _select_in_tifffile(description, axes, len(planes))


def _regular(channels: int, planes: int) -> StackAxes:
    return StackAxes(
        channels, planes // channels, tuple(divmod(each, channels) for each in range(planes))
    )


def _ome_axes(image: OmeImage, planes: int) -> StackAxes:
    if len(image.planes) != planes:
        return _regular(1, planes)
    positions = tuple(
        (plane.t * image.size_z + plane.z, plane.c // image.samples) for plane in image.planes
    )
    return StackAxes(image.size_c // image.samples, image.size_z * image.size_t, positions)


def _select_in_imagej(description: str, axes: StackAxes, pages: int, channels: int) -> str:
    _, slices, frames = imagej_sizes(description)
    if pages < axes.pages:
        only_frames = slices == 1 and frames > 1
        slices, frames = (1, pages) if only_frames else (pages, 1)
    sizes = {"images": pages * channels, "channels": channels, "slices": slices, "frames": frames}
    lines = [each for each in description.split("\n") if each.split("=")[0] not in sizes]
    stated = [f"{key}={size}" for key, size in sizes.items() if size > 1 or key == "images"]
    return "\n".join((lines[0], *stated, *lines[1:]))


def _select_in_tifffile(description: str, axes: StackAxes, planes: int) -> str:
    """Return the sides of an array that tifffile wrote, as JSON or as `shape=(2, 10, 10)`."""
    if old := re.fullmatch(r"shape=\(([\d, ]+)\)\s*", description):
        sides = [int(side) for side in old[1].split(",") if side.strip()]
        return f"shape=({','.join(map(str, _sides_of(planes, sides, axes)))})"
    try:
        shaped = json.loads(description)
        shaped["shape"] = _sides_of(planes, list(map(int, shaped["shape"])), axes)
    except (ValueError, TypeError, KeyError):
        return description
    shaped.pop("truncated", None)
    shaped.pop("axes", None)
    return json.dumps(shaped)


def _sides_of(planes: int, sides: Sequence[int], axes: StackAxes) -> list[int]:
    """Return the sides of an array of so many planes, by those of the whole."""
    plane = math.prod(sides) // len(axes.positions)
    depth = next((d for d in range(2, len(sides)) if math.prod(sides[-d:]) == plane), 2)
    return [planes, *sides[-depth:]]
