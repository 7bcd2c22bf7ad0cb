"""Which of the settings on what is applied of a model's change go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgclean.errors import InvalidSetting

if TYPE_CHECKING:
    from imgclean.extension.model_info import Task
    from imgclean.inference.strength_choice import Strength

STRENGTH_HINT = "0.6 applies 60 % of the change, 1 all of it, auto what the noise asks for"
"""What to do about a strength that is none."""


def require_controls(
    task: Task, strength: Strength, keep_detail: float, *, chroma_only: bool
) -> None:
    """Refuse shares out of their range, and what means nothing to a task or to each other.

    Raises:
        InvalidSetting: there is such a setting.
    """
    if isinstance(strength, str):
        if strength != "auto":
            raise InvalidSetting(
                f"strength {strength!r} is neither auto nor a number", hint=STRENGTH_HINT
            )
        if task != "denoise":
            raise InvalidSetting(
                f"--strength auto follows the noise, and --task {task} takes out none",
                hint="give a number from 0 to 1",
            )
    elif not 0 <= strength <= 1:
        raise InvalidSetting(f"strength {strength:g} is not between 0 and 1", hint=STRENGTH_HINT)
    if not 0 <= keep_detail <= 1:
        raise InvalidSetting(
            f"keep-detail {keep_detail:g} is not between 0 and 1",
            hint="0 gives nothing back, 0.5 half of the fine detail, 1 all of it",
        )
    if keep_detail and task == "upscale":
        raise InvalidSetting(
            "--keep-detail gives back what cleaning takes away, and --task upscale adds detail",
            hint="leave it out",
        )
    if chroma_only and task != "denoise":
        raise InvalidSetting(
            f"--chroma-only is for colour noise, not to {task}", hint="leave it out"
        )
    if chroma_only and keep_detail:
        raise InvalidSetting(
            "--chroma-only keeps all of the luminance: there is nothing for --keep-detail",
            hint="leave one of the two out",
        )
