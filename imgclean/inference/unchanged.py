"""Files of images that stay as they are: the output is the same file, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import UnreadableImage
from imgclean.images.formats import written_format
from imgclean.images.read import read_bytes
from imgclean.inference.journal import sha256_of

if TYPE_CHECKING:
    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import FileRules, Job
    from imgclean.inference.source import Source


def is_same_file(job: Job, own: str, rules: FileRules, images: ImageRules) -> bool:
    """Whether nothing but cleaning could make the output differ from the input.

    Args:
        job: the file.
        own: name of the format that it is in.
        rules: what was asked of files.
        images: what was asked of images.
    """
    is_whole = (images.pages, images.channels, images.crop) == (None, None, None)
    return (
        (job.format or written_format(own)) == own
        and rules.quality is None
        and is_whole
        and images.multiple == 1
        and not images.strip_metadata
    )


def original_of(source: Source) -> bytes:
    """Return the content of an input, read anew if it is a file.

    Raises:
        UnreadableImage: it cannot be read, or is not what it was; the message names it.
    """
    data = source.original or read_bytes(source.job.input)
    if sha256_of(data) != source.fingerprint:
        raise UnreadableImage(
            f"{source.job.input}: was changed while it was read",
            hint="run again when nothing writes to it",
        )
    return data
