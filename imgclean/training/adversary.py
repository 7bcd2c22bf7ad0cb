"""A discriminator that is trained along with a denoiser: clean, or denoised?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from torch.func import functional_call
from torch.nn.functional import softplus

from imgclean.errors import ImgcleanError, InvalidSetting, PluginBroken, nearest_names, one_line
from imgclean.extension.import_string import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from imgclean.extension.model_info import ModelInfo

_Made = TypeVar("_Made")
_OWN = {"patch": "imgclean.training.patch_discriminator:PatchDiscriminator"}


def make_discriminator(name: str, channels: int, info: ModelInfo) -> nn.Module:
    """Return a fresh discriminator: one that the model offers, or the core's own, `patch`.

    Args:
        name: as in the model's `discriminators`.
        channels: image channels.
        info: the model that is trained.

    Raises:
        InvalidSetting: there is none of that name; the hint has the nearest names.
        PluginBroken: the plugin's cannot be imported or made.
    """
    known = {**info.discriminators, **_OWN}
    if name not in known:
        near = nearest_names(name, known)
        raise InvalidSetting(
            f"{info.name} has no discriminator {name!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(known)}",
        )
    factory = cast("Callable[..., nn.Module]", resolve(known[name]))
    return _of_plugin(name, info, lambda: factory(channels=channels))


def _of_plugin(name: str, info: ModelInfo, call: Callable[[], _Made]) -> _Made:
    """Return what a plugin's discriminator makes; it answers for what is not on purpose."""
    try:
        return call()
    except ImgcleanError:
        raise
    except Exception as error:
        raise PluginBroken(
            f"the discriminator {name} of model {info.name} failed: {one_line(error)}",
            hint="report it to the plugin's authors",
        ) from error


def try_discriminator(name: str, channels: int, info: ModelInfo, *, patch: int) -> None:
    """Let a discriminator judge a gray patch, so that it does not fail after hours.

    Args:
        name, channels, info: as of `make_discriminator`.
        patch: side in pixels.

    Raises:
        InvalidSetting: as `make_discriminator`; or patches are too small for it.
        PluginBroken: as `make_discriminator`; or it fails, or returns no logits.
    """
    discriminator = make_discriminator(name, channels, info).eval()
    with torch.no_grad():
        gray = torch.full((1, channels, patch, patch), 0.5)
        _clean_logit(_of_plugin(name, info, lambda: discriminator(gray)))


class Adversary:
    """A discriminator and its optimiser, Adam (multi-scale CNN, section 2.2, phase 3).

    Args:
        discriminator: takes float[N, C, H, W] in [0, 1] and returns logits, float[N, 1] that the
            image is clean, or float[N, 2] that it is denoised and that it is clean. Parameters
            that need no gradient stay as they are.
        lr: the rate.
        updates: steps on each batch.
        device: where to train.
        autocast: run the discriminator in bfloat16; weights and losses stay float32.
        average_gradients: called with the discriminator before each step of its optimiser,
            where several processes train.
    """

    def __init__(
        self,
        discriminator: nn.Module,
        *,
        lr: float,
        updates: int,
        device: torch.device,
        autocast: bool = False,
        average_gradients: Callable[[nn.Module], None] | None = None,
    ) -> None:
        self._discriminator = discriminator.to(device).train()
        trained = [each for each in discriminator.parameters() if each.requires_grad]
        self._optimiser = torch.optim.Adam(trained, lr=lr)
        self._lr = lr
        self._updates = updates
        self._device = device
        self._autocast = autocast
        self._average_gradients = average_gradients
        self._statistics: dict[str, Tensor] = {}

    @property
    def statistics(self) -> dict[str, Tensor]:
        """`discriminator_loss`, its cross entropy, and `discriminator_accuracy`, 0 to 1.

        Both are of the latest batch before the last step on it, over as many clean images as
        denoised ones, without dimensions; empty before the first update.
        """
        return dict(self._statistics)

    def generator_loss(self, output: Tensor) -> Tensor:
        """Return the mean of -log D(output), with a graph to `output` alone.

        Nothing of the discriminator changes, neither weights and gradients nor the statistics
        of its layers: it judges as in eval mode.

        Args:
            output: the denoiser's, float[N, C, H, W].
        """
        fixed = {name: each.detach() for name, each in self._discriminator.named_parameters()}
        self._discriminator.eval()
        try:
            with self._precision():
                logits = functional_call(self._discriminator, fixed, (output,))
        finally:
            self._discriminator.train()
        return softplus(-_clean_logit(logits)).mean()

    def update(self, output: Tensor, clean: Tensor, *, lr: float | None = None) -> None:
        """Train the discriminator on a batch: `clean` is clean, `output` is denoised.

        Args:
            output, clean: float[N, C, H, W]; no gradient flows into either.
            lr: the rate of these steps; None for the usual one.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = self._lr if lr is None else lr
        images = torch.cat([clean.detach(), output.detach().to(clean.dtype)])
        is_clean = torch.arange(len(images), device=images.device) < len(clean)
        sign = 1 - 2 * is_clean.float()
        for _ in range(self._updates):
            with self._precision():
                logits = self._discriminator(images)
            wrong = sign * _clean_logit(logits)
            loss = softplus(wrong).mean()
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if self._average_gradients is not None:
                self._average_gradients(self._discriminator)
            self._optimiser.step()
        self._statistics = {
            "discriminator_loss": loss.detach(),
            "discriminator_accuracy": (wrong.detach() < 0).float().mean(),
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the network and of the optimiser, for a checkpoint."""
        return {
            "network": self._discriminator.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state of `state_dict`, bit for bit on one CPU device."""
        self._discriminator.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])

    def _precision(self) -> torch.autocast:
        """Return the context of a pass; it caches no cast weight, which a step would outdate."""
        return torch.autocast(
            self._device.type, torch.bfloat16, enabled=self._autocast, cache_enabled=False
        )


def _clean_logit(logits: Tensor) -> Tensor:
    """Return the logit that each image is clean, float32[N]."""
    if logits.ndim != 2 or logits.shape[1] not in (1, 2):
        raise PluginBroken(
            f"the discriminator returned {tuple(logits.shape)} logits, not (N, 1) or (N, 2)",
            hint="report it to the plugin's authors",
        )
    logits = logits.float()
    return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
