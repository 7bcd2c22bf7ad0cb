"""How clean images are called, and in which format they are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting
from imgclean.images.formats import (
    IMAGE_SUFFIXES,
    format_by_name,
    format_of_suffix,
    recognise,
)
from imgclean.inference.jobs import STREAM, Job

if TYPE_CHECKING:
    from imgclean.images.format import Format
    from imgclean.inference.jobs import FileRules


def named_output(text: str) -> Path:
    """Return the path of an `-o` that is not `-`; one of a file called `-` becomes absolute."""
    path = Path(text)
    return path.absolute() if path == STREAM else path


def output_folder(output: str) -> Path:
    """Return the path of an `-o` that must be a folder.

    Raises:
        InvalidSetting: it is a file.
    """
    path = Path(output)
    if path.is_file():
        raise InvalidSetting(f"{output} is a file", hint="-o must be a folder for these inputs")
    return path


def is_folder_name(output: str) -> bool:
    """Whether an `-o` for a single file names a folder."""
    return output.endswith(("/", "\\")) or Path(output).is_dir()


def clean_folder(folder: Path, suffix: str) -> Path:
    """Return the folder beside `folder` that gets its clean images: `photos-clean`."""
    named = folder if folder.name not in ("", "..") else folder.resolve()
    return named.with_name(f"{named.name}{suffix}")


def clean_file(path: Path, suffix: str) -> Path:
    """Return the file beside `path` that gets its clean image: `a-clean.png`."""
    return path.with_name(f"{path.stem}{suffix}{path.suffix}")


def listed_path(path: Path) -> Path:
    """Return the path that an entry of a list keeps below the output folder.

    Its own, if that cannot lead out of the folder; else its name.
    """
    if path.is_absolute() or ".." in path.parts:
        return Path(path.name if path.name not in ("", "..") else path.resolve().name)
    return path


def renamed(path: Path, format: str | None) -> Path:  # noqa: A002 - the option's name
    """Return the path with the suffix of the format to write; None changes nothing.

    A suffix that names no image format, as in `scan.001`, is a part of the name and stays.
    """
    if format is None:
        return path
    suffix = format_by_name(format).suffixes[0]
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return path.with_suffix(suffix)
    return path.with_name(path.name + suffix)


def residual_job(path: Path, place: Path, folder: Path) -> Job:
    """Return where what is taken away from an image goes.

    It is a PNG where the image's format holds nothing but integers, else a TIFF, since there may
    be floats, or many pages. Where the name's suffix does not say so, another one is added that
    does: `a.jpg` and `a.png` of one folder leave `a.jpg.png` and `a.png`, whichever are there.

    Args:
        path: the image.
        place: where its clean image would be in a folder, relative to that.
        folder: the residuals'.
    """
    found = recognise(path)
    own = found.format if found else None
    integers = own is None or not any("float" in each for each in own.dtypes)
    name = "png" if integers else "tiff"
    written = format_of_suffix(place)
    if written is None or written.name != name:
        place = place.with_name(place.name + format_by_name(name).suffixes[0])
    return Job(path, folder / place, name, folder)


def unwritten_format(path: Path) -> Format | None:
    """Return the format of a file's content if it has no encoder; None for all others."""
    found = recognise(path)
    known = found.format if found else None
    return known if known and known.substitute else None


def substituted_format(path: Path) -> str | None:
    """Return the format that is written in place of a file's own, for want of an encoder.

    None where the file's own is written, and for stdin, whose content is not known yet.
    """
    found = None if path == STREAM else unwritten_format(path)
    return found.substitute if found else None


def format_of_named(output: Path, rules: FileRules) -> str:
    """Return the format to write a named output file in.

    Raises:
        InvalidSetting: its suffix is none of a format that is written.
    """
    if rules.format is not None:
        return rules.format
    found = format_of_suffix(output)
    if found is None:
        raise InvalidSetting(
            f"{output}: {output.suffix or 'no suffix'} is not the suffix of a format to write",
            hint="use .png, .jpg or .tif, end a folder's name with /, or set --format",
        )
    if found.substitute is not None:
        raise InvalidSetting(
            f"{output}: {found.title} is read, but not written",
            hint=f"use {format_by_name(found.substitute).suffixes[0]}, or set --format",
        )
    return found.name
