"""What `--set key=value` says."""

from __future__ import annotations

import tomllib
from typing import Any

from imgclean.errors import InvalidSetting


def model_options(texts: list[str] | None) -> dict[str, Any]:
    """Return the options of a model by name, of each the last value.

    Raises:
        InvalidSetting: a text is not of the form `key=value`.
    """
    options: dict[str, Any] = {}
    for text in texts or ():
        assign(options, text, example="attention=local")
    return options


def assign(settings: dict[str, Any], text: str, *, example: str) -> None:
    """Set a nested key from `a.b=value`, the value in TOML's notation or else a string.

    Args:
        settings: that get the key.
        text: as the command line has it.
        example: of such a text, shown to who wrote another.

    Raises:
        InvalidSetting: the text is not of that form.
    """
    path, separator, value = text.partition("=")
    if not separator or not path:
        raise InvalidSetting(f"--set {text!r} is not key=value", hint=f"as {example}")
    *parents, key = path.split(".")
    for parent in parents:
        settings = settings.setdefault(parent, {})
        if not isinstance(settings, dict):
            raise InvalidSetting(f"--set {text!r}: {parent} holds no further settings")
    try:
        settings[key] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        settings[key] = value
