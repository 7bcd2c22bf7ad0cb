import numpy as np
import pytest
import tifffile
from material import noise_image
from PIL import Image

from imgclean.errors import DataUnusable, InvalidSetting
from imgclean.events import Warned
from imgclean.images.name_rules import NameRules
from imgclean.images.pairs import read_pairs
from imgclean.images.renaming import parse_renaming


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, image)
    else:
        Image.fromarray(image).save(path)


@pytest.fixture
def folders(tmp_path):
    """Two trees with three pairs in them, `b` and `a/1` under other suffixes than the noisy."""
    for index, (clean, noisy) in enumerate(
        [("b.png", "b.tif"), ("a/1.tif", "a/1.png"), ("c.png", "c.png")]
    ):
        save(tmp_path / "clean" / clean, noise_image(20, 30, seed=index))
        save(tmp_path / "noisy" / noisy, noise_image(20, 30, seed=10 + index))
    return tmp_path / "noisy", tmp_path / "clean"


def read(noisy, clean, match=None, **how):
    events = []
    how = {"channels": None, "smallest": 11, "emit": events.append} | how
    return read_pairs(noisy, clean, match=match, **how), [
        each.message for each in events if isinstance(each, Warned)
    ]


def test_pairs_match_by_path_without_suffix_sorted_by_the_clean_name(folders):
    pairs, warnings = read(*folders)
    names = [name.removeprefix(f"{folders[1]}/") for name in pairs.names]
    assert names == ["a/1.tif", "b.png", "c.png"]
    for index, image in zip((1, 0, 2), pairs.clean, strict=True):
        assert (image == noise_image(20, 30, seed=index)).all()
    for index, image in zip((11, 10, 12), pairs.noisy, strict=True):
        assert (image == noise_image(20, 30, seed=index)).all()
    assert (pairs.title, pairs.channels, warnings) == ("clean", 3, [])


def test_a_pattern_tells_the_images_of_one_folder_apart(tmp_path):
    for name in ("1_mean", "1_real", "2_mean", "2_real", "other"):
        save(tmp_path / f"{name}.png", noise_image(20, 20, seed=len(name)))
    pairs, warnings = read(tmp_path, tmp_path, "s/_mean/_real/")
    assert [name[-10:] for name in pairs.names] == ["1_mean.png", "2_mean.png"]
    assert warnings == []
    swapped, _ = read(tmp_path, tmp_path, r"s|(\d)_real|\1_mean|", rules=NameRules(("2*",)))
    assert [name[-10:] for name in swapped.names] == ["2_real.png"]


def test_what_makes_no_pair_is_left_out_with_both_names(folders):
    noisy, clean = folders
    save(clean / "alone.png", noise_image(20, 20))
    save(clean / "other.png", noise_image(20, 20))
    save(noisy / "other.png", noise_image(20, 21))
    save(clean / "torn.png", noise_image(20, 20))
    (noisy / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    pairs, warnings = read(noisy, clean)
    assert len(pairs.names) == 3
    assert len(warnings) == 3
    for name, text in zip(("alone", "other", "torn"), sorted(warnings), strict=True):
        assert f"{clean}/{name}.png" in text
        assert f"{noisy}/{name}.png" in text


def test_a_pattern_that_changes_no_name_is_named(folders):
    with pytest.raises(DataUnusable) as caught:
        read(*folders, "s/nowhere/there/")
    assert "'s/nowhere/there/' changes no name" in caught.value.hint


@pytest.mark.parametrize("match", ["s/^/x/", "s/.*//", "s/.*/../"])
def test_where_no_name_fits_one_error_has_an_example_in_place_of_many_warnings(folders, match):
    events = []
    with pytest.raises(DataUnusable, match=r"for .*a/1\.tif there is no ") as caught:
        read(*folders, match, emit=events.append)
    assert "--match" in caught.value.hint
    assert events == []


def test_one_folder_needs_a_pattern(folders):
    with pytest.raises(InvalidSetting, match="both the clean and the noisy"):
        read(folders[1], folders[1])


def test_both_images_of_a_pair_have_the_depth_of_the_deeper(tmp_path):
    save(tmp_path / "clean/a.tif", noise_image(20, 20, dtype=np.uint16))
    save(tmp_path / "noisy/a.png", noise_image(20, 20))
    pairs, _ = read(tmp_path / "noisy", tmp_path / "clean", keep_depth=True)
    assert pairs.clean[0].dtype == pairs.noisy[0].dtype == np.uint16
    assert (pairs.noisy[0] == noise_image(20, 20).astype(int) * 257).all()


def test_two_files_are_one_pair(folders):
    pairs, _ = read(folders[0] / "b.tif", folders[1] / "c.png")
    assert len(pairs.names) == 1


@pytest.mark.parametrize(
    ("text", "name", "changed"),
    [
        ("s/_mean/_real/", "a_mean.png", "a_real.png"),
        ("s|clean/|noisy/|", "clean/clean/1", "noisy/clean/1"),
        ("s|clean/|noisy/|g", "clean/clean/1", "noisy/noisy/1"),
        (r"s/a\/b/c/", "a/b.png", "c.png"),
        ("s/GT/noisy/i", "gt1.png", "noisy1.png"),
        ("s/_mean/_real/", "other.png", None),
    ],
)
def test_a_substitution_is_that_of_sed(text, name, changed):
    assert parse_renaming(text).apply(name) == changed


@pytest.mark.parametrize(
    "text", ["", "_mean", "s/a/b", "s/a/b/x", "s/a/b/c/", "s//b/", "s/(/b/", r"s/a/\1/", "sxaxbx"]
)
def test_what_is_no_substitution_is_refused_with_an_example(text):
    with pytest.raises(InvalidSetting) as caught:
        parse_renaming(text)
    assert "s/_mean/_real/" in caught.value.hint
