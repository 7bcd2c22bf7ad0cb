"""DnCNN as an imgclean plugin."""

from __future__ import annotations

from imgclean import ModelInfo, hookimpl

DNCNN = ModelInfo(
    name="dncnn",
    title="DnCNN: residual learning with batch normalisation",
    paper=(
        "K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang: Beyond a Gaussian Denoiser: Residual "
        "Learning of Deep CNN for Image Denoising. IEEE TIP 2017, doi:10.1109/TIP.2017.2662206"
    ),
    factory="imgclean_dncnn.network:DnCNN",
    options="imgclean_dncnn.options:DnCNNOptions",
    tiling="imgclean_dncnn.options:tiling",
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer DnCNN."""
    return [DNCNN]
