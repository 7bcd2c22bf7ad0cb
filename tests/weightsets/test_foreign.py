"""Checkpoints from elsewhere: what is in them is read, what could run code is not."""

import hashlib
import os
import pickle
import zipfile
from io import BytesIO

import h5py
import numpy as np
import pytest
import safetensors.torch
import torch
from foreign_material import numbered, random_stack, save
from imgclean_dncnn import DNCNN
from matconvnet_material import MatFile, write_matconvnet
from material import write_small_set

from imgclean import ForeignCheckpoint, ModelInfo, Recognised, Tiling
from imgclean.errors import (
    AmbiguousModel,
    CheckpointRefused,
    InvalidSetting,
    PluginBroken,
    WeightsCorrupt,
    WeightsIncompatible,
)
from imgclean.training.checkpoint import Checkpoint
from imgclean.weightsets.catalogue import find, installed, is_path
from imgclean.weightsets.foreign.assumption import assumed_noise
from imgclean.weightsets.foreign.containers import read_checkpoint
from imgclean.weightsets.foreign.recognition import read_foreign
from imgclean.weightsets.store import read_tensors

STACK = random_stack()
STATE = numbered(STACK, "model.")


class Opener:
    """Unpickled, it would leave a file behind."""

    def __reduce__(self):
        return open, ("opened", "w")


class Network(torch.nn.Module):
    """Of a module that an attacker, or an author, has at hand."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 1, 3)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one_line(caught, path):
    """Return the message, which is one line that begins with the file."""
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert "\x1b" not in message
    return message


def assert_same(path, expected=STATE):
    checkpoint, digest = read_checkpoint(path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(checkpoint.tensors) == list(expected)
    for name, tensor in checkpoint.tensors.items():
        torch.testing.assert_close(tensor, expected[name])
    return checkpoint


@pytest.mark.parametrize("legacy", [False, True])
def test_both_formats_of_torch_are_read_whatever_the_name(folder, legacy):
    path = save(folder / "a.mat", STATE, _use_new_zipfile_serialization=not legacy)
    assert assert_same(path).container == ("PyTorch before 1.6" if legacy else "PyTorch")


def test_tensors_on_a_gpu_are_read_without_one(folder, monkeypatch):
    monkeypatch.setattr(torch.serialization, "location_tag", lambda _: "cuda:0")
    path = save(folder / "a.pth", STATE)
    assert b"cuda:0" in path.read_bytes()
    assert_same(path)


@pytest.mark.parametrize(
    "wrapped",
    [
        {"state_dict": STATE, "epoch": 3, "optimizer": {"lr": 0.1}},
        {"params": STATE},
        {"params_ema": STATE, "params": {"x": torch.ones(1)}},
        {"model": {"state_dict": STATE}},
        {"net": {f"module.{name}": each for name, each in STATE.items()}},
        {f"module.module.{name}": each for name, each in STATE.items()},
    ],
    ids=lambda wrapped: next(iter(wrapped)),
)
def test_a_state_dict_is_found_in_what_it_was_saved_with(folder, wrapped):
    assert_same(save(folder / "a.pth", wrapped))


def test_safetensors_without_a_config_are_a_checkpoint_from_elsewhere(folder):
    path = folder / "a.pth"
    path.write_bytes(safetensors.torch.save(STATE))
    checkpoint, _ = read_checkpoint(path)
    assert checkpoint.tensors.keys() == STATE.keys()
    assert checkpoint.container == "safetensors"


def test_all_precisions_become_float32(folder):
    path = save(folder / "a.pth", {"a": torch.ones(2).half(), "b": torch.ones(2).double()})
    tensors = read_checkpoint(path)[0].tensors
    assert {each.dtype for each in tensors.values()} == {torch.float32}


def test_a_file_of_a_set_is_the_set_and_another_beside_it_is_not(folder):
    own = write_small_set(folder / "own")
    path = own / "other.safetensors"
    path.write_bytes(safetensors.torch.save(STATE))
    assert find(str(own / "model.safetensors"), installed(), (DNCNN,)).held is None
    assert find(str(path), installed(), (DNCNN,)).held is not None


def test_the_set_in_memory_has_the_files_hash_and_its_name(folder):
    path = save(folder / "My_Net (1).pth.tar", STATE)
    found = find(str(path), installed(), (DNCNN,))
    assert found.config.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.name == "dncnn-my-net-1"
    assert read_tensors(found).keys() == {name.replace("model", "layers") for name in STATE}
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own
    assert [path.name for path in folder.iterdir()] == [path.name], "nothing is written"


def test_what_is_assumed_of_the_noise_is_said_and_what_is_known_is_not(folder):
    unknown = find(str(save(folder / "a.pth", STATE)), installed(), (DNCNN,))
    assert "does not say what it was trained on" in assumed_noise(unknown)
    known = find(str(save(folder / "dncnn_25.pth", STATE)), installed(), (DNCNN,))
    assert assumed_noise(known) is None
    stated = read_foreign(folder / "a.pth", [DNCNN], noise="gaussian:5")
    assert (stated.config.noise, assumed_noise(stated)) == ("gaussian:5", None)
    with pytest.raises(InvalidSetting, match="is not a degradation"):
        read_foreign(folder / "a.pth", [DNCNN], noise="salt")


@pytest.mark.parametrize(
    "reference", ["a.pth", "a.PT", "a.ckpt", "a.mat", "a.h5", "./a", "a/b", ".hidden", "a.pth.tar"]
)
def test_what_has_a_suffix_of_weights_is_a_path(reference):
    assert is_path(reference)
    assert not is_path("dncnn-v1.2")


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("saved", "what", "how"),
    [
        (Network(), "a pickle of a whole module", ".state_dict(), 'weights.pth')"),
        (Opener(), "a pickle of a whole module", "weights_only=False)"),
        ({"state_dict": STATE, "hook": Opener()}, "beside tensors", "['state_dict'], 'weights."),
    ],
    ids=["module", "code", "code beside tensors"],
)
def test_what_could_run_code_is_refused_unopened(folder, saved, what, how, legacy, protocol):
    path = save(
        folder / "a.pth",
        saved,
        _use_new_zipfile_serialization=not legacy,
        pickle_protocol=protocol,
    )
    with pytest.raises(CheckpointRefused) as caught:
        read_checkpoint(path)
    message = one_line(caught, path)
    assert what in message
    assert "which could run code" in message
    assert "torch.load('a.pth', weights_only=False)" in caught.value.hint
    assert how in caught.value.hint
    assert [path.name for path in folder.iterdir()] == ["a.pth"]


@pytest.mark.parametrize("legacy", [False, True])
def test_a_protocol_that_torch_does_not_read_safely_is_named(folder, legacy):
    path = save(
        folder / "a.pth", STATE, _use_new_zipfile_serialization=not legacy, pickle_protocol=4
    )
    with pytest.raises(CheckpointRefused, match="is of pickle's protocol 4"):
        read_checkpoint(path)


def test_a_bare_pickle_is_refused_unopened(folder):
    path = folder / "a.pkl"
    path.write_bytes(pickle.dumps(Opener()))
    with pytest.raises(CheckpointRefused, match="which could run code"):
        read_checkpoint(path)
    assert [path.name for path in folder.iterdir()] == ["a.pkl"]


def test_torchscript_is_refused_as_code(folder):
    path = folder / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/constants.pkl", b"")
        archive.writestr("a/data.pkl", b"")
    with pytest.raises(CheckpointRefused, match="TorchScript") as caught:
        read_checkpoint(path)
    assert "torch.jit.load('a.pt').state_dict()" in caught.value.hint


def test_the_state_of_our_own_training_names_its_run_folder(folder):
    fields = dict.fromkeys(Checkpoint.__dataclass_fields__, 0) | {"network": STATE}
    path = save(folder / "checkpoint.pt", fields)
    with pytest.raises(CheckpointRefused, match="training run of imgclean") as caught:
        read_checkpoint(path)
    assert caught.value.hint == f"name its run folder, {folder}/"


def whole(make):
    buffer = BytesIO()
    make(buffer)
    return buffer.getvalue()


def zipped(names):
    def write(buffer):
        with zipfile.ZipFile(buffer, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")

    return whole(write)


REFUSED = {
    "an empty file": (b"", "is empty"),
    "a JPEG": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500), "is no checkpoint"),
    "a text": (b"# weights\n" * 9, "is no checkpoint"),
    "a MATLAB file of version 5": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "of version 5"),
    "a zip archive": (zipped(["a.txt"]), "is a zip archive, but no checkpoint"),
    "one tensor": (whole(lambda b: torch.save(torch.ones(3), b)), "no state dict, but a Tensor"),
    "several networks": (
        whole(lambda b: torch.save({"0": STATE, "1": STATE}, b)),
        "no state dict, but a dict of 0, 1",
    ),
    "a number": (whole(lambda b: torch.save({"state_dict": {}}, b)), "no state dict, but a dict"),
    "NaN": (
        whole(lambda b: torch.save(STATE | {"model.2.bias": torch.full((64,), torch.nan)}, b)),
        "model.2.bias holds NaN or infinity",
    ),
    "numbers too large": (
        whole(lambda b: torch.save({"a": torch.tensor([1e300], dtype=torch.float64)}, b)),
        "a holds NaN or infinity",
    ),
    "complex numbers": (
        whole(lambda b: torch.save({"a": torch.ones(2, dtype=torch.complex64)}, b)),
        "a is no tensor of plain numbers",
    ),
    "a sparse tensor": (
        whole(lambda b: torch.save({"a": torch.eye(2).to_sparse()}, b)),
        "a is no tensor of plain numbers",
    ),
    "no tensors": (safetensors.torch.save({}), "holds no tensors"),
    "other HDF5": (
        whole(lambda b: h5py.File(b, "w").create_group("x")),
        "no network of MatConvNet",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_checkpoint_is_refused_in_a_line(folder, kind):
    content, message = REFUSED[kind]
    path = folder / "a.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointRefused) as caught:
        read_checkpoint(path)
    assert message in one_line(caught, path)


def formats(folder):
    """Return a file of each format."""
    (folder / "a.safetensors").write_bytes(safetensors.torch.save(STATE))
    return {
        "zip": save(folder / "a.pth", STATE),
        "legacy": save(folder / "b.pth", STATE, _use_new_zipfile_serialization=False),
        "safetensors": folder / "a.safetensors",
        "matlab": write_matconvnet(folder / "a.mat", STACK),
    }


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors", "matlab"])
def test_a_file_that_is_cut_short_is_damaged(folder, kind, share):
    path = formats(folder)[kind]
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(WeightsCorrupt, match="is damaged") as caught:
        read_checkpoint(path)
    one_line(caught, path)


def test_a_pipe_is_no_checkpoint_and_is_not_waited_for(folder):
    os.mkfifo("a.pth")
    with pytest.raises(CheckpointRefused, match="is no file"):
        read_checkpoint(folder / "a.pth")


def test_a_layer_of_matconvnet_with_weights_of_another_type_is_named(folder):
    path = folder / "a.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        mat = MatFile(file)
        kernel = mat.cell([mat.array(np.ones((4, 3, 3), np.float32))])
        layers = [mat.struct(type=mat.text("convt"), weights=kernel)]
        file.create_group("net")["layers"] = mat.cell(layers)
    with pytest.raises(CheckpointRefused, match="layer 1 is of the type 'convt'"):
        read_checkpoint(path)


def model(name, function):
    """Describe a model whose function is one of this module."""
    return ModelInfo(
        name=name,
        title=name,
        paper="none",
        factory="imgclean_dncnn.network:DnCNN",
        options="imgclean_dncnn.options:DnCNNOptions",
        tiling=Tiling(halo=20),
        checkpoints=function,
    )


def takes(checkpoint: ForeignCheckpoint) -> Recognised:
    return Recognised(
        layout="mine", options={"channels": 1}, tensors=checkpoint.tensors, noise="gaussian:1"
    )


def misspells(checkpoint: ForeignCheckpoint) -> Recognised:
    return Recognised(layout="mine", options={"channels": 1}, tensors={}, noise="gaussian")


def stumbles(checkpoint: ForeignCheckpoint) -> Recognised:
    raise KeyError("two\nlines")


@pytest.fixture
def functions(monkeypatch):
    """Let import strings lead to this module, which is no module that can be imported."""
    monkeypatch.setattr(
        "imgclean.weightsets.foreign.recognition.resolve", lambda text: globals().get(text, text)
    )


def test_the_models_are_asked_and_two_that_take_it_are_a_question(folder, functions):
    path = save(folder / "a.pth", STATE)
    mine = model("mine", "takes")
    assert read_foreign(path, [model("silent", None), mine]).config.model == "mine"
    with pytest.raises(AmbiguousModel, match="could be of mine or theirs") as caught:
        read_foreign(path, [mine, model("theirs", "takes")])
    assert "--model" in caught.value.hint
    with pytest.raises(CheckpointRefused, match="no model here reads checkpoints"):
        read_foreign(path, [model("silent", None)])


def test_where_no_model_takes_it_each_says_why(folder, monkeypatch):
    path = save(folder / "a.pth", {"x.weight": torch.ones(1)})
    with pytest.raises(WeightsIncompatible) as caught:
        read_foreign(path, [DNCNN])
    assert str(caught.value) == f"{path}: no convolutions: not a DnCNN"
    twice = [DNCNN, model("other", DNCNN.checkpoints)]
    with pytest.raises(WeightsIncompatible, match=r"no installed model: dncnn: no .*; other: no "):
        read_foreign(path, twice)


@pytest.mark.parametrize("function", ["stumbles", "misspells"])
def test_a_plugin_that_fails_is_named(folder, functions, function):
    path = save(folder / "a.pth", STATE)
    with pytest.raises(PluginBroken, match="how model mine reads checkpoints failed: ") as caught:
        read_foreign(path, [model("mine", function)])
    assert "\n" not in str(caught.value)
