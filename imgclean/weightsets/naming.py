"""Names of weight sets, made of those of folders and files. Imports neither torch nor numpy."""

from __future__ import annotations

import re

_SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt", ".mat", ".h5", ".hdf5", ".bin", ".pkl", ".tar")
_OTHERS = re.compile(r"[^a-z0-9._-]+")


def set_name(model: str, title: str) -> str:
    """Return `<model>-<title>`, in the characters that a set's name may have."""
    name = _OTHERS.sub("-", title.lower()).strip("-._") or "run"
    return name if name.startswith(model) else f"{model}-{name}"


def title_of_file(file: str) -> str:
    """Return what to name a set after: the file's name without suffixes, words with dashes."""
    while has_weights_suffix(file):
        file = file[: file.rindex(".")]
    return file.replace("_", "-")


def has_weights_suffix(reference: str) -> bool:
    """Whether a text ends as the files do that hold networks."""
    return reference.lower().endswith(_SUFFIXES)


def printable_name(file: str) -> str:
    """Return a file's name with a question mark for each byte that is no UTF-8."""
    return file.encode("utf-8", "replace").decode("utf-8")
