import sys
import textwrap

import numpy as np
import pytest

from imgclean.errors import InvalidSetting, ModelWeightsMismatch, UnknownModel, UnknownWeightSet
from imgclean.extension.loader import load_plugins
from imgclean.inference.selection import COLOUR, GRAY, PHOTOGRAPH, ImageKind, Selection
from imgclean.inference.settings import InferenceSettings


def select(**named):
    return Selection(load_plugins(), InferenceSettings(device="cpu"), **named)


def test_gray_and_colour_images_get_their_own_denoiser():
    selection = select()
    assert selection.denoiser(COLOUR).weights.config.channels == 3
    assert selection.denoiser(GRAY).weights.config.channels == 1
    assert selection.denoiser(COLOUR).weights.config.noise.startswith("gaussian")


def test_colour_images_of_8_bits_are_photographs_and_deeper_ones_are_not():
    selection = select()
    assert selection.denoiser(PHOTOGRAPH).weights.config.noise == "camera"
    assert ImageKind.of("rgb", np.dtype(np.uint8)) == PHOTOGRAPH
    assert ImageKind.of("rgb", np.dtype(np.uint16)) == COLOUR
    assert ImageKind.of("rgb", np.dtype(np.float32)) == COLOUR
    assert ImageKind.of("gray", np.dtype(np.uint8)) == GRAY
    assert ImageKind.of("cmyk", np.dtype(np.uint8)) == GRAY


def test_a_known_level_of_noise_takes_weights_for_gaussian_noise_for_photographs_too():
    known = Selection(load_plugins(), InferenceSettings(device="cpu", sigma=20.0))
    assert known.denoiser(PHOTOGRAPH).weights.config.noise.startswith("gaussian")
    assert known.denoiser(PHOTOGRAPH) is known.denoiser(COLOUR)


def test_named_weights_serve_every_image(small_set):
    selection = select(weights=str(small_set))
    assert selection.denoiser(GRAY) is selection.denoiser(COLOUR)
    assert len(selection.denoisers) == 1


def test_what_is_not_there_is_refused_by_name(small_set):
    with pytest.raises(UnknownModel, match="gradnett"):
        select(model="gradnett")
    with pytest.raises(UnknownWeightSet, match=r"\./nowhere"):
        select(weights="./nowhere")
    config = small_set / "config.json"
    text = config.read_text()
    config.write_text(text.replace('"model": "dncnn"', '"model": "other"'))
    try:
        with pytest.raises(ModelWeightsMismatch):
            select(model="dncnn", weights=str(small_set))
    finally:
        config.write_text(text)


def test_a_model_without_parameters_needs_no_weight_set(tmp_path, monkeypatch):
    (tmp_path / "imgclean_halves.py").write_text(
        textwrap.dedent(
            """
            import torch
            from pydantic import BaseModel
            from imgclean import ModelInfo, Tiling, hookimpl

            class Options(BaseModel):
                channels: int = 3

            class Halves(torch.nn.Module):
                def __init__(self, channels):
                    super().__init__()
                    self.channels = channels

                def forward(self, x, sigma=None):
                    assert x.shape[1] == self.channels
                    return x / 2

            @hookimpl
            def imgclean_models():
                return [ModelInfo(name="halves", title="t", paper="p", needs_weights=False,
                                  factory="imgclean_halves:Halves",
                                  options="imgclean_halves:Options", tiling=Tiling(halo=0))]
            """
        )
    )
    info = tmp_path / "imgclean_halves-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: imgclean-halves\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[imgclean.plugins]\nhalves = imgclean_halves\n")
    monkeypatch.syspath_prepend(tmp_path)
    selection = select(model="halves")
    assert [selection.denoiser(n).weights.config.channels for n in (GRAY, COLOUR)] == [1, 3]
    with pytest.raises(InvalidSetting, match="halves does denoise, not deblock"):
        Selection(load_plugins(), InferenceSettings(device="cpu", task="deblock"), model="halves")
    sys.modules.pop("imgclean_halves", None)
