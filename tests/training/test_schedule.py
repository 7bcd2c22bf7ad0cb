import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from imgclean.training.budget import stage_budgets
from imgclean.training.plateau import PlateauState
from imgclean.training.recipe import read_recipe
from imgclean.training.schedule import Plateau, Progress, Schedule

KINDS = ["constant", "cosine", "one-cycle", "exponential", "step", "plateau"]


def schedule(kind, **settings):
    return TypeAdapter(Schedule).validate_python({"kind": kind, **settings})


def at(share, step=1000, epoch=0.0):
    return Progress(step, share, epoch)


@given(
    kind=st.sampled_from(KINDS),
    share=st.floats(0, 1),
    step=st.integers(0, 10**6),
    warmup=st.integers(0, 1000),
)
def test_a_rate_is_between_nothing_and_its_peak(kind, share, step, warmup):
    assert 0 <= schedule(kind, warmup=warmup).share_of_peak(at(share, step)) <= 1


@pytest.mark.parametrize("kind", ["constant", "cosine", "exponential", "step", "plateau"])
def test_a_rate_rises_linearly_to_the_peak(kind):
    chosen = schedule(kind, warmup=10)
    rates = [chosen.share_of_peak(at(0.0, step)) for step in range(12)]
    assert rates[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert rates[11] == 1


def test_the_rise_takes_no_more_than_a_fifth_of_a_short_budget():
    chosen = schedule("constant", warmup=10**6)
    assert chosen.share_of_peak(at(0.1, 5)) == pytest.approx(0.5)
    assert chosen.share_of_peak(at(0.2, 10)) == 1


def test_each_schedule_falls_as_it_is_described():
    def rates(kind, *shares, **settings):
        return [schedule(kind, warmup=0, **settings).share_of_peak(at(each)) for each in shares]

    assert rates("cosine", 0, 0.5, 1) == pytest.approx([1, 0.5, 0])
    assert rates("cosine", 0, 0.5, 1, floor=0.2) == pytest.approx([1, 0.6, 0.2])
    assert rates("one-cycle", 0, 0.3, 0.65, 1) == pytest.approx([0.04, 1, 0.5, 0])
    assert rates("exponential", 0, 0.5, 1, end=1e-4) == pytest.approx([1, 1e-2, 1e-4])
    assert rates("step", 0, 0.5, 0.75) == pytest.approx([1, 0.1, 0.01])


def test_steps_may_be_named_in_epochs_each_with_its_factor():
    """DeepGLR's table of rates."""
    factors = [0.5, 0.1, 0.05, 0.01, 0.005]
    chosen = schedule("step", at=[2, 5, 20, 50, 150], factors=factors, unit="epochs", warmup=0)
    epochs = [0, 1.9, 2, 19, 20, 149, 150, 199]
    found = [chosen.share_of_peak(at(0.5, epoch=epoch)) for epoch in epochs]
    assert found == [1, 1, 0.5, 0.1, 0.05, 0.01, 0.005, 0.005]


@pytest.mark.parametrize(
    "settings", [{"at": [0.5, 0.2]}, {"at": [0.1, 0.2], "factors": [0.1]}, {"at": []}]
)
def test_steps_that_do_not_rise_or_lack_a_factor_are_refused(settings):
    with pytest.raises(ValidationError):
        schedule("step", **settings)


def test_a_plateau_lets_the_rate_fall_after_patience_without_a_gain():
    state, chosen = PlateauState(), Plateau(factor=0.5, patience=2, gain=0.1)
    fell = [state.observe(psnr, chosen) for psnr in (20, 20.05, 21, 21.05, 21.09, 21.08, 21.05)]
    assert fell == [False, False, False, False, True, False, True]
    assert state.factor == 0.25


def budgets(processes=1, positions=64_000, **settings):
    recipe = read_recipe({"model": "m", "patch": 40, "batch": 4, **settings})
    return stage_budgets(recipe, positions=positions, processes=processes)


def test_stages_share_a_budget_in_proportion():
    stages = [{"name": "a"}, {"name": "b", "share": 3}]
    assert [each.steps for each in budgets(budget={"steps": 400}, stages=stages)] == [100, 300]
    timed = budgets(budget={"minutes": 2.0}, stages=stages)
    assert [each.seconds for each in timed] == [30, 90]
    assert timed[1].progress(7, 45.0).share == 0.5
    assert timed[1].progress(7, 900.0).share == 1


def test_an_epoch_covers_the_images_once_or_what_the_recipe_says():
    """64,000 pixels are 40 patches of 40 x 40, ten batches of four."""
    (by_images,) = budgets(budget={"epochs": 3})
    assert by_images.steps == 30
    assert by_images.progress(15, 0).epoch == 1.5
    (by_recipe,) = budgets(budget={"epochs": 3, "patches_per_epoch": 80})
    assert by_recipe.steps == 60
    (by_two,) = budgets(budget={"epochs": 3}, processes=2)
    assert by_two.steps == 15
