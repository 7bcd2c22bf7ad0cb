"""What a clean image says besides its pixels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from imgclean import __version__
from imgclean.images.metadata.provenance import note_provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.extension.model_info import Task
    from imgclean.images.format import Format
    from imgclean.images.picture import Metadata
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.image_rules import ImageRules

_BLOCKS = {"icc": "its colour profile", "exif": "EXIF", "xmp": "XMP", "iptc": "IPTC"}

AGENT = f"imgclean {__version__}"


def metadata_of_clean(metadata: Metadata, rules: ImageRules, denoiser: Denoiser | None) -> Metadata:
    """Return the metadata of a clean image.

    They are the noisy one's, with the density of an enlarged one, and with a note in the XMP
    history on what cleaned it. A packet that cannot be understood stays as it is, without a note.
    """
    if denoiser is not None and denoiser.settings.scale > 1:
        metadata = metadata.enlarged(denoiser.settings.scale)
    if rules.strip_metadata:
        return metadata.stripped()
    if not rules.provenance or denoiser is None:
        return metadata
    noted = note_provenance(metadata.xmp, agent=AGENT, parameters=denoiser.provenance)
    return metadata if noted is None else dataclasses.replace(metadata, xmp=noted)


def task_noted(provenance: str) -> Task:
    """Return what was done to an image, by the note that `metadata_of_clean` left in it."""
    parts = {each.strip().split(" ")[0] for each in provenance.split(";")}
    tasks: tuple[Task, ...] = ("deblock", "upscale")
    return next((each for each in tasks if each in parts), "denoise")


def unsaid(
    noisy: Metadata, clean: Metadata, own: str, target: Format, rules: ImageRules
) -> Iterator[str]:
    """Yield what the clean image does not say, though nobody asked for that, in words.

    Args:
        noisy, clean: the metadata before and after `metadata_of_clean`.
        own: name of the format that the image was read from.
        target: the one that it is written in.
        rules: what was asked for.
    """
    if rules.strip_metadata:
        return
    lost = [
        name
        for key, name in _BLOCKS.items()
        if target.name != own and (block := getattr(noisy, key)) and not _holds(target, key, block)
    ]
    if lost:
        yield f"{', '.join(lost)} left out, for want of a place in {target.title}"
    if rules.provenance and "xmp" in target.holds:
        unchanged = clean.xmp == noisy.xmp
        if unchanged or not _holds(target, "xmp", clean.xmp or b""):
            yield "the note on what cleaned it is left out: its XMP takes no more"


def _holds(target: Format, key: str, block: bytes) -> bool:
    """Whether a format has room for a block of metadata."""
    limited = target.largest_block is not None and key in ("exif", "xmp")
    return key in target.holds and not (limited and len(block) > (target.largest_block or 0))
