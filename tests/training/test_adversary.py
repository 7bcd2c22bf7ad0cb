import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from imgclean.errors import InvalidSetting, PluginBroken
from imgclean.extension.model_info import ModelInfo, Tiling
from imgclean.training.adversary import Adversary, make_discriminator
from imgclean.training.losses.objective import Objective
from imgclean.training.losses.terms import AdversarialLoss, SquaredError
from imgclean.training.patch_discriminator import PatchDiscriminator

CPU = torch.device("cpu")


class TwoLogits(nn.Module):
    """Layers that are easily disturbed: batch norm, dropout, and one that is frozen."""

    def __init__(self, channels):
        super().__init__()
        self.frozen = nn.Conv2d(channels, 4, 3).requires_grad_(False)
        self.rest = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.1), nn.Flatten())
        self.last = nn.Linear(4 * 14 * 14, 2)

    def forward(self, images):
        return self.last(self.rest(self.frozen(images)))


def three_logits(channels):
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * 256, 3))


def info(**discriminators):
    here = {name: f"{__name__}:{each}" for name, each in discriminators.items()}
    return ModelInfo(
        name="toy",
        title="t",
        paper="p",
        factory="x:y",
        options="x:z",
        tiling=Tiling(0),
        discriminators=here,
    )


@pytest.fixture(params=[PatchDiscriminator, TwoLogits])
def kind(request):
    return request.param


def adversary(kind=PatchDiscriminator, *, lr=1e-3, seed=0, **settings):
    torch.manual_seed(seed)
    return Adversary(kind(1), **({"lr": lr, "updates": 2, "device": CPU} | settings))


def textures(n, seed):
    return torch.rand(n, 1, 16, 16, generator=torch.Generator().manual_seed(seed))


def blurred(clean):
    return avg_pool2d(clean, 3, 1, 1, count_include_pad=False)


def trained(kind, steps=60):
    enemy = adversary(kind)
    for step in range(steps):
        clean = textures(8, step)
        enemy.update(blurred(clean), clean)
    return enemy


def state_of(enemy):
    return copy.deepcopy(enemy.state_dict())


def same(first, second):
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    return torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second


def test_it_learns_to_tell_a_blur_and_rewards_moving_toward_clean():
    enemy = trained(PatchDiscriminator)
    clean = textures(64, 1000)
    losses = [
        enemy.generator_loss(blurred(clean).lerp(clean, share)).item() for share in (0, 0.5, 1)
    ]
    assert losses[0] > losses[1] > losses[2]
    enemy.update(blurred(clean), clean)
    assert enemy.statistics["discriminator_accuracy"] > 0.9
    assert enemy.statistics["discriminator_loss"] < 0.4


def test_the_generators_loss_leaves_the_discriminator_as_it_is(kind):
    enemy = trained(kind, 2)
    before = state_of(enemy)
    network = enemy._discriminator
    network.zero_grad()
    output = textures(4, 5).requires_grad_()
    first = enemy.generator_loss(output)
    first.backward()
    assert output.grad.abs().sum() > 0
    assert all(each.grad is None for each in network.parameters())
    assert same(state_of(enemy), before)
    assert torch.equal(enemy.generator_loss(output), first), "no dropout"
    assert all(each.training for each in network.modules())


def test_an_update_leaves_the_denoiser_and_frozen_layers_as_they_are():
    enemy = adversary(TwoLogits)
    before = state_of(enemy)["network"]
    denoiser = nn.Conv2d(1, 1, 3, padding=1)
    clean = textures(4, 1)
    enemy.update(denoiser(clean), clean)
    assert all(each.grad is None for each in denoiser.parameters())
    after = state_of(enemy)["network"]
    assert torch.equal(after["frozen.weight"], before["frozen.weight"])
    assert not torch.equal(after["last.weight"], before["last.weight"])


def test_from_a_saved_state_it_goes_on_bit_for_bit(tmp_path, kind):
    enemy = trained(kind, 3)
    torch.save(enemy.state_dict(), tmp_path / "state.pt")
    other = adversary(kind, seed=9)
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for each in (enemy, other):
        torch.manual_seed(4)  # of the dropout
        each.update(textures(4, 6), textures(4, 7))
    assert same(enemy.state_dict(), other.state_dict())
    assert same(enemy.statistics, other.statistics)
    output = textures(4, 8)
    assert torch.equal(enemy.generator_loss(output), other.generator_loss(output))


def test_each_batch_is_shown_as_often_as_asked_and_gradients_are_averaged_each_time():
    averaged = []
    enemy = adversary(updates=3, average_gradients=averaged.append)
    assert enemy.statistics == {}
    enemy.update(textures(2, 1), textures(2, 2))
    assert averaged == [enemy._discriminator] * 3
    assert enemy.state_dict()["optimiser"]["state"][0]["step"] == 3


def test_the_gradients_that_move_it_are_the_averaged_ones():
    def erase(network):
        for each in network.parameters():
            each.grad.zero_()

    enemy = adversary(average_gradients=erase)
    before = state_of(enemy)["network"]
    enemy.update(textures(2, 1), textures(2, 2))
    assert same(state_of(enemy)["network"], before)


def test_bfloat16_is_for_the_passes_alone_even_inside_of_another_autocast():
    enemy = adversary(autocast=True)
    output = textures(4, 1).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        enemy.update(output, textures(4, 2))
        loss = enemy.generator_loss(output)
    assert torch.equal(loss, enemy.generator_loss(output)), "no outdated weight was cached"
    assert loss.dtype == enemy.statistics["discriminator_loss"].dtype == torch.float32
    network = enemy.state_dict()["network"]
    assert {each.dtype for each in network.values()} == {torch.float32}


def test_an_objective_adds_the_adversarial_term_to_the_distance():
    enemy, clean = trained(PatchDiscriminator, 2), textures(4, 1)
    terms = [SquaredError(kind="mse"), AdversarialLoss(kind="adversarial", weight=0.1)]
    output = blurred(clean).requires_grad_()
    total, values = Objective(terms, nn.Identity(), enemy)(output, clean, 0.0)
    assert torch.equal(values["adversarial"], enemy.generator_loss(output).detach())
    torch.testing.assert_close(total, values["mse"] + 0.1 * values["adversarial"])
    with pytest.raises(InvalidSetting, match="two adversarial"):
        Objective([*terms, terms[1]], nn.Identity(), enemy)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 17, 40, 64])
def test_the_cores_own_takes_crops_from_16_pixels_up(channels, size):
    network = make_discriminator("patch", channels, info())
    assert network(torch.rand(2, channels, size, size)).shape == (2, 1)
    count = sum(each.numel() for each in network.parameters())
    assert 0.25e6 < count < 0.35e6


def test_a_model_offers_its_own_beside_the_cores():
    own = info(two="TwoLogits", patch="TwoLogits", three="three_logits")
    assert isinstance(make_discriminator("two", 3, own), TwoLogits)
    assert isinstance(make_discriminator("patch", 3, own), PatchDiscriminator)
    odd = Adversary(make_discriminator("three", 1, own), lr=1e-3, updates=1, device=CPU)
    with pytest.raises(PluginBroken, match=r"\(4, 3\) logits"):
        odd.generator_loss(textures(4, 1))


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InvalidSetting, match="toy has no discriminator 'pach'") as caught:
        make_discriminator("pach", 1, info(vgg="TwoLogits"))
    assert caught.value.hint == "did you mean patch?"
    with pytest.raises(InvalidSetting) as caught:
        make_discriminator("zzzzzz", 1, info(vgg="TwoLogits"))
    assert caught.value.hint == "there is vgg, patch"


def test_one_that_cannot_be_made_is_the_plugins_fault():
    with pytest.raises(PluginBroken, match="discriminator bad of model toy failed: TypeError"):
        make_discriminator("bad", 1, info(bad="textures"))
    with pytest.raises(PluginBroken, match="cannot be imported"):
        make_discriminator("bad", 1, info(bad="nowhere"))
