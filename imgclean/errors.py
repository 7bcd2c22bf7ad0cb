"""Every error that imgclean raises on purpose.

    ImgcleanError
    |-- UsageError                 the request cannot be met as it was put (exit 2)
    |   |-- InputNotFound
    |   |-- NothingToDo
    |   |-- UnknownModel
    |   |-- AmbiguousModel
    |   |-- UnknownWeightSet
    |   |-- ModelWeightsMismatch
    |   |-- OutputExists
    |   |-- OutputCollision
    |   `-- InvalidSetting
    |-- SetupError                 the machine, a plugin or a weight set stands in the way (exit 1)
    |   |-- ConfigurationInvalid
    |   |-- DeviceUnavailable
    |   |-- PluginBroken
    |   |-- NoModelInstalled
    |   |-- WeightsCorrupt
    |   |-- WeightsIncompatible
    |   |-- CheckpointRefused
    |   |-- CacheUnwritable
    |   |-- HubError             the Hugging Face Hub, or the way to it
    |   |   |-- HubOffline
    |   |   |-- HubUnreachable
    |   |   |-- HubRefused
    |   |   `-- NotOnHub
    |   |       `-- FileNotOnHub
    |   |-- DataUnusable
    |   |-- ProcessLost
    |   |-- RunUnwritable
    |   `-- TrainingDiverged
    `-- ImageError                 one image fails, the others go on (exit 3, or 4 if all fail)
        |-- UnreadableImage
        |-- UnsupportedImage
        |-- UnwritableImage
        |-- NonFiniteOutput
        |-- DeviceOutOfMemory
        |-- DenoiserFailed
        `-- WorkerLost

An error is one line on what is wrong, `str(error)`, and a `hint`: one line on what to do.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class ImgcleanError(Exception):
    """Base of the tree.

    Args:
        message: what is wrong, in one line, naming the file or the setting.
        hint: what to do about it, in one line; empty where the message says it all.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def about(self, subject: object) -> Self:
        """Return the same error with a file's name, or another subject, before its message."""
        return type(self)(f"{subject}: {self}", hint=self.hint)


class UsageError(ImgcleanError):
    """The request cannot be met as it was put."""


class InputNotFound(UsageError):
    """A path named as input does not exist."""


class NothingToDo(UsageError):
    """The inputs hold no image."""


class UnknownModel(UsageError):
    """No installed plugin offers a model of that name."""


class AmbiguousModel(UsageError):
    """Two plugins offer a model of that name, or two models take a checkpoint from elsewhere."""


class UnknownWeightSet(UsageError):
    """No weight set has that name."""


class ModelWeightsMismatch(UsageError):
    """`--model` names one model and `--weights` holds another's."""


class OutputExists(UsageError):
    """An output would replace a file, and nothing said that it may."""


class OutputCollision(UsageError):
    """Two inputs would write one output, or an output would fall among the inputs."""


class InvalidSetting(UsageError):
    """A setting's value is not one that it can take."""


class SetupError(ImgcleanError):
    """The machine, a plugin or a weight set stands in the way."""


class ConfigurationInvalid(SetupError):
    """The user's configuration or catalogue cannot be read, or sets what is not there."""


class DeviceUnavailable(SetupError):
    """The requested device is not there."""


class PluginBroken(SetupError):
    """The plugin that is known to offer this could not be loaded."""


class NoModelInstalled(SetupError):
    """No plugin is installed, or no weight set fits the request."""


class WeightsCorrupt(SetupError):
    """A weight set's file does not have the content that its config states, or cannot be read."""


class WeightsIncompatible(SetupError):
    """Tensors do not fit the network that they are said, or tried, to be of."""


class CheckpointRefused(SetupError):
    """A file that is no weight set is no checkpoint either, or one that is not read."""


class CacheUnwritable(SetupError):
    """The cache of what comes from the Hub cannot be written to, or is full."""


class HubError(SetupError):
    """The Hugging Face Hub, or the way to it, stands in the way."""


class HubOffline(HubError):
    """It is not in the cache, and nothing may be fetched."""


class HubUnreachable(HubError):
    """The Hub does not answer in time, is out of order, or asks to come back later."""


class HubRefused(HubError):
    """The Hub wants a token, another one, or its terms accepted; or does not take what is sent."""


class NotOnHub(HubError):
    """There is no such repository, revision or file, or it is not what it was taken for."""


class FileNotOnHub(NotOnHub):
    """The repository and its revision are there, the file is not."""


class DataUnusable(SetupError):
    """A training or evaluation folder holds no usable image."""


class ProcessLost(SetupError):
    """Of several processes that work together, one that is needed has ended or failed."""


class RunUnwritable(SetupError):
    """The folder of a training run cannot be written to."""


class TrainingDiverged(SetupError):
    """The training loss is no longer a number."""


class ImageError(ImgcleanError):
    """One image fails; the others go on."""


class UnreadableImage(ImageError):
    """The file is damaged, empty or cannot be opened."""


class UnsupportedImage(ImageError):
    """The file is sound, but of a kind that imgclean does not handle."""


class UnwritableImage(ImageError):
    """The clean image cannot be written there, or not in that format."""


class NonFiniteOutput(ImageError):
    """The model returned NaN or infinity, also in float32."""


class DeviceOutOfMemory(ImageError):
    """The device has too little memory, even for the smallest tile."""


class DenoiserFailed(ImageError):
    """The plugin raised an exception of its own."""


class WorkerLost(ImageError):
    """The worker processes that were to clean the file have ended before it was clean."""


def one_line(error: BaseException) -> str:
    """Return a foreign exception's class and message on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def nearest_names(name: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Return the known names that look most like `name`, best first."""
    return difflib.get_close_matches(name.lower(), sorted(known), n=limit, cutoff=0.4)
