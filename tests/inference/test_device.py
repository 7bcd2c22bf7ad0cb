import numpy as np
import pytest
import torch
from imgclean_dncnn import DNCNN

from imgclean.errors import DeviceUnavailable, InvalidSetting
from imgclean.inference.device import choose_device, choose_precision, device_name, has_bf16
from imgclean.inference.settings import InferenceSettings

CPU = torch.device("cpu")


def test_auto_is_always_a_device_that_is_there():
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize("text", ["gpu", "cuda:x", "", "meta", "cpu0"])
def test_what_names_no_device_is_a_usage_error(text):
    with pytest.raises(InvalidSetting):
        choose_device(text)


@pytest.mark.parametrize("text", ["cuda", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(text):
    if text == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(DeviceUnavailable) as caught:
        choose_device(text)
    assert "--device cpu" in caught.value.hint


def test_only_eight_bit_images_take_bf16_by_themselves(monkeypatch):
    monkeypatch.setattr("imgclean.inference.device.has_bf16", lambda _: True)
    assert choose_precision("auto", DNCNN, CPU, np.dtype(np.uint8)) == "bf16"
    for dtype in (np.uint16, np.float32):
        assert choose_precision("auto", DNCNN, CPU, np.dtype(dtype)) == "fp32"
        assert choose_precision("bf16", DNCNN, CPU, np.dtype(dtype)) == "bf16"
    monkeypatch.setattr("imgclean.inference.device.has_bf16", lambda _: False)
    assert choose_precision("auto", DNCNN, CPU, np.dtype(np.uint8)) == "fp32"


def test_a_precision_that_the_model_does_not_declare_is_refused():
    with pytest.raises(InvalidSetting, match="not safe in fp16"):
        choose_precision("fp16", DNCNN, CPU, np.dtype(np.uint8))


def test_the_cpu_has_a_name_and_an_answer_on_bf16():
    assert "cores" in device_name(CPU)
    assert isinstance(has_bf16(CPU), bool)


@pytest.mark.parametrize(
    "settings",
    [{"sigma": -1.0}, {"sigma": 256.0}, {"strength": 1.5}, {"tile": 8}, {"backend": "tensorrt"}],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(InvalidSetting):
        InferenceSettings(**settings)
