"""VGG19 as a discriminator: its shape, what of it learns, and where its convolutions come from."""

import copy

import pytest
import torch
from hub_here import bodies, hub_here
from huggingface_hub import constants
from imgclean_mscnn import MODEL
from imgclean_mscnn.discriminator import CATALOGUED, VGG19Discriminator
from network_material import parameters
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d
from vgg19_material import CONVOLUTIONS, write_timm_vgg19

from imgclean.errors import HubOffline, InvalidSetting, SetupError, WeightsIncompatible
from imgclean.training.adversary import Adversary, make_discriminator, try_discriminator
from imgclean.weightsets.hub.entries import HubEntry, as_toml
from imgclean.weightsets.hub.hashes import file_sha256

CPU = torch.device("cpu")
REPOSITORY, FILE = "timm/vgg19.tv_in1k", "model.safetensors"
WAY_OUT = "--discriminator scratch"


@pytest.fixture(scope="module")
def fresh():
    """A discriminator of gray images in eval mode, without gradients; it is not to be changed."""
    torch.manual_seed(0)
    return VGG19Discriminator(1).requires_grad_(False).eval()


def textures(n, seed, size=32):
    return torch.rand(n, 1, size, size, generator=torch.Generator().manual_seed(seed))


def blurred(clean):
    return avg_pool2d(clean, 7, 1, 3, count_include_pad=False)


def copied(module):
    return copy.deepcopy(module.state_dict())


def same(first, second):
    return [name for name, each in first.items() if torch.equal(each, second[name])]


# What it computes


def test_it_has_vgg19s_sixteen_convolutions_and_three_layers_of_its_own(fresh):
    shapes = {
        int(name): tuple(layer.weight.shape)
        for name, layer in fresh.features.named_children()
        if isinstance(layer, nn.Conv2d)
    }
    assert shapes == {number: (out, channels, 3, 3) for number, out, channels in CONVOLUTIONS}
    linear = [each for each in fresh.judge if isinstance(each, nn.Linear)]
    assert [each.in_features for each in linear] == [2048, 2048, 1024]
    assert [each.out_features for each in linear] == [2048, 1024, 2]
    assert parameters(fresh.features) == 20_024_384
    assert parameters(fresh.judge) == 6_296_578
    assert parameters(fresh) == 20_024_384 + 6_296_578


def test_gray_is_shown_as_colour_less_imagenets_mean_and_over_its_deviation(fresh):
    images, seen = textures(2, 1), []
    hook = fresh.features.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    gray, colour = fresh(images), fresh(images.expand(-1, 3, -1, -1))
    hook.remove()
    assert torch.equal(gray, colour)
    for channel, (mean, deviation) in enumerate([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]):
        assert torch.allclose(seen[0][:, channel], (images[:, 0] - mean) / deviation, atol=1e-6)


def test_a_patch_of_64_pixels_has_the_2048_features_of_vgg19_itself(fresh):
    images = textures(1, 2, 64)
    seen = []
    hook = fresh.judge[2].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    fresh(images)
    hook.remove()
    features = (images.expand(-1, 3, -1, -1) - fresh.mean) / fresh.deviation
    pooled_behind = {2, 7, 16, 25, 34}
    for number, _, _ in CONVOLUTIONS:
        layer = fresh.features[number]
        features = conv2d(features, layer.weight, layer.bias, padding=1).relu()
        features = max_pool2d(features, 2) if number in pooled_behind else features
    assert features.shape == (1, 512, 2, 2)
    assert torch.allclose(seen[0], features.flatten(1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(32, 32), (96, 80), (45, 130)])
def test_patches_of_other_sizes_are_judged_too(fresh, size):
    logits = fresh(torch.rand(2, 1, *size))
    assert logits.shape == (2, 2)
    assert torch.isfinite(logits).all()


def test_what_it_cannot_judge_is_refused(fresh):
    with pytest.raises(InvalidSetting, match="32 pixels and more, not of 31") as caught:
        fresh(torch.rand(1, 1, 64, 31))
    assert "--set patch=64" in caught.value.hint
    with pytest.raises(InvalidSetting, match="31"):
        try_discriminator("scratch", 1, MODEL, patch=31)
    with pytest.raises(InvalidSetting, match="not 2 channels"):
        VGG19Discriminator(2)


# What of it learns


def test_given_convolutions_stay_bit_for_bit_while_its_own_layers_learn_to_tell_a_blur(fresh):
    given = {f"features.{name}": each for name, each in copied(fresh.features).items()}
    torch.manual_seed(1)
    judge = VGG19Discriminator(1, given)
    before = copied(judge)
    enemy = Adversary(judge, lr=1e-4, updates=2, device=CPU)
    for step in range(16):
        clean = textures(2, step)
        enemy.update(blurred(clean), clean)
    after = judge.state_dict()
    assert same(before, after) == list(given)
    with torch.no_grad():
        clean = textures(8, 1000)
        margins = [judge(images)[:, 1] - judge(images)[:, 0] for images in (clean, blurred(clean))]
    right = torch.cat([margins[0] > 0, margins[1] < 0]).float().mean()
    assert right > 0.9


def test_from_scratch_its_convolutions_learn_too():
    torch.manual_seed(0)
    judge = make_discriminator("scratch", 1, MODEL)
    before = copied(judge)
    clean = textures(1, 1)
    Adversary(judge, lr=1e-4, updates=2, device=CPU).update(blurred(clean), clean)
    assert same(before, judge.state_dict()) == []


# Where its convolutions come from


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with hub_here(monkeypatch, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def timm(tmp_path_factory):
    """The file of timm's, and its convolutions."""
    path = tmp_path_factory.mktemp("vgg19") / FILE
    yield path, write_timm_vgg19(path)
    path.unlink()


def pin(monkeypatch, tmp_path, hub, file):
    """Put a file on the Hub, and into the user's catalogue."""
    entry = HubEntry(
        repository=REPOSITORY,
        revision=hub.add(REPOSITORY, {FILE: file}),
        file=FILE,
        sha256=file_sha256(file),
        part="vgg19",
        licence="BSD-3-Clause",
    )
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(as_toml(CATALOGUED, entry))
    monkeypatch.setenv("IMGCLEAN_CATALOGUE", str(catalogue))


def test_pinned_convolutions_are_fetched_once_and_are_the_files(hub, timm, monkeypatch, tmp_path):
    file, convolutions = timm
    pin(monkeypatch, tmp_path, hub, file)
    judge = make_discriminator("vgg19", 1, MODEL)
    assert bodies(hub) == 1
    assert len(same(convolutions, judge.state_dict())) == 32
    frozen = {name for name, each in judge.named_parameters() if not each.requires_grad}
    assert frozen == convolutions.keys()
    asked = len(hub.seen)
    again = make_discriminator("vgg19", 1, MODEL)
    assert len(hub.seen) == asked
    assert len(same(convolutions, again.state_dict())) == 32
    for path in (tmp_path / "hub").rglob("blobs/*"):
        path.unlink()


def test_what_nobody_has_vouched_for_is_not_fetched_and_both_ways_out_are_named(hub, timm):
    hub.add(REPOSITORY, {FILE: timm[0]})
    with pytest.raises(SetupError, match="wants VGG19's weights: vgg19-imagenet is") as caught:
        make_discriminator("vgg19", 1, MODEL)
    assert "`imgclean weights pin vgg19-imagenet`" in caught.value.hint
    assert WAY_OUT in caught.value.hint
    assert hub.seen == []


def test_offline_and_not_here_names_the_way_without(hub, timm, monkeypatch, tmp_path):
    pin(monkeypatch, tmp_path, hub, timm[0])
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubOffline, match="wants VGG19's weights") as caught:
        make_discriminator("vgg19", 1, MODEL)
    assert WAY_OUT in caught.value.hint
    assert hub.seen == []


def test_a_file_of_another_network_is_refused(hub, monkeypatch, tmp_path):
    other = tmp_path / FILE
    save_file({"features.0.weight": torch.zeros(64, 1, 3, 3)}, other)
    pin(monkeypatch, tmp_path, hub, other)
    with pytest.raises(WeightsIncompatible, match=r"is no VGG19: features\.0\.weight") as caught:
        make_discriminator("vgg19", 1, MODEL)
    assert WAY_OUT in caught.value.hint
