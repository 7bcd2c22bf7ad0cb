"""A weight set in memory becomes a folder, whole or not at all."""

from __future__ import annotations

import dataclasses
import os
import shutil
import uuid
from typing import TYPE_CHECKING

from pydantic import ValidationError

from imgclean.atomic import refusal
from imgclean.errors import InvalidSetting, OutputExists, SetupError
from imgclean.weightsets.config import (
    CARD_NAME,
    CONFIG_NAME,
    WEIGHTS_NAME,
    WeightSetConfig,
    list_mistakes,
)
from imgclean.weightsets.store import write_content

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.weightsets.catalogue import WeightSet


def restated(
    weights: WeightSet, *, name: str | None = None, licence: str | None = None
) -> WeightSet:
    """Return the set with what its converter says of it; None leaves what is known.

    Raises:
        InvalidSetting: the name is not one.
    """
    stated = {"name": name, "licence": licence}
    stated = {key: each for key, each in stated.items() if each is not None}
    try:
        config = WeightSetConfig.model_validate(weights.config.model_dump() | stated)
    except ValidationError as error:
        raise InvalidSetting(
            list_mistakes(error), hint="a name is of lower case letters, digits, ., _ and -"
        ) from error
    return dataclasses.replace(weights, config=config)


def require_place(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that a weight set may not be written to.

    Raises:
        OutputExists: it is there and `overwrite` is not set, or something else than a set is.
    """
    if not folder.exists():
        return
    if not overwrite:
        raise OutputExists(f"{folder} exists", hint="name another with -o, or use --overwrite")
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / CONFIG_NAME).exists()):
        raise OutputExists(
            f"{folder} is no weight set, and is not replaced by one", hint="name another with -o"
        )


def place(weights: WeightSet, folder: Path) -> None:
    """Write a set that is in memory as a folder; of one that is there the set's files alone.

    The files are made beside the folder and then moved, so that a full disk or a kill while they
    are written leaves what was there.

    Raises:
        SetupError: it cannot be written.
    """
    if weights.held is None:
        raise ValueError(f"{weights.name} is on disk")
    staging = folder.resolve().with_name(f".imgclean-{os.getpid()}-{uuid.uuid4().hex[:12]}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        write_content(staging, weights.config, weights.held.content)
        if folder.exists():
            for name in (WEIGHTS_NAME, CARD_NAME, CONFIG_NAME):
                (staging / name).replace(folder / name)
        else:
            staging.rename(folder)
    except OSError as error:
        message, hint = refusal(folder, error)
        raise SetupError(message, hint=hint) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
