"""ImageJ's own tags of a stack: labels, display ranges and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tifffile import imagej_metadata_tag

from imgclean.images.tiff.tags import Tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgclean.images.tiff.stack_axes import StackAxes
    from imgclean.images.tiff.tags import Layout

IJ_COUNTS, IJ_METADATA = 50838, 50839

_KEYS = ("Info", "Labels", "Ranges", "LUTs", "Plot", "ROI", "Overlays", "Properties")


def imagej_tags_of_choice(
    said: Mapping[str, Any], axes: StackAxes, planes: Sequence[int], layout: Layout
) -> dict[int, Tag]:
    """Return the tags of a choice of planes, by their codes.

    Args:
        said: what the tags of the whole stack say, as tifffile reads them.
        axes: of the whole stack.
        planes: those that stay, from 0 on.
        layout: of the tags that are returned.
    """
    channels = sorted({axes.positions[plane][1] for plane in planes})
    kept = {key: said[key] for key in _KEYS if key in said}
    for key, numbers, count in (
        ("Labels", planes, len(axes.positions)),
        ("LUTs", channels, axes.channels),
    ):
        if len(kept.get(key, ())) == count:
            kept[key] = [kept[key][each] for each in numbers]
    ranges = kept.get("Ranges", ())
    if len(ranges) == 2 * axes.channels:
        kept["Ranges"] = [ranges[2 * each + end] for each in channels for end in (0, 1)]
    written = imagej_metadata_tag(kept, layout.order)
    return {code: Tag(code, kind, value) for code, kind, _, value, _ in written}
