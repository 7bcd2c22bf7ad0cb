"""`config.json`: the one authority on what a weight set is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import InvalidSetting, WeightsCorrupt
from imgclean.extension.checkpoints import NoiseSource  # noqa: TC001 - pydantic reads it
from imgclean.extension.model_info import Task  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.degradation.base import Degradation

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
CARD_NAME = "README.md"

UNKNOWN_LICENCE = "NOASSERTION"
"""What SPDX says where nothing is said."""


def _known_degradation(text: str) -> str:
    try:
        parse_degradation(text)
    except InvalidSetting as error:
        raise ValueError(str(error)) from error
    return text


SetName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
"""Of a weight set: `<model>-<variant>`."""

NoiseDomain = Annotated[str, AfterValidator(_known_degradation)]
"""Degradation spec."""


class Record(BaseModel):
    """What a file of ours holds: nothing unknown, nothing converted, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


ON_REQUEST = ("blur", "clean_blur", "lpips", "input_lpips")
"""Of a result, what is measured where it is asked for."""


class Measurement(Record):
    """A result of `imgclean evaluate`. PSNR in dB; fields as in `events.Evaluated`.

    What is published is the paper's, of a network that was trained alike; None where it has none.
    What is in `ON_REQUEST` is left out of a file where it was not measured.
    """

    set: str
    degradation: str
    images: int
    psnr: float
    ssim: float
    input_psnr: float
    input_ssim: float
    published_psnr: float | None = None
    published_ssim: float | None = None
    blur: float | None = None
    clean_blur: float | None = None
    lpips: float | None = None
    input_lpips: float | None = None

    @model_serializer(mode="wrap")
    def _without_unmeasured(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what is measured on request alone, as files of before have it."""
        fields: dict[str, Any] = dump(self)
        for name in ON_REQUEST:
            if fields.get(name) is None:
                fields.pop(name, None)
        return fields


class Conversion(Record):
    """The checkpoint from elsewhere that a weight set was made of.

    Attributes:
        file: its name.
        container: what held the tensors.
        layout: whose code writes such checkpoints.
        sha256: hash of the file, hexadecimal.
        noise_source: how the noise domain is known; `given` by who converted it.
    """

    file: str
    container: str
    layout: str
    sha256: str
    noise_source: NoiseSource | Literal["given"]


class Provenance(Record):
    """How a weight set came to be.

    Attributes:
        recipe: the recipe as it ran.
        data: names of the folders of training images.
        images: how many images they held.
        steps: optimiser steps.
        minutes: time in the training loop.
        machine: processor or accelerator.
        versions: of imgclean, torch and the plugin.
        begun_from: how the weights that it began from came to be; None for fresh ones.
    """

    recipe: dict[str, Any]
    data: list[str]
    images: int
    steps: int
    minutes: float
    machine: str
    versions: dict[str, str]
    begun_from: Provenance | Conversion | None = None


class WeightSetConfig(Record):
    """What `config.json` holds.

    Attributes:
        format: version of this layout.
        name: `<model>-<variant>`.
        model: name of the model that the weights are for.
        file: name of the safetensors file beside the config.
        sha256: hash of that file, hexadecimal.
        task: what it was trained for.
        noise: degradation spec that it was trained on.
        channels: image channels.
        options: options of the model other than its defaults, `channels` included.
        preference: the higher is chosen where several sets fit.
        licence: SPDX expression.
        provenance: how it was trained, or what it was converted from.
        results: what was measured.
    """

    format: Literal[1] = 1
    name: SetName
    model: str
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors$")] = WEIGHTS_NAME
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    task: Task = "denoise"
    noise: NoiseDomain
    channels: int
    options: dict[str, Any]
    preference: int = 0
    licence: str = "MIT"
    provenance: Provenance | Conversion | None = None
    results: list[Measurement] = []

    @property
    def domain(self) -> Degradation:
        """What it was trained on."""
        return parse_degradation(self.noise)


def list_mistakes(error: ValidationError) -> str:
    """Return every mistake that pydantic found, on one line, each with its path if it has one."""
    mistakes = []
    for each in error.errors():
        path = ".".join(str(part) for part in each["loc"])
        said = each["msg"].removeprefix("Value error, ")
        mistakes.append(f"{path}: {said}" if path else said)
    return "; ".join(mistakes)


def read_config(folder: Path) -> WeightSetConfig:
    """Return the config of the weight set in `folder`.

    Raises:
        WeightsCorrupt: there is none, or it is not valid.
    """
    path = folder / CONFIG_NAME
    try:
        return WeightSetConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsCorrupt(
            f"{folder} is not a weight set: {CONFIG_NAME} cannot be read ({error.strerror})",
            hint=f"a weight set is a folder with {CONFIG_NAME} and {WEIGHTS_NAME}",
        ) from error
    except ValidationError as error:
        raise WeightsCorrupt(
            f"{path}: {list_mistakes(error)}", hint="fetch or train the weight set again"
        ) from error
