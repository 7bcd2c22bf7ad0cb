"""Batch norm folded into the convolution before it."""

from __future__ import annotations

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norm(network: nn.Module) -> None:
    """Fold, in place, every batch norm that directly follows a convolution in a `Sequential`.

    The network must be in eval mode. The result is the same function up to rounding; a batch
    norm anywhere else stays as it is.
    """
    for container in network.modules():
        if not isinstance(container, nn.Sequential):
            continue
        names = list(container._modules)
        for first, second in pairwise(names):
            convolution, norm = container._modules[first], container._modules[second]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                container._modules[first] = fuse_conv_bn_eval(convolution, norm)
                container._modules[second] = nn.Identity()
