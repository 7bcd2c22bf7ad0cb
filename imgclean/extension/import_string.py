"""Import strings: `package.module:attribute`."""

from __future__ import annotations

import importlib

from imgclean.errors import PluginBroken, one_line


def resolve(text: str) -> object:
    """Import and return what `module:attribute` names.

    Raises:
        PluginBroken: the string is malformed, the module cannot be imported, or it lacks the
            attribute.
    """
    module_name, separator, attribute = text.partition(":")
    if not separator or not module_name or not attribute:
        raise PluginBroken(
            f"{text!r} is not an import string", hint="a plugin writes it as package.module:name"
        )
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: it would end the run without a word
        raise PluginBroken(
            f"{text} cannot be imported: {one_line(error)}",
            hint="install the plugin again, or remove it",
        ) from error
