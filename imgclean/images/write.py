"""Writes an image to a file or to bytes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from imgclean.atomic import refusal, replacing
from imgclean.errors import ImageError, InvalidSetting, UnwritableImage
from imgclean.images.formats import WRITTEN, format_by_name, format_of_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from imgclean.images.format import Format
    from imgclean.images.picture import ColourSpace, Picture

_SPACE_NAMES: Mapping[ColourSpace, str] = {
    "gray": "gray images",
    "rgb": "RGB images",
    "cmyk": "CMYK images",
    "separate": "channels that are no colours",
}


def write_image(
    picture: Picture,
    target: Path,
    *,
    format: str | None = None,  # noqa: A002 - the option's name
    quality: int | None = None,
) -> None:
    """Write a picture to a file, which appears whole or not at all.

    Args:
        picture: what to write.
        target: the file; one that exists is replaced.
        format: name of the format; by default that of the target's suffix, else the picture's.
        quality: 1 to 100 for formats that lose something; None for that of the file which the
            picture was read from.

    Raises:
        UnwritableImage: the file cannot be written, or the format cannot hold the picture.
        InvalidSetting: there is no such format or quality.
    """
    if format is None:
        of_suffix = format_of_suffix(target)
        format = of_suffix.name if of_suffix else picture.format  # noqa: A001 - see above
    try:
        data = encode_image(picture, format, quality)
        with replacing(target) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise unwritable(target, error) from error
    except UnwritableImage as error:
        raise error.about(target) from error


def unwritable(target: Path, error: OSError) -> UnwritableImage:
    """Return the typed error for an operating system's refusal to write `target`."""
    message, hint = refusal(target, error)
    return UnwritableImage(message, hint=hint)


def encode_image(
    picture: Picture,
    format: str,  # noqa: A002 - the option's name
    quality: int | None = None,
    *,
    least_quality: int | None = None,
) -> bytes:
    """Return the content of a file that holds a picture; arguments as for `write_image`.

    Args:
        least_quality: takes the place of the source's quality where that is lower, for a picture
            that would lose anew what it was given.

    Raises:
        UnwritableImage: the format cannot hold the picture; the message names no file.
        InvalidSetting: there is no such format or quality.
    """
    target = format_by_name(format)
    if quality is not None and not 1 <= quality <= 100:
        raise InvalidSetting(f"quality {quality}", hint="choose 1 to 100")
    require_fit(picture, target)
    held = picture.metadata.quality
    if quality is None and least_quality and held and picture.format == target.name:
        quality = least_quality if held < least_quality else None
    try:
        return target.codec().encode(_at_stated_depth(picture, target), quality)
    except ImageError:
        raise
    except MemoryError as error:
        raise UnwritableImage(
            "there is too little memory to write it", hint="close other programs"
        ) from error
    except Exception as error:  # encoders raise anything
        raise UnwritableImage(
            f"{target.title} cannot hold it: {error}", hint="choose another format with --format"
        ) from error


def _at_stated_depth(picture: Picture, target: Format) -> Picture:
    """Return the picture with samples of a depth that a file of the format states.

    A format that cannot say that white is 4095 would show a picture of 12 bits nearly black.
    """
    highest = picture.highest
    if highest is None or target.name == picture.format:
        return picture
    full = int(np.iinfo(picture.dtype).max)
    enough = [each for each in target.depths if each >= highest.bit_length()]
    top = min(full, (1 << enough[0]) - 1) if enough else full
    if top == highest:
        return picture
    values = np.minimum(np.arange(full + 1), highest)
    scaled = ((values * top + highest // 2) // highest).astype(picture.dtype)
    return dataclasses.replace(
        picture, samples=scaled[picture.samples], highest=None if top == full else top
    )


def require_fit(picture: Picture, target: Format, *, scale: int = 1) -> None:
    """Refuse a picture that the format cannot hold without loss of bits or channels.

    Args:
        picture: what is to be written, or a smaller one that stands for it.
        target: the format.
        scale: pixels of what is written, along each side, for one of the picture.

    Raises:
        UnwritableImage: it cannot; the message names no file.
    """
    excess = _excess(picture, target, scale)
    if excess is None:
        return
    fitting = [each.name for each in WRITTEN if _excess(picture, each, scale) is None]
    choice = " or ".join(filter(None, (", ".join(fitting[:-1]), *fitting[-1:])))
    raise UnwritableImage(
        f"{target.title} cannot hold {excess}",
        hint=f"choose {choice} with --format" if choice else "no format can hold it",
    )


def _excess(picture: Picture, target: Format, scale: int) -> str | None:
    """Return what of a picture is too much for a format; None if it fits."""
    if picture.dtype.name not in target.dtypes:
        return f"{picture.dtype.name} samples"
    if picture.space not in target.spaces:
        return _SPACE_NAMES[picture.space]
    if picture.alpha and not target.alpha:
        return "alpha"
    if picture.alpha and picture.alpha_kind != "straight" and target.name != picture.format:
        return f"{picture.alpha_kind} alpha"
    deepest = picture.highest or _largest(picture.dtype)
    if deepest > target.highest:
        return f"samples up to {deepest}, only up to {target.highest}"
    longest = max(picture.width, picture.height) * scale
    return f"a side of {longest} pixels" if longest > target.longest_side else None


def _largest(dtype: np.dtype[Any]) -> int:
    """Return the largest integer that a type of integers holds; 0 for floats."""
    return 0 if dtype.kind == "f" else int(np.iinfo(dtype).max)
