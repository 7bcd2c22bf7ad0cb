"""Writes an image to a file or to bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.atomic import refusal, replacing
from imgclean.errors import ImageError, InvalidSetting, UnwritableImage
from imgclean.images.formats import WRITTEN, format_by_name, format_of_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from imgclean.images.formats import Format
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
) -> bytes:
    """Return the content of a file that holds a picture; arguments as for `write_image`.

    Raises:
        UnwritableImage: the format cannot hold the picture; the message names no file.
        InvalidSetting: there is no such format or quality.
    """
    target = format_by_name(format)
    if quality is not None and not 1 <= quality <= 100:
        raise InvalidSetting(f"quality {quality}", hint="choose 1 to 100")
    require_fit(picture, target)
    try:
        return target.codec().encode(picture, quality)
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


def require_fit(picture: Picture, target: Format) -> None:
    """Refuse a picture that the format cannot hold without loss of bits or channels.

    Raises:
        UnwritableImage: it cannot; the message names no file.
    """
    if picture.dtype.name not in target.dtypes:
        raise UnwritableImage(
            f"{target.title} cannot hold {picture.dtype.name} samples",
            hint=f"choose {_formats_with(picture.dtype.name)} with --format",
        )
    if picture.space not in target.spaces:
        raise UnwritableImage(
            f"{target.title} cannot hold {_SPACE_NAMES[picture.space]}",
            hint=f"choose {_formats_with(picture.dtype.name, space=picture.space)} with --format",
        )
    if picture.alpha and not target.alpha:
        raise UnwritableImage(
            f"{target.title} cannot hold alpha",
            hint=f"choose {_formats_with(picture.dtype.name, alpha=True)} with --format",
        )
    if picture.alpha and picture.alpha_kind != "straight" and target.name != picture.format:
        raise UnwritableImage(
            f"{target.title} cannot hold {picture.alpha_kind} alpha",
            hint=f"choose {picture.format} with --format",
        )
    longest = max(picture.width, picture.height)
    if longest > target.longest_side:
        raise UnwritableImage(
            f"{target.title} cannot hold a side of {longest} pixels",
            hint="choose png or tiff with --format",
        )


def _formats_with(dtype: str, *, alpha: bool = False, space: ColourSpace = "gray") -> str:
    return " or ".join(
        each.name
        for each in WRITTEN
        if dtype in each.dtypes and (each.alpha or not alpha) and space in each.spaces
    )
