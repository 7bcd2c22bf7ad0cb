"""`imgclean weights convert`, and checkpoints from elsewhere in place of weight sets."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign_material import numbered, random_stack, residual, save
from matconvnet_material import write_matconvnet
from material import noise_image
from PIL import Image

import imgclean as package
from imgclean.weightsets.config import read_config

FILES = ["README.md", "config.json", "model.safetensors"]
EXACT = ("--precision", "fp32", "--no-provenance", "--overwrite")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with a gray image and a checkpoint in KAIR's layout under a published name."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise_image(40, 50, 1)[..., 0]).save("a.png")
    save(Path("dncnn_25.pth"), numbered(quiet_stack(), "model."))
    return tmp_path


def quiet_stack(seed=0, **kind):
    """Return a stack whose output is small beside the image."""
    stack = random_stack(seed=seed, **kind)
    stack[-1].weight *= 0.02
    return stack


def pixels(path):
    return np.asarray(Image.open(path))


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_checkpoint_becomes_a_set_that_says_where_it_is_from(imgclean, work):
    done = imgclean("weights", "convert", "dncnn_25.pth")
    assert (done.code, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "dncnn_25.pth: PyTorch, layout of KAIR",
        "dncnn: channels 1, depth 17, batch_norm false",
        "noise: gaussian:25, after the file's name",
        "licence: not known, --licence states it",
        "dncnn-25: use it with --weights dncnn-25/",
    ]
    assert sorted(path.name for path in Path("dncnn-25").iterdir()) == FILES
    assert sorted(path.name for path in work.iterdir()) == ["a.png", "dncnn-25", "dncnn_25.pth"]
    config = read_config(Path("dncnn-25"))
    assert (config.name, config.noise, config.channels) == ("dncnn-25", "gaussian:25", 1)
    assert config.sha256 == digest("dncnn-25/model.safetensors")
    assert config.provenance.sha256 == digest("dncnn_25.pth")
    card = Path("dncnn-25/README.md").read_text()
    assert "license: unknown\n" in card
    assert "from `dncnn_25.pth`, a file of PyTorch in the layout of KAIR, sha256 `" in card


@pytest.mark.parametrize("kind", ["pth", "mat"])
def test_the_file_itself_and_its_set_give_the_pixels_of_the_network(imgclean, work, kind):
    stack = quiet_stack(seed=1)
    if kind == "mat":
        file = write_matconvnet(Path("sigma=25.mat"), stack)
    else:
        file = save(Path("net.pth"), {"state_dict": numbered(stack, "module.dncnn.")})
    assert imgclean("weights", "convert", file, "-o", "sets/one").code == 0
    assert imgclean("denoise", "a.png", "-o", "set.png", "-w", "sets/one", *EXACT).code == 0
    assert imgclean("denoise", "a.png", "-o", "file.png", "-w", file, *EXACT).code == 0
    assert (pixels("set.png") == pixels("file.png")).all()
    x = torch.from_numpy(pixels("a.png").copy()).float()[None, None] / 255
    with torch.inference_mode():
        expected = (x - residual(stack, x)).clamp(0, 1)[0, 0].numpy() * 255
    assert np.abs(pixels("set.png") - expected).max() < 0.51
    array = package.denoise(pixels("a.png"), weights=str(file), precision="fp32", device="cpu")
    assert (array == pixels("set.png")).all()


def test_the_python_api_loads_the_file(work):
    stack = quiet_stack()
    network = package.load("dncnn_25.pth")
    x = torch.rand(1, 1, 9, 9)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), x - residual(stack, x), rtol=1e-5, atol=1e-5)


def test_a_file_that_does_not_say_its_noise_has_a_note_unless_it_is_stated(imgclean, work):
    Path("dncnn_25.pth").rename("net.pth")
    direct = imgclean("denoise", "a.png", "--weights", "net.pth")
    assert direct.code == 0
    assert "net.pth does not say what it was trained on: gaussian:0-55 is assumed" in direct.stderr
    done = imgclean("weights", "convert", "net.pth")
    assert "noise: gaussian:0-55 is assumed: the file does not say it, --noise does" in done.stderr
    stated = ("--noise", "gaussian:10", "--licence", "MIT", "--name", "dncnn-ten", "--overwrite")
    done = imgclean("weights", "convert", "net.pth", "-o", "dncnn-net", *stated)
    assert "noise: gaussian:10\n" in done.stderr
    assert "licence" not in done.stderr
    config = read_config(Path("dncnn-net"))
    assert (config.name, config.noise, config.licence) == ("dncnn-ten", "gaussian:10", "MIT")
    assert config.provenance.noise_source == "given"
    assert "does not say" not in imgclean("denoise", "a.png", "-w", "dncnn-net/", *EXACT).stderr


def test_a_folder_that_is_there_is_kept_unless_it_holds_a_set_and_is_to_be_replaced(imgclean, work):
    assert imgclean("weights", "convert", "dncnn_25.pth").code == 0
    before = digest("dncnn-25/model.safetensors")
    Path("dncnn-25/notes.txt").write_text("mine")
    other = save(Path("other.pth"), numbered(quiet_stack(seed=2), "model."))
    refused = imgclean("weights", "convert", other, "-o", "dncnn-25")
    assert (refused.code, digest("dncnn-25/model.safetensors")) == (2, before)
    assert "dncnn-25 exists" in refused.stderr
    assert imgclean("weights", "convert", other, "-o", "dncnn-25", "--overwrite").code == 0
    assert digest("dncnn-25/model.safetensors") == read_config(Path("dncnn-25")).sha256 != before
    assert sorted(path.name for path in Path("dncnn-25").iterdir()) == sorted([*FILES, "notes.txt"])
    Path("mine").mkdir()
    Path("mine/README.md").write_text("precious")
    refused = imgclean("weights", "convert", other, "-o", "mine", "--overwrite")
    assert (refused.code, Path("mine/README.md").read_text()) == (2, "precious")


REFUSALS = {
    "what is not there": (["nowhere.pth"], 2, "nowhere.pth does not exist"),
    "a weight set": (["set"], 2, "needs no conversion: use it with --weights set/"),
    "another network": (["wide.pth"], 1, "wide.pth: 34 convolutions, 96 channels: not a DnCNN"),
    "a pickle of a module": (["module.pth"], 1, "is a pickle of a whole module"),
    "no checkpoint": (["a.png"], 1, "a.png is no checkpoint"),
    "a wrong noise": (["dncnn_25.pth", "--noise", "salt"], 2, "'salt' is not a degradation"),
    "a wrong name": (["dncnn_25.pth", "--name", "My Net"], 2, "name: String should match"),
    "a wrong model": (["dncnn_25.pth", "--model", "dncn"], 2, "no model is named 'dncn'"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_cannot_be_converted_is_one_line_and_a_hint_and_leaves_nothing(
    imgclean, work, small_set, kind
):
    arguments, code, message = REFUSALS[kind]
    Path("set").symlink_to(small_set)
    save(Path("wide.pth"), numbered(random_stack(34, width=96), "model."))
    save(Path("module.pth"), torch.nn.Conv2d(1, 1, 3))
    before = sorted(path.name for path in work.iterdir())
    refused = imgclean("weights", "convert", *arguments)
    assert (refused.code, refused.stdout) == (code, "")
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) <= 2
    assert sorted(path.name for path in work.iterdir()) == before


def test_denoise_refuses_another_network_before_it_reads_an_image(imgclean, work):
    save(Path("wide.pth"), numbered(random_stack(34, width=96), "model."))
    refused = imgclean("denoise", "a.png", "--weights", "wide.pth")
    assert refused.code == 1
    assert "error: wide.pth: 34 convolutions, 96 channels: not a DnCNN" in refused.stderr
    assert not Path("a-clean.png").exists()


def test_a_model_that_is_named_alone_is_asked(imgclean, work):
    assert imgclean("denoise", "a.png", "-w", "dncnn_25.pth", "--model", "dncnn").code == 0
    off = imgclean("denoise", "a.png", "-w", "dncnn_25.pth", "--no-plugins", "--overwrite")
    assert off.code == 1
    assert "no model here reads checkpoints from elsewhere" in off.stderr


def test_workers_find_the_file_again_and_a_resumed_run_knows_it(imgclean, work):
    for name in ("a", "b", "c"):
        Path("in").mkdir(exist_ok=True)
        Image.fromarray(noise_image(30, 30, 1)[..., 0]).save(f"in/{name}.png")
    run = ("denoise", "in", "-o", "out", "-w", "dncnn_25.pth", "--device", "cpu,cpu", "--json")
    first = imgclean(*run)
    assert (first.code, len(first.events("done"))) == (0, 3)
    assert {line["weights"] for line in first.events("done")} == {"dncnn-25"}
    again = imgclean(*run, "--resume")
    assert len(again.events("skipped")) == 3


def test_evaluate_and_bench_measure_the_file(imgclean, work):
    Path("set").mkdir()
    Path("a.png").rename("set/a.png")
    Path("dncnn_25.pth").rename("net.pth")
    given = ("--weights", "net.pth", "--json")
    measured = imgclean("evaluate", "set", "--noise", "gaussian:25", "--colour", "gray", *given)
    assert [line["weights"] for line in measured.lines] == ["dncnn-net"]
    assert measured.stderr.count("does not say what it was trained on") == 1
    timed = imgclean("bench", "--size", "16", "--rounds", "1", "--precision", "fp32", *given)
    assert [line["weights"] for line in timed.lines] == ["dncnn-net"]


def test_a_training_begins_from_the_file_and_its_set_says_so(imgclean, work):
    Path("data").mkdir()
    Image.fromarray(noise_image(60, 60, 1)[..., 0]).save("data/a.png")
    run = ("--out", "run", "--steps", "1", "--set", "batch=1", "--set", "patch=16")
    done = imgclean("train", "--init", "dncnn_25.pth", "--data", "data", *run)
    assert done.code == 0, done.stderr
    config = json.loads(Path("run/config.json").read_text())
    assert config["options"] | {"depth": 17, "batch_norm": False} == config["options"]
    assert config["noise"] == "gaussian:25"
    assert config["provenance"]["begun_from"]["sha256"] == digest("dncnn_25.pth")
    assert "from `dncnn_25.pth`" in Path("run/README.md").read_text()
    state = imgclean("denoise", "data/a.png", "--weights", "run/checkpoint.pt")
    assert "run/checkpoint.pt is the state of a training run" in state.stderr
    assert "name its run folder, run/" in state.stderr
