"""One JSON object a line, for scripts."""

from __future__ import annotations

import json
import math
import os
from typing import Any, TextIO

from imgclean.errors import SetupError


def write_json_line(script: TextIO, line: dict[str, Any]) -> None:
    """Write one JSON line; a number that is not finite, which JSON does not have, is null.

    Raises:
        SetupError: it cannot be written, as on a full disk.
        BrokenPipeError: nobody reads it any more.
    """
    try:
        script.write(json.dumps({key: _finite(value) for key, value in line.items()}) + "\n")
        script.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SetupError(
            f"stdout cannot be written: {os.strerror(error.errno or 0).lower()}",
            hint="free some space, or send it elsewhere",
        ) from error


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
