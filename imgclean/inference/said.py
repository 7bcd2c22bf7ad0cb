"""What a clean image says besides its pixels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from imgclean import __version__
from imgclean.images.metadata.provenance import note_provenance

if TYPE_CHECKING:
    from imgclean.images.picture import Metadata
    from imgclean.inference.denoiser import Denoiser
    from imgclean.inference.image_rules import ImageRules

AGENT = f"imgclean {__version__}"


def metadata_of_clean(metadata: Metadata, rules: ImageRules, denoiser: Denoiser) -> Metadata:
    """Return the metadata of a clean image.

    They are the noisy one's, with a note in the XMP history on what cleaned it. A packet that
    cannot be understood stays as it is, without a note.
    """
    if rules.strip_metadata:
        return metadata.stripped()
    if not rules.provenance:
        return metadata
    noted = note_provenance(metadata.xmp, agent=AGENT, parameters=denoiser.provenance)
    return metadata if noted is None else dataclasses.replace(metadata, xmp=noted)
