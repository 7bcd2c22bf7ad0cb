"""What a plugin says of a model: data only, so that listing models imports no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

HOOK_API = 1
"""The version of the plugin contract that this release speaks."""

Task = Literal["denoise", "deblock", "upscale"]
Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True, slots=True)
class Tiling:
    """How an image may be cut for a network without changing its result.

    Attributes:
        halo: pixels around an output tile that its values depend on (the radius of the
            receptive field).
        alignment: tile origins are multiples of this many pixels (1 for a plain CNN, the
            product of the strides for a network that shrinks the image).
    """

    halo: int
    alignment: int = 1

    def __post_init__(self) -> None:
        if self.halo < 0 or self.alignment < 1:
            raise ValueError(f"halo must be >= 0 and alignment >= 1, not {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A figure from the model's paper, for comparison with what is measured.

    It is shown beside weight sets of the same channels, the same options and a like domain: trained
    for the same tasks, and for one level or for a range as the paper's was. It stands only beside
    what is measured by the same protocol, `crop` and `unrounded`.

    Attributes:
        system: what the paper calls the trained network.
        set: name of the test set; a folder of that name is it, in either case.
        degradation: spec string of what was applied to it.
        psnr: in dB, mean over images.
        ssim: mean over images, where the paper has it.
        channels: image channels, 1 for gray and for luma.
        trained_on: spec string of what the network was trained on.
        options: of the model, that a weight set must have, its defaults filled in; for the figures
            of several variants. Each value is as the options' model holds it.
        crop: side in pixels of the square in each image's middle that was measured, as
            `imgclean evaluate --crop`; None for whole images.
        unrounded: whether the output was neither clamped nor rounded, as `--unrounded`.
    """

    system: str
    set: str
    degradation: str
    psnr: float
    ssim: float | None = None
    channels: int = 3
    trained_on: str
    options: Mapping[str, object] = field(default_factory=dict, hash=False)
    crop: int | None = None
    unrounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model that a plugin offers.

    Attributes:
        name: what `--model` takes; lower case, no `:` and no `/`.
        title: the model in a few words, for lists.
        paper: citation with DOI or arXiv id.
        factory: import string `module:callable`; called with the options as keyword
            arguments it returns the `torch.nn.Module`, whose
            `forward(x: float[N, C, H, W] in [0, 1], sigma: float[N] in units of x, or None)`
            returns float[N, C, H, W].
        options: import string of the pydantic model that the options must satisfy; it has a
            field `channels`.
        tiling: a `Tiling`, or the import string of a function from the options to one.
        channels: the channel counts that the network can be built for.
        tasks: what it can be trained to do.
        noise_aware: whether `forward` uses `sigma`.
        precisions: the precisions in which its result is safe to use.
        needs_weights: False for a model without parameters, such as a filter; it is used as it
            is built, by its name.
        discriminators: import strings `module:callable` by name, for adversarial training; called
            with `channels=` it returns a `torch.nn.Module` that takes float[N, C, H, W] in [0, 1]
            and returns logits, float[N, 1] ("clean") or float[N, 2] ("denoised", "clean").
        published: figures from the paper.
        checkpoints: import string of a function from a `ForeignCheckpoint` to what it was
            `Recognised` as; it raises `imgclean.errors.WeightsIncompatible` with the reason where
            the checkpoint is another network's.
        api: the hook API that the plugin was written for.
    """

    name: str
    title: str
    paper: str
    factory: str
    options: str
    tiling: Tiling | str
    channels: tuple[int, ...] = (1, 3)
    tasks: tuple[Task, ...] = ("denoise",)
    noise_aware: bool = False
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    needs_weights: bool = True
    discriminators: Mapping[str, str] = field(default_factory=dict, hash=False)
    published: tuple[Published, ...] = ()
    checkpoints: str | None = None
    api: int = 1
