import numpy as np
import pytest
import torch

from imgclean.degradation.base import Levels
from imgclean.degradation.batch import BatchDegrader
from imgclean.degradation.drawing import logarithmic, uniform, whole
from imgclean.degradation.image import degrade_image
from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import InvalidSetting

SIZE = 24
SPECS = [
    "gaussian:0-55",
    "poisson:1-60",
    "poisson-gaussian:1-60,5-30",
    "jpeg:5-99",
    "jpeg2000:0.2-2",
    "bicubic:3",
    "bicubic:2+jpeg:40+poisson:8",
    "jpeg:40+gaussian:10",
    "gaussian:0-55|bicubic:2|bicubic:3|bicubic:4|jpeg:5-99|poisson:4",
]
PHOTOGRAPHS = ["camera", "camera:100-400+jpeg:80", "gaussian:25|camera:1600"]


def degrader(text, size=SIZE):
    return BatchDegrader(parse_degradation(text), size)


def patches(image, side, count, seed=0):
    """Return float32[count, C, side, side] and the places where they were cut."""
    random = np.random.RandomState(seed)
    tops = random.randint(image.shape[0] - side + 1, size=count)
    lefts = random.randint(image.shape[1] - side + 1, size=count)
    places = list(zip(tops.tolist(), lefts.tolist(), strict=True))
    cut = [image[top : top + side, left : left + side] for top, left in places]
    return torch.from_numpy(np.stack(cut)).permute(0, 3, 1, 2).float() / 255, places


def run(made, clean, needed=None, seed=0):
    return made(clean, torch.Generator().manual_seed(seed), needed)


@pytest.mark.parametrize("text", SPECS + PHOTOGRAPHS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_row_does_not_depend_on_which_rows_are_needed_nor_on_what_they_show(
    text, channels, colour
):
    made = degrader(text)
    side = SIZE + 2 * made.margin
    clean, _ = patches(colour[..., :channels], side, 12)
    whole_batch = run(made, clean)
    needed = torch.arange(12) % 3 == 1
    others = torch.where(needed.view(-1, 1, 1, 1), clean, 1 - clean.flip(0))
    for images, mask in ((clean, needed), (others, needed), (others, None)):
        part = run(made, images, mask)
        torch.testing.assert_close(part.noisy[needed], whole_batch.noisy[needed], rtol=0, atol=0)
        torch.testing.assert_close(part.clean[needed], whole_batch.clean[needed], rtol=0, atol=0)
        if whole_batch.sigma is not None:
            torch.testing.assert_close(part.sigma, whole_batch.sigma, rtol=0, atol=0)


@pytest.mark.parametrize("text", SPECS + PHOTOGRAPHS)
def test_a_batch_is_the_same_for_the_same_seed_and_other_for_another(text, colour):
    made = degrader(text)
    clean, _ = patches(colour, SIZE + 2 * made.margin, 6)
    first = run(made, clean).noisy
    torch.testing.assert_close(run(made, clean).noisy, first, rtol=0, atol=0)
    assert not torch.equal(run(made, clean, seed=1).noisy, first)


@pytest.mark.parametrize("text", SPECS)
@pytest.mark.parametrize("kept", [torch.channels_last, torch.contiguous_format])
def test_the_clean_patch_is_the_middle_and_the_layout_is_kept(text, kept, colour):
    made = degrader(text)
    side = SIZE + 2 * made.margin
    clean, _ = patches(colour, side, 4)
    batch = run(made, clean.contiguous(memory_format=kept))
    middle = clean[..., made.margin : side - made.margin, made.margin : side - made.margin]
    torch.testing.assert_close(batch.clean, middle, rtol=0, atol=0)
    assert batch.noisy.shape == (4, 3, SIZE, SIZE)
    assert batch.noisy.dtype == torch.float32
    for image in (batch.clean, batch.noisy):
        assert image.is_contiguous(memory_format=kept)


@pytest.mark.parametrize(
    ("text", "grid", "channels"),
    [
        ("bicubic:2", 2, 1),
        ("bicubic:3", 3, 3),
        ("bicubic:4", 4, 1),
        ("jpeg:20", 8, 1),
        ("jpeg:20", 16, 3),
    ],
)
@pytest.mark.parametrize("size", [24, 25])
def test_a_patch_has_real_context_and_lies_anywhere_on_the_grid(text, grid, channels, size, colour):
    """Every row is the patch of the whole image, degraded on one of all the grids that exist."""
    image = colour[..., :channels]
    made = degrader(text, size)
    clean, places = patches(image, size + 2 * made.margin, 60)
    batch = run(made, clean)
    noisy = batch.noisy.permute(0, 2, 3, 1).numpy()
    degradation = parse_degradation(text)
    wholes = {
        (down, across): degrade_image(image[down:, across:], degradation, seed=0).noisy
        for down in range(grid)
        for across in range(grid)
    }
    grids = set()
    for row, (top, left) in zip(noisy, places, strict=True):
        first, second = top + made.margin, left + made.margin
        fitting = [
            ((first - down) % grid, (second - across) % grid)
            for (down, across), degraded in wholes.items()
            if np.allclose(
                row, degraded[first - down :, second - across :][:size, :size], atol=1e-5
            )
        ]
        assert fitting
        grids.update(fitting[:1])  # on flat colour a second one may fit
    assert {down for down, _ in grids} == set(range(grid))
    assert len(grids) > min(30, grid**2 - 1)


def test_levels_in_a_range_are_drawn_for_each_row_by_the_law_of_their_kind():
    share = torch.rand(4000, generator=torch.Generator().manual_seed(0))
    sigma = uniform(Levels(10, 50), share)
    quality = whole(Levels(5, 8), share)
    peak = logarithmic(Levels(1, 64), share)
    assert sigma.mean() == pytest.approx(30, abs=1)
    assert torch.unique(quality).tolist() == [5, 6, 7, 8]
    assert (quality == 8).float().mean() == pytest.approx(0.25, abs=0.03)
    assert peak.median() == pytest.approx(8, rel=0.1)
    for levels, drawn in ((Levels(10, 50), sigma), (Levels(1, 64), peak)):
        assert levels.low <= drawn.min()
        assert drawn.max() <= levels.high
    assert whole(Levels(1, 100), torch.tensor(1 - 2.0**-24)) == 100


def test_shot_noise_of_a_batch_has_the_mean_and_the_variance_of_counts():
    clean = torch.tensor([0.0, 0.2, 1.0, 1.0]).view(-1, 1, 1, 1).expand(4, 1, 150, 150)
    noisy = run(degrader("poisson:4", 150), clean).noisy
    torch.testing.assert_close(noisy.mean((1, 2, 3)), clean[:, 0, 0, 0], rtol=0, atol=0.015)
    torch.testing.assert_close(noisy.var((1, 2, 3)), clean[:, 0, 0, 0] / 4, rtol=0.05, atol=1e-9)
    assert not torch.equal(noisy[2], noisy[3])
    both = run(degrader("poisson-gaussian:4,51", 150), clean).noisy
    expected = clean[:, 0, 0, 0] / 4 + 0.04
    torch.testing.assert_close(both.var((1, 2, 3)), expected, rtol=0.05, atol=0)


@pytest.mark.parametrize("text", ["gaussian:25", "gaussian:5-20|gaussian:60-80"])
def test_the_level_is_told_where_all_noise_is_gaussian(text):
    clean = torch.full((64, 1, 60, 60), 0.9)
    batch = run(degrader(text, 60), clean)
    residual = batch.noisy - batch.clean
    torch.testing.assert_close(residual.std((1, 2, 3)), batch.sigma, rtol=0.07, atol=0)
    assert batch.noisy.max() > 1
    if "|" in text:
        high = batch.sigma > 40 / 255
        assert 16 <= high.sum() <= 48


@pytest.mark.parametrize("text", ["poisson:4", "gaussian:25|poisson:4", "gaussian:5+gaussian:5"])
def test_no_level_is_told_where_some_noise_is_not_gaussian_alone(text):
    assert run(degrader(text), torch.rand(4, 1, SIZE, SIZE)).sigma is None


def test_every_alternative_is_drawn_about_as_often(gray):
    made = degrader("bicubic:2|jpeg:10|gaussian:100")
    clean, _ = patches(gray, SIZE + 2 * made.margin, 300)
    noisy = run(made, clean).noisy
    levels = (noisy * 255 - (noisy * 255).round()).abs().amax((1, 2, 3)) < 1e-3
    outside = noisy.amax((1, 2, 3)) > 1.2
    assert 70 <= levels.sum() <= 130
    assert 70 <= outside.sum() <= 130
    assert not (levels & outside).any()


def test_the_rate_of_jpeg_2000_is_that_of_the_patch_and_its_surroundings_without_the_header(gray):
    clean, _ = patches(gray, SIZE + 2 * degrader("jpeg2000:1").margin, 20)
    errors = [
        (batch.noisy - batch.clean).square().mean().item()
        for batch in (run(degrader(f"jpeg2000:{rate}"), clean) for rate in (0.1, 0.5, 2))
    ]
    assert errors[0] > 2 * errors[1] > 8 * errors[2] > 0


def test_jpeg_2000_spends_more_on_the_busy_parts_of_a_patchs_surroundings(gray):
    margin = degrader("jpeg2000:1").margin
    busy, _ = patches(gray, SIZE + 2 * margin, 10)
    calm = torch.full_like(busy, 0.5)
    inner = slice(margin, margin + SIZE)
    calm[..., inner, inner] = busy[..., inner, inner]
    made = degrader("jpeg2000:0.5")
    errors = [
        (batch.noisy - batch.clean).square().mean() for batch in (run(made, busy), run(made, calm))
    ]
    assert errors[1] < 0.5 * errors[0]


def test_the_clean_part_is_the_photograph_without_noise_whatever_comes_after_it(colour):
    photograph = degrader("camera:1600", SIZE + 32)
    clean, _ = patches(colour, SIZE + 32 + 2 * photograph.margin, 4)
    alone = run(photograph, clean)
    chain = run(degrader("camera:1600+jpeg:80"), clean)
    torch.testing.assert_close(chain.clean, alone.clean[..., 16:-16, 16:-16], rtol=0, atol=0)
    middle = alone.noisy[..., 16:-16, 16:-16]
    assert 0 < (chain.noisy - middle).abs().mean() < 0.1


def test_of_a_choice_only_photographs_have_another_clean_part(colour):
    made = degrader("gaussian:100|camera:1600")
    clean, _ = patches(colour, SIZE + 2 * made.margin, 24)
    batch = run(made, clean)
    middle = clean[..., made.margin : -made.margin, made.margin : -made.margin]
    photographs = (batch.clean != middle).any((1, 2, 3))
    within = (batch.noisy.amin((1, 2, 3)) >= 0) & (batch.noisy.amax((1, 2, 3)) <= 1)
    assert torch.equal(photographs, within)
    assert 6 <= photographs.sum() <= 18
    assert batch.sigma is None


def test_margins_of_a_chain_add_up_and_codecs_stay_on_the_cpu():
    assert degrader("gaussian:25").margin == 0
    assert degrader("gaussian:25|bicubic:3").margin == 12
    assert degrader("bicubic:3+jpeg:10").margin == 28
    assert degrader("bicubic:3|poisson:4+gaussian:5|camera").on_device
    assert not degrader("gaussian:5|bicubic:2+jpeg:10").on_device


def test_what_only_names_a_domain_cannot_be_applied():
    with pytest.raises(InvalidSetting):
        degrader("gaussian:0-55|pairs")
