"""OME-XML, as far as it says which plane of an OME-TIFF is which (OME schema 2016-06)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AXES = "ZCT"
_LARGEST_XML = 64 * 2**20


class OmePlane(NamedTuple):
    """A plane's slice, channel and time, from 0 on."""

    z: int
    c: int
    t: int


@dataclass(frozen=True, slots=True)
class OmeImage:
    """What the XML says of its only image.

    Attributes:
        size_z, size_c, size_t: lengths of the axes; colour samples count as channels.
        samples: colour samples a pixel, which lie in one plane together.
        planes: the plane in each directory of the file.
    """

    size_z: int
    size_c: int
    size_t: int
    samples: int
    planes: tuple[OmePlane, ...]


def read_ome(text: str) -> OmeImage | None:
    """Return what an ImageDescription says; None if it is no OME-XML of a single image."""
    root = _parse(text)
    if root is None:
        return None
    pixels = [each for each in root.iter() if _local(each) == "Pixels"]
    if len(pixels) != 1:
        return None
    try:
        return _read_pixels(pixels[0])
    except (KeyError, ValueError):
        return None


def select_in_ome(
    text: str,
    pages: Sequence[int],
    channels: Sequence[int],
    positions: Sequence[tuple[int, int]],
) -> str:
    """Return the XML of the same image with some pages and channels left.

    Args:
        text: XML that `read_ome` reads.
        pages: those that stay, slice fastest, from 0 on.
        channels: those that stay, from 0 on.
        positions: page and channel of each plane of the new file.
    """
    root = _parse(text)
    image = read_ome(text)
    if root is None or image is None:
        return text
    pixels = next(each for each in root.iter() if _local(each) == "Pixels")
    namespace = pixels.tag.partition("}")[0] + "}" if pixels.tag.startswith("{") else ""
    rank = {page: number for number, page in enumerate(pages)}
    all_pages = len(pages) == image.size_z * image.size_t
    size_z, size_t = (image.size_z, image.size_t) if all_pages else (len(pages), 1)
    if not all_pages and image.size_z == 1:
        size_z, size_t = 1, len(pages)
    sizes = {"SizeZ": size_z, "SizeC": len(channels) * image.samples, "SizeT": size_t}
    pixels.attrib.update({key: str(value) for key, value in sizes.items()})
    _keep_children(pixels, image, pages, channels, size_z)
    at = next((i for i, each in enumerate(pixels) if _local(each) == "Plane"), len(pixels))
    for number, (page, channel) in reversed(list(enumerate(positions))):
        t, z = divmod(rank[page], size_z)
        entry = ET.Element(f"{namespace}TiffData")
        first = {"FirstZ": z, "FirstC": channels.index(channel) * image.samples, "FirstT": t}
        entry.attrib.update({k: str(v) for k, v in (first | {"IFD": number}).items()})
        entry.set("PlaneCount", "1")
        pixels.insert(at, entry)
    for prefix, uri in (
        ("", namespace[1:-1]),
        ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ):
        if uri:
            ET.register_namespace(prefix, uri)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _keep_children(
    pixels: ET.Element,
    image: OmeImage,
    pages: Sequence[int],
    channels: Sequence[int],
    size_z: int,
) -> None:
    """Drop what belongs to planes that are left out, and number the rest anew."""
    seen = 0
    rank = {page: number for number, page in enumerate(pages)}
    for child in list(pixels):
        kind = _local(child)
        if kind == "TiffData":
            pixels.remove(child)
        elif kind == "Channel":
            if seen not in channels:
                pixels.remove(child)
            seen += 1
        elif kind == "Plane":
            page = int(child.get("TheT", 0)) * image.size_z + int(child.get("TheZ", 0))
            channel = int(child.get("TheC", 0)) // image.samples
            if page not in rank or channel not in channels:
                pixels.remove(child)
                continue
            t, z = divmod(rank[page], size_z)
            child.attrib.update(
                {"TheZ": str(z), "TheC": str(channels.index(channel)), "TheT": str(t)}
            )


def _parse(text: str) -> ET.Element | None:
    if "OME" not in text[:2000] or len(text) > _LARGEST_XML or "<!ENTITY" in text:
        return None
    try:
        root = ET.fromstring(text)  # noqa: S314 - entities were refused above
    except ET.ParseError:
        return None
    return root if _local(root) == "OME" else None


def _read_pixels(pixels: ET.Element) -> OmeImage:
    size = {axis: int(pixels.attrib[f"Size{axis}"]) for axis in _AXES}
    channel = next((each for each in pixels if _local(each) == "Channel"), None)
    samples = int(channel.get("SamplesPerPixel", 1)) if channel is not None else 1
    if samples < 1 or size["C"] % samples or min(size.values()) < 1:
        raise ValueError("sizes that contradict each other")
    order = [axis for axis in pixels.get("DimensionOrder", "XYZCT")[2:] if axis in _AXES]
    places: dict[int, OmePlane] = {}
    for entry in pixels:
        if _local(entry) == "TiffData":
            places.update(_places(entry, size, order, samples))
    count = size["Z"] * size["T"] * (size["C"] // samples)
    if not places:
        places = dict(enumerate(_sequence(OmePlane(0, 0, 0), count, size, order, samples)))
    if sorted(places) != list(range(count)):
        raise ValueError("planes in other files, or missing")
    return OmeImage(
        size["Z"], size["C"], size["T"], samples, tuple(places[each] for each in range(count))
    )


def _places(
    entry: ET.Element, size: dict[str, int], order: Sequence[str], samples: int
) -> dict[int, OmePlane]:
    first = OmePlane(*(int(entry.get(f"First{axis}", 0)) for axis in _AXES))
    everything = size["Z"] * size["T"] * (size["C"] // samples)
    default = 1 if entry.get("IFD") else everything
    count = min(int(entry.get("PlaneCount", default)), everything)
    begin = int(entry.get("IFD", 0))
    return dict(enumerate(_sequence(first, count, size, order, samples), begin))


def _sequence(
    first: OmePlane, count: int, size: dict[str, int], order: Sequence[str], samples: int
) -> Iterator[OmePlane]:
    """Yield `count` planes from `first` on, the axes in `order`, fastest first."""
    at = dict(zip(_AXES, first, strict=True))
    for _ in range(count):
        yield OmePlane(at["Z"], at["C"], at["T"])
        for axis in order:
            at[axis] += samples if axis == "C" else 1
            if at[axis] < size[axis]:
                break
            at[axis] = 0


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
