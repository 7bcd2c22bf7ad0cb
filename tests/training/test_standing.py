"""Which weights of a stage are the best, and when it counts as spoilt."""

import pytest
import torch

from imgclean.training.inspection import Figures
from imgclean.training.standing import Standing


def observed(keep, measured):
    """Return the standing after measurements, each PSNR and blur; weights are the step's number."""
    standing = Standing()
    for step, (psnr, blur) in enumerate(measured):
        figures = Figures({"gaussian:25": psnr}, 2, blur)
        standing.observe(step, figures, {"w": torch.tensor(float(step))}, keep)
    return standing


@pytest.mark.parametrize(
    ("keep", "best"),
    [("last", None), ("psnr", 2), ("blur", 3)],
)
def test_the_best_is_what_the_recipe_asks_for(keep, best):
    measured = [(28.0, 0.3), (27.9, 0.2), (28.4, 0.25), (27.5, -0.1), (27.2, 0.4)]
    found = observed(keep, measured).best
    assert (found and found.step) == best
    assert best is None or found.weights["w"] == best


def test_where_all_is_worse_the_beginning_stays_the_best():
    assert observed("psnr", [(28.0, None), (27.0, None)]).best.step == 0


def test_images_as_blurred_as_the_clean_ones_do_not_make_up_for_a_decibel():
    assert observed("blur", [(28.0, 0.3), (26.9, 0.0), (27.5, 0.1)]).best.step == 2


@pytest.mark.parametrize(("psnr", "fallen"), [(27.1, False), (27.0, True), (20.0, True)])
def test_a_fall_is_counted_from_where_the_stage_began(psnr, fallen):
    assert observed("last", [(28.0, None), (30.0, None), (psnr, None)]).fallen == fallen


def test_what_is_no_number_is_never_the_best():
    assert observed("psnr", [(float("nan"), None), (27.0, None)]).best.step == 1


def test_a_stage_that_began_from_nothing_has_not_fallen():
    standing = Standing()
    for step, psnr in ((5, 28.0), (10, 20.0)):
        standing.observe(step, Figures({"gaussian:25": psnr}, 2), {}, "psnr")
    assert not standing.fallen
    assert standing.best.step == 5


def test_the_best_weights_do_not_change_when_training_goes_on():
    weights = {"w": torch.zeros(2)}
    standing = Standing()
    standing.observe(1, Figures({"gaussian:25": 28.0}, 2), weights, "psnr")
    weights["w"] += 1
    assert torch.equal(standing.best.weights["w"], torch.zeros(2))


@pytest.mark.parametrize("keep", ["last", "psnr"])
def test_it_goes_through_a_checkpoint(tmp_path, keep):
    standing = observed(keep, [(28.0, None), (29.0, None), (26.0, None)])
    torch.save(standing.state(), tmp_path / "state.pt")
    restored = Standing.restored(torch.load(tmp_path / "state.pt", weights_only=True))
    assert restored == standing


def test_several_levels_count_by_their_mean_and_have_a_column_each():
    figures = Figures({"gaussian:10": 34.0, "gaussian:25": 28.0}, 7, 0.05)
    assert figures.psnr == 31.0
    assert figures.columns() == {
        "validation_psnr": 31.0,
        "validation_psnr_gaussian:10": 34.0,
        "validation_psnr_gaussian:25": 28.0,
        "validation_blur": 0.05,
    }
    assert [(each.degradation, each.images) for each in figures.events("a", 3)] == [
        ("gaussian:10", 7),
        ("gaussian:25", 7),
    ]
    assert Figures({"gaussian:25": 28.0}, 7).columns() == {"validation_psnr": 28.0}
