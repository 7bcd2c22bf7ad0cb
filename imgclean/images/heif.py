"""HEIF and HEIC, for reading only, with pi-heif or pillow-heif where one of them is installed.

Their library, libheif, turns pixels as the file's orientation properties say.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.errors import UnreadableImage, UnsupportedImage
from imgclean.images.boxes.box import read_boxes
from imgclean.images.boxes.items import read_items
from imgclean.images.boxes.profile import profile_for
from imgclean.images.limits import check_size
from imgclean.images.picture import Metadata, Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgclean.images.boxes.box import Box
    from imgclean.images.boxes.items import ItemFile
    from imgclean.images.limits import ReadRules

_LIBRARIES = ("pi_heif", "pillow_heif")
_GAIN_MAP = b"tmap"
_NOT_HANDLED = ("unsupported", "not been built in")  # of the library's messages
_WORD_BITS = 16


def decode(data: bytes, rules: ReadRules) -> Picture:
    """Return the image in a HEIF file, turned upright; its EXIF says so.

    Of several images, the one that the file names as primary.
    """
    library = _library()
    boxes = read_boxes(data)
    file = read_items(data, boxes)
    try:
        found = library.open_heif(data, convert_hdr_to_8bit=False)
        image = found[found.primary_index]
    except Exception as error:  # of any kind, by what is wrong
        raise _failure(error) from error
    width, height = image.size
    check_size(width, height, rules)
    _refuse_unsupported(boxes, file, found, rules)
    samples = _samples(image)
    if samples.shape[:2] != (height, width):
        raise UnreadableImage("damaged: the decoder disagrees with the header on the size")
    depth = image.info["bit_depth"]
    return Picture(
        samples,
        image.has_alpha,
        "heif",
        _metadata(library, image.info),
        highest=None if depth in (8, _WORD_BITS) else (1 << depth) - 1,
    )


def _library() -> Any:
    for name in _LIBRARIES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise UnsupportedImage(
        "HEIF is read by a package that is not installed",
        hint='pip install "imgclean[heif]", or convert it to PNG or TIFF first',
    )


def _samples(image: Any) -> NDArray[Any]:
    """Return the pixels (H, W, C); the library shifts those of more than 8 bits up to 16."""
    try:
        samples = np.array(image)  # a copy: the library frees its own with the image
    except Exception as error:  # see above
        raise _failure(error) from error
    if samples.dtype == np.uint16:
        samples = samples >> np.uint16(_WORD_BITS - image.info["bit_depth"])
    return samples if samples.ndim == 3 else samples[:, :, np.newaxis]


def _metadata(library: Any, info: dict[str, Any]) -> Metadata:
    info = dict(info)
    library.set_orientation(info)  # to none, in EXIF and XMP
    numbered = info.get("nclx_profile") or {}
    return Metadata(
        icc=info.get("icc_profile")
        or profile_for(
            numbered.get("color_primaries", 2), numbered.get("transfer_characteristics", 2)
        ),
        exif=(info.get("exif") or b"").removeprefix(b"Exif\x00\x00") or None,
        xmp=(info.get("xmp") or b"").rstrip(b"\x00") or None,
    )


def _refuse_unsupported(
    boxes: list[Box],
    file: ItemFile,
    found: Any,
    rules: ReadRules,
) -> None:
    image = found[found.primary_index]
    if image.premultiplied_alpha:
        raise UnsupportedImage(
            "HEIF with colours multiplied with alpha", hint="convert it to PNG first"
        )
    if rules.first_page:
        return
    if any(box.kind == b"moov" for box in boxes):
        raise UnsupportedImage("an animated HEIF", hint="choose the first image with --pages first")
    gain_maps = sum(item.kind == _GAIN_MAP for item in file.items.values())
    if len(found) - gain_maps > 1:
        raise UnsupportedImage(
            f"HEIF of {len(found)} images", hint="choose the first with --pages first"
        )


def _failure(error: Exception) -> UnreadableImage | UnsupportedImage:
    """Return the typed error for one of the library's."""
    reason = " ".join(str(error).split()) or type(error).__name__
    if any(words in reason.lower() for words in _NOT_HANDLED):
        return UnsupportedImage(f"HEIF of another kind: {reason}", hint="convert it to PNG first")
    return UnreadableImage(f"damaged HEIF: {reason}")
