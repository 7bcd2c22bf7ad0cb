import json

import pytest
import torch
from imgclean_dncnn import DNCNN
from material import write_small_set

from imgclean.errors import UnknownWeightSet, WeightsCorrupt, WeightsIncompatible
from imgclean.weightsets.catalogue import WeightSet, find, installed
from imgclean.weightsets.config import read_config
from imgclean.weightsets.network import load_network
from imgclean.weightsets.store import read_tensors


def weight_set(folder):
    return WeightSet(read_config(folder), folder)


def edit(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def test_a_set_reads_back_as_the_network_that_was_written(tmp_path):
    kept = []
    folder = write_small_set(tmp_path / "a", spoil=lambda network: kept.append(network.eval()))
    x = torch.rand(1, 3, 12, 12)
    with torch.inference_mode():
        torch.testing.assert_close(load_network(DNCNN, weight_set(folder))(x), kept[0](x))


def test_the_embedded_sets_are_sound_and_measured():
    catalogue = installed()
    assert catalogue.broken == ()
    for name, channels in (("dncnn-colour-blind", 3), ("dncnn-gray-blind", 1)):
        found = catalogue.sets[name]
        assert found.config.channels == channels
        assert found.file.stat().st_size <= 6 * 2**20
        assert load_network(DNCNN, found)(torch.rand(1, channels, 8, 8)).shape[1] == channels
        at_25 = [each for each in found.config.results if each.degradation == "gaussian:25"]
        assert at_25, "its card states what was measured"
        assert at_25[0].psnr > at_25[0].input_psnr + 8
        assert find(name, catalogue, (DNCNN,)) == found


def test_a_damaged_file_is_refused_by_its_hash(tmp_path):
    folder = write_small_set(tmp_path / "a")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(WeightsCorrupt, match="sha256"):
        read_tensors(weight_set(folder))


def test_a_missing_file_is_named(tmp_path):
    folder = write_small_set(tmp_path / "a")
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsCorrupt, match=r"model\.safetensors cannot be read"):
        read_tensors(weight_set(folder))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"depth": 4}, "it has layers.5.bias, which the network lacks"),
        ({"width": 5}, r"layers.0.bias is \(4,\), not \(5,\)"),
        ({"batch_norm": False}, "it lacks layers.2.bias"),
    ],
)
def test_tensors_of_another_network_are_refused_with_the_first_difference(
    tmp_path, options, expected
):
    folder = write_small_set(tmp_path / "a")
    edit(folder, options={"channels": 3, "depth": 3, "width": 4} | options)
    with pytest.raises(WeightsIncompatible, match=expected):
        load_network(DNCNN, weight_set(folder))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"noise": "salt"}, "noise"),
        ({"file": "../../etc/passwd"}, "file"),
        ({"surprise": 1}, "surprise"),
        ({"format": 2}, "format"),
        ({"channels": "3"}, "channels"),
    ],
)
def test_a_config_that_is_not_valid_is_refused_with_the_place(tmp_path, changes, expected):
    folder = edit(write_small_set(tmp_path / "a"), **changes)
    with pytest.raises(WeightsCorrupt, match=expected):
        read_config(folder)


def test_a_folder_without_a_config_is_no_weight_set(tmp_path):
    with pytest.raises(WeightsCorrupt, match="is not a weight set"):
        find(str(tmp_path) + "/", installed(), (DNCNN,))
    with pytest.raises(UnknownWeightSet):
        find("./nowhere", installed(), (DNCNN,))


def test_a_set_is_found_by_its_folder_and_by_its_file(tmp_path):
    folder = write_small_set(tmp_path / "a")
    for reference in (str(folder), str(folder / "model.safetensors")):
        assert find(reference, installed(), (DNCNN,)).folder == folder
