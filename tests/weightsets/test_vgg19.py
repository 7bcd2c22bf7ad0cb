"""VGG19 as torchvision numbers its layers, and as timm stores it."""

import pytest
import torch
from safetensors.torch import save_file
from vgg19_material import CONVOLUTIONS

from imgclean.errors import CheckpointRefused, WeightsIncompatible
from imgclean.weightsets.foreign.vgg19 import read_vgg19

EXPECTED = {
    name: shape
    for number, out, channels in CONVOLUTIONS
    for name, shape in (
        (f"features.{number}.weight", (out, channels, 3, 3)),
        (f"features.{number}.bias", (out,)),
    )
}
UNREAD = {
    "pre_logits.fc1.weight": (8, 512, 7, 7),
    "pre_logits.fc1.bias": (8,),
    "pre_logits.fc2.weight": (8, 8, 1, 1),
    "pre_logits.fc2.bias": (8,),
    "head.fc.weight": (10, 8),
    "head.fc.bias": (10,),
}


def zeros(shapes):
    return {name: torch.zeros(shape, dtype=torch.float16) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def timm(tmp_path_factory):
    """A file in timm's layout; one value in it is no zero."""
    path = tmp_path_factory.mktemp("vgg19") / "model.safetensors"
    tensors = zeros(EXPECTED | UNREAD)
    tensors["features.34.bias"][7] = 0.5
    save_file(tensors, path)
    yield path
    path.unlink()


def test_the_sixteen_convolutions_are_read_and_no_more(timm):
    found = read_vgg19(timm)
    assert len(found) == 32
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == EXPECTED
    assert {tensor.dtype for tensor in found.values()} == {torch.float32}
    assert found["features.34.bias"].nonzero().tolist() == [[7]]


def test_another_network_is_refused_with_the_first_layer_that_differs(tmp_path):
    first = {name: EXPECTED[name] for name in list(EXPECTED)[:4]}
    wrong = {
        "it lacks features.0.weight": {"conv1.weight": (64, 3, 7, 7)},
        "it lacks features.2.bias": first | {"features.2.bias": None},
        r"features.0.weight is \(64, 1, 3, 3\), not \(64, 3, 3, 3\)": first
        | {"features.0.weight": (64, 1, 3, 3)},
        "it lacks features.5.weight": first,
    }
    for said, shapes in wrong.items():
        path = tmp_path / "model.safetensors"
        save_file(zeros({name: shape for name, shape in shapes.items() if shape}), path)
        with pytest.raises(WeightsIncompatible, match=f"is no VGG19: {said}") as caught:
            read_vgg19(path)
        assert caught.value.hint


def test_batch_norm_between_the_layers_is_another_network(tmp_path):
    """VGG19 with batch norm has its second convolution at 3."""
    path = tmp_path / "model.safetensors"
    first = {"features.0.weight": (64, 3, 3, 3), "features.0.bias": (64,)}
    save_file(
        zeros(first | {"features.1.weight": (64,), "features.3.weight": (64, 64, 3, 3)}), path
    )
    with pytest.raises(WeightsIncompatible, match=r"it lacks features\.2\.weight"):
        read_vgg19(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\xff" * 64, None])
def test_what_is_no_safetensors_file_is_refused(tmp_path, content):
    path = tmp_path / "vgg19.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointRefused, match=r"vgg19\.pth") as caught:
        read_vgg19(path)
    assert caught.value.hint
