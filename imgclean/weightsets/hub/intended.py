"""What somebody meant who wrote a place on the Hub in another way than `hf://owner/repository`."""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import unquote

from imgclean.errors import InvalidSetting
from imgclean.weightsets.hub.reference import HubReference, is_repository, parse_hub_reference

_SCHEME = re.compile(r"hf:/*(?P<rest>.+)", re.IGNORECASE)
_PAGE = re.compile(
    r"(https?://)?(www\.)?(huggingface\.co|hf\.co)/"
    r"(?P<repository>[^/?#]+/[^/?#]+)"
    r"(/(tree|blob|resolve|raw)/(?P<revision>[^/?#]+)(/(?P<file>[^?#]+))?)?/?([?#].*)?",
    re.IGNORECASE,
)


def intended_reference(text: str) -> HubReference | None:
    """Return what most likely is meant by a misspelt scheme, an address on the Hub or `owner/name`.

    Args:
        text: that is no name, no path to anything and no reference.
    """
    if is_repository(text):
        return HubReference(text)
    try:
        if page := _PAGE.fullmatch(text):
            reference = parse_hub_reference(f"hf://{page['repository']}")
            revision, file = page["revision"] or reference.revision, page["file"]
            meant = dataclasses.replace(
                reference, revision=unquote(revision), file=file and unquote(file).rstrip("/")
            )
            return parse_hub_reference(str(meant))  # or it is refused
        if scheme := _SCHEME.fullmatch(text):
            return parse_hub_reference(f"hf://{scheme['rest']}")
    except InvalidSetting:
        pass
    return None


def intended_hint(text: str) -> str:
    """Return a hint that asks whether that was meant; nothing where nothing is recognised."""
    meant = intended_reference(text)
    return f"did you mean {meant}?" if meant else ""
