from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from training_pictures import write_pairs, write_pictures

from imgclean.errors import DataUnusable
from imgclean.events import Note, Warned
from imgclean.training.recipe_tables import Data
from imgclean.training.training_set import read_data, training_set

CPU = torch.device("cpu")


def read(folder, events=None, *, channels=3, **settings):
    data = Data(clean=[str(folder)], **settings)
    emit = (events if events is not None else []).append
    found = read_data(data, channels=channels, smallest=16, emit=emit)
    return training_set(found, data, CPU, emit=emit)


def test_deep_images_are_kept_in_sixteen_bits_and_others_in_eight(tmp_path):
    write_pictures(tmp_path / "shallow")
    (tmp_path / "deep").mkdir()
    ramp = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    Image.fromarray(ramp).save(tmp_path / "deep" / "a.png")
    assert read(tmp_path / "shallow").pixels.values.dtype == torch.uint8
    deep = read(tmp_path / "deep", channels=1).pixels
    assert deep.top == 65535
    assert torch.equal(deep.values[:, 0].int() & 65535, torch.arange(64 * 64, dtype=torch.int32))


def test_a_broken_image_is_named_and_the_rest_is_trained_on(tmp_path):
    write_pictures(tmp_path / "clean")
    (tmp_path / "clean" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    events = []
    assert read(tmp_path / "clean", events).images == 3
    (warned,) = [each for each in events if isinstance(each, Warned)]
    assert warned.input.endswith("broken.png")


def test_what_is_held_out_is_not_trained_on_and_all_else_is(tmp_path):
    write_pictures(tmp_path / "clean", count=4)
    events = []
    found = read(tmp_path / "clean", events, hold_out=["[01].png"])
    assert found.images == 2
    assert [Path(each).name for each in found.held_out.names] == ["0.png", "1.png"]
    assert len(found.pixels) == 2 * 96 * 80
    assert any("2 of 4" in each.message for each in events if isinstance(each, Note))


def test_a_pattern_is_of_names_in_the_folder_whatever_the_folder_is_called(tmp_path):
    folder = tmp_path / "a_chair_b"
    write_pictures(folder / "x_chair_y", count=1)
    write_pictures(folder / "plug", count=2)
    found = read(folder, hold_out=["*_chair_*"])
    assert [Path(each).parent.name for each in found.held_out.names] == ["x_chair_y"]
    assert found.images == 2


def test_a_pair_is_one_image_with_the_clean_channels_first(tmp_path):
    folder = write_pairs(tmp_path / "pairs", scenes=("chair",))
    found = read(folder, noisy=str(folder), match="s/_mean/_real/")
    clean = np.asarray(Image.open(folder / "chair_0_mean.png"))
    noisy = np.asarray(Image.open(folder / "chair_0_real.png"))
    first = found.pixels.values[: 96 * 80].numpy().reshape(96, 80, 6)
    np.testing.assert_array_equal(first, np.concatenate([clean, noisy], axis=2))


def test_images_that_memory_does_not_hold_twice_are_refused(tmp_path, monkeypatch):
    """While they are decoded there is enough; once they are to be joined there is not."""
    write_pictures(tmp_path / "clean")
    available = iter([10**9, 3 * 96 * 80 * 3 - 1])
    memory = SimpleNamespace
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(available=next(available)))
    with pytest.raises(DataUnusable, match="once more"):
        read(tmp_path / "clean")
