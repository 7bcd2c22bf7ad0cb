"""The devices of a run: one, or several that share its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from imgclean.errors import InvalidSetting
from imgclean.inference.device import choose_device

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgclean.inference.jobs import Job


def choose_devices(text: str) -> tuple[str, ...]:
    """Return the devices that `--device` names: one, or several between commas.

    `auto` is every CUDA GPU of the machine where there are several. A device that is named
    twice is two workers' that share it.

    Raises:
        InvalidSetting: a part of the list names none.
        DeviceUnavailable: this machine, or this build of torch, does not have one of them.
    """
    if text == "auto":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        return tuple(f"cuda:{index}" for index in range(count)) if count > 1 else (text,)
    if "," not in text:
        choose_device(text)
        return (text,)
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name in ("", "auto"):
            raise InvalidSetting(
                f"{name!r} in the list {text!r} is not a device",
                hint="name each one, as cuda:0,cuda:1",
            )
        choose_device(name)
    return names


def require_one_device(text: str) -> None:
    """Refuse a list of devices where one is needed.

    Raises:
        InvalidSetting: there is a comma.
    """
    if "," in text:
        raise InvalidSetting(
            f"{text!r} names several devices, and this takes one",
            hint="only `imgclean denoise` shares its files among several",
        )


def can_share(jobs: Sequence[Job], devices: Sequence[str]) -> bool:
    """Whether a run is one for several workers: a pipe, and a single image, are for one process."""
    piped = any(job.from_stdin or job.to_stdout for job in jobs)
    return len(devices) > 1 and len(jobs) > 1 and not piped
