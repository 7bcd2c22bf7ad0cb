import errno
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import imagecodecs
import numpy as np
import psutil
import pytest
import tifffile
from material import noise_image
from PIL import Image

from imgclean.errors import DataUnusable, InputNotFound
from imgclean.events import ReadImages, Warned, ignore
from imgclean.images.collection import read_clean_images
from imgclean.images.decoding import decode_all
from imgclean.images.name_rules import NameRules


@pytest.fixture
def folder(tmp_path):
    """Images of several kinds, some of which cannot be used."""
    Image.fromarray(noise_image(20, 30)).save(tmp_path / "colour.png")
    Image.fromarray(noise_image(20, 30, 1)[..., 0]).save(tmp_path / "gray.png")
    (tmp_path / "deep").mkdir()
    deep = noise_image(20, 30, dtype=np.uint16)
    (tmp_path / "deep" / "16.png").write_bytes(imagecodecs.png_encode(deep))
    tifffile.imwrite(tmp_path / "deep" / "float.tif", np.linspace(0, 1, 600).reshape(20, 30))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    Image.fromarray(noise_image(8, 8)).save(tmp_path / "tiny.png")
    Image.new("CMYK", (20, 20)).save(tmp_path / "press.tif")
    return tmp_path


def read(folder, **how):
    events = []
    how = {"channels": None, "smallest": 11, "emit": events.append} | how
    return read_clean_images((folder,), **how), events


def test_usable_images_come_in_sorted_order_and_the_others_with_a_warning(folder):
    found, events = read(folder)
    names = [name.removeprefix(f"{folder}/") for name in found.names]
    assert names == ["colour.png", "gray.png", "deep/16.png", "deep/float.tif"]
    assert found.channels == 3
    assert all(each.dtype == np.uint8 and each.shape == (20, 30, 3) for each in found.images)
    warnings = [each.error for each in events if isinstance(each, Warned)]
    assert warnings == ["UnreadableImage", "UnsupportedImage", "TooSmall"]


def test_reading_reports_every_image_once(folder):
    _, events = read(folder)
    counts = [(each.done, each.total) for each in events if isinstance(each, ReadImages)]
    assert counts == [(done, 7) for done in range(1, 8)]


def test_deep_images_keep_their_samples_where_depth_is_kept(folder):
    found, _ = read(folder, keep_depth=True)
    assert [str(each.dtype) for each in found.images] == ["uint8", "uint8", "uint16", "uint16"]
    assert (found.images[2] == noise_image(20, 30, dtype=np.uint16)).all()
    assert (found.images[3].min(), found.images[3].max()) == (0, 65535)


def test_deep_colour_becomes_gray_at_its_own_depth(folder):
    found, _ = read(folder / "deep" / "16.png", channels=1, keep_depth=True)
    (gray,) = found.images
    expected = noise_image(20, 30, dtype=np.uint16) @ [0.298936, 0.587043, 0.114021]
    assert gray.dtype == np.uint16
    assert np.abs(gray[..., 0] - expected).max() <= 0.5


def test_samples_that_are_no_numbers_are_left_out_by_name(tmp_path, folder):
    broken = np.zeros((20, 20), np.float32)
    broken[3, 3] = np.nan
    tifffile.imwrite(tmp_path / "nan.tif", broken)
    _, events = read(folder)
    messages = [each.message for each in events if isinstance(each, Warned)]
    assert any("left out: " in message and "nan.tif: NaN" in message for message in messages)


def test_names_choose_among_the_images(folder):
    rules = NameRules(include=("*.png",), exclude=("deep/*", "broken*", "tiny*"))
    found, events = read(folder, rules=rules)
    assert len(found.images) == 2
    assert not [each for each in events if isinstance(each, Warned)]


def test_images_that_memory_cannot_hold_are_refused_with_both_sizes(folder, monkeypatch):
    free = SimpleNamespace(available=4_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(DataUnusable, match=r"need about 0\.0 GB .* 0\.0 GB are free") as caught:
        read(folder)
    assert "--exclude" in caught.value.hint


def test_a_folder_without_a_usable_image_is_refused(tmp_path):
    with pytest.raises(DataUnusable, match="no usable image"):
        read(tmp_path)
    with pytest.raises(InputNotFound):
        read(tmp_path / "none")


def test_a_folder_that_cannot_be_listed_is_an_error_for_part_of_a_set_is_another(
    folder, monkeypatch
):
    listed = os.scandir

    def scandir(path):
        if Path(path).name == "deep":
            raise PermissionError(errno.EACCES, "closed")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataUnusable, match=r"deep cannot be opened: permission denied"):
        read(folder)


def test_where_names_leave_no_image_the_hint_says_so(folder):
    with pytest.raises(DataUnusable) as caught:
        read(folder, rules=NameRules(include=("*.jpg",)))
    assert "--include" in caught.value.hint


def test_order_does_not_depend_on_which_image_is_decoded_first(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    last_is_done = threading.Event()

    def decode(number):
        if number == 0:
            assert last_is_done.wait(60)
        elif number == 4:
            last_is_done.set()
        return (np.full(1, number),)

    found = decode_all(range(5), decode, title="numbers", emit=ignore)
    assert [int(array[0]) for (array,) in found] == list(range(5))
