"""What published DnCNNs were trained on. Their files do not say it; their names do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imgclean_dncnn.published import BLIND, THREE_TASKS

if TYPE_CHECKING:
    from imgclean.extension.checkpoints import NoiseSource

_ONE_LEVEL = re.compile(r"(?:dncnn_|sigma=)(\d{1,2})")
_BLIND = frozenset({"dncnn_gray_blind", "dncnn_color_blind", "gd_gray_blind", "gd_color_blind"})
_THREE_TASKS = frozenset({"dncnn3"})
_OF_LAYOUTS = {"deepinv": "gaussian:2"}


def noise_domain(file: str, layout: str) -> tuple[str, NoiseSource]:
    """Return what a checkpoint was trained on, and how that is known.

    Args:
        file: its name.
        layout: whose code it is of.
    """
    if layout in _OF_LAYOUTS:
        return _OF_LAYOUTS[layout], "layout"
    title = file.rpartition(".")[0].lower()
    if title in _THREE_TASKS:
        return THREE_TASKS, "file name"
    if title in _BLIND:
        return BLIND, "file name"
    if match := _ONE_LEVEL.fullmatch(title):
        return f"gaussian:{int(match[1])}", "file name"
    return BLIND, "assumed"
