"""LPIPS: what it is shown, what it needs, and what it says where that is not there."""

import hashlib
import io
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from material import LPIPS_STAND_IN

from imgclean.errors import SetupError
from imgclean.evaluation import perceptual
from imgclean.evaluation.perceptual import load_lpips, require_lpips
from imgclean.events import Note, ignore

LIBRARIES = ("torchmetrics", "torchvision")


def imported():
    return [each for each in sys.modules if each.partition(".")[0] in LIBRARIES]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of torch's; return where weights are in it."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def stand_in(cache, monkeypatch):
    """What stands in for the libraries; return a function that sets the weights' address."""
    for name in imported():
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(LPIPS_STAND_IN)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    def at(url):
        weights = import_module("torchvision.models").AlexNet_Weights.IMAGENET1K_V1
        monkeypatch.setattr(weights, "_value_", url)

    yield at
    for name in imported():
        del sys.modules[name]


def content():
    stream = io.BytesIO()
    torch.save({"features.0.weight": torch.zeros(2)}, stream)
    return stream.getvalue()


@pytest.fixture
def server():
    """Serve some weights; return the address of a file of any name."""

    class Weights(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Weights) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def test_a_missing_package_is_said_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(SetupError, match="lpips needs the package torchvision") as caught:
        require_lpips()
    assert caught.value.hint == 'run pip install "imgclean[lpips]"'


def test_a_torchvision_for_another_torch_is_said_to_be_one(tmp_path, stand_in, monkeypatch):
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SetupError, match=r"torchvision, which does not load: .*::nms") as caught:
        require_lpips()
    assert "belongs to this torch" in caught.value.hint


def test_the_weights_are_fetched_once_with_a_note_and_nothing_on_stdout(
    stand_in, server, cache, capsys
):
    name = f"alexnet-{hashlib.sha256(content()).hexdigest()[:8]}.pth"
    stand_in(f"{server}/{name}")
    notes = []
    load_lpips(notes.append)
    load_lpips(notes.append)
    assert [type(each) for each in notes] == [Note]
    assert f"{server}/{name}" in notes[0].message
    assert (cache / name).read_bytes() == content()
    assert capsys.readouterr() == ("", "")


def test_weights_of_another_hash_are_not_kept(stand_in, server, cache):
    stand_in(f"{server}/alexnet-00000000.pth")
    with pytest.raises(SetupError, match=r"cannot be fetched: .*hash"):
        load_lpips(ignore)
    assert list(cache.iterdir()) == []


def test_a_server_that_is_silent_is_given_up(stand_in, cache, monkeypatch):
    monkeypatch.setattr(perceptual, "_SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/alexnet-00000000.pth"
        stand_in(url)
        began = time.monotonic()
        with pytest.raises(SetupError, match="cannot be fetched: ") as caught:
            load_lpips(ignore)
    assert time.monotonic() - began < 5
    assert f"put {url} into {cache}" in caught.value.hint
    assert socket.getdefaulttimeout() is None


def test_nothing_is_fetched_offline_and_what_is_here_is_used(stand_in, server, cache, monkeypatch):
    stand_in(f"{server}/alexnet-00000000.pth")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SetupError, match="nothing may be fetched: offline") as caught:
        require_lpips()
    assert f"put {server}/alexnet-00000000.pth there" in caught.value.hint
    assert not cache.exists()
    cache.mkdir(parents=True)
    (cache / "alexnet-00000000.pth").write_bytes(content())
    require_lpips()


class Opens:
    """Opens a file where a pickle of it is read by what runs code."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("kind", ["text", "empty", "cut", "code"])
def test_damaged_weights_are_named_and_run_no_code(stand_in, cache, tmp_path, kind):
    cache.mkdir(parents=True)
    place = cache / "alexnet-00000000.pth"
    stand_in("http://127.0.0.1:9/alexnet-00000000.pth")
    whole = content()
    place.write_bytes({"text": b"nonsense", "cut": whole[: len(whole) // 2]}.get(kind, b""))
    if kind == "code":
        torch.save(Opens(str(tmp_path / "ran")), place)
    with pytest.raises(SetupError, match="is damaged") as caught:
        load_lpips(ignore)
    assert str(place) in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def distance(stand_in, cache):
    """The stand-in's distance, of what the network is shown."""
    cache.mkdir(parents=True)
    (cache / "alexnet-00000000.pth").write_bytes(content())
    stand_in("http://127.0.0.1:9/alexnet-00000000.pth")
    return load_lpips(ignore)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_network_is_shown_three_channels_and_nothing_brighter_than_white(distance, channels):
    dark, bright = (np.full((40, 31, channels), each) for each in (-60.0, 300.0))
    assert distance(dark, bright) == 1
    assert distance(dark, np.full_like(dark, 51.0)) == pytest.approx(0.2)


def test_with_the_libraries_themselves_equal_images_are_no_distance_apart(cache, monkeypatch):
    """With weights that were drawn: what AlexNet has learnt cannot be had everywhere."""
    if find_spec("torchvision") is None or find_spec("torchmetrics") is None:
        pytest.skip("torchmetrics and torchvision, an extra, are not installed")
    models = pytest.importorskip("torchvision.models", exc_type=RuntimeError)
    cache.mkdir(parents=True)
    name = models.AlexNet_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    torch.manual_seed(0)
    torch.save(models.alexnet().state_dict(), cache / name)
    measured = load_lpips(ignore)
    random = np.random.default_rng(0)
    for shape in ((31, 40, 1), (31, 40, 3)):
        image = random.uniform(0, 255, shape)
        near, far = (measured(image, image + random.normal(0, each, shape)) for each in (5, 50))
        assert measured(image, image) == 0
        assert 0 < near < far
