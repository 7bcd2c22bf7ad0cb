import tomllib

import pytest

from imgclean.errors import InvalidSetting
from imgclean.training.batch_size import with_batches
from imgclean.training.recipe import read_recipe
from imgclean.training.recipe_tables import Budget
from imgclean.training.run_folder import recipe_text

STAGED = {
    "model": "mine",
    "patch": 32,
    "options": {"width": 8},
    "loss": [{"kind": "l1"}, {"kind": "gradient", "weight": 0.1}],
    "stages": [
        {"name": "first", "options": {"depth": 3}},
        {"name": "second", "share": 3, "patch": 64, "optimiser": {"lr": 1e-4}, "freeze": ["a.*"]},
        {"name": "third", "schedule": {"kind": "step", "at": [0.5]}, "loss": [{"kind": "mse"}]},
    ],
}


def mistakes_in(settings):
    with pytest.raises(InvalidSetting) as caught:
        read_recipe(settings)
    return str(caught.value)


def test_every_mistake_is_listed_with_its_path():
    message = mistakes_in(
        {
            "model": "dncnn",
            "patsh": 40,
            "noise": "gausian:25",
            "optimiser": {"lr": "fast"},
            "loss": [{"kind": "l3"}],
            "schedule": {"kind": "step", "at": [0.5, 0.2]},
        }
    )
    for path in ("patsh", "noise", "optimiser.lr", "loss.0", "schedule.step"):
        assert f"{path}:" in message


@pytest.mark.parametrize("init", [None, "fresh"])
def test_a_part_to_begin_needs_a_set_to_begin_from(init):
    stages = [{"name": "main", "into": "naive"} | ({"init": init} if init else {})]
    assert "init names none" in mistakes_in({"model": "dncnn", "stages": stages})


def test_mistakes_in_stages_are_listed_with_the_stage():
    stages = [
        {"name": "one", "patch": "big"},
        {"name": "two", "optimiser": {"rate": 1.0}},
        {"name": "three", "seed": 3},
        {"patch": 20},
    ]
    message = mistakes_in({"model": "dncnn", "stages": stages})
    assert "stages.0.patch: " in message
    assert "stages.1.optimiser.rate: " in message
    assert "a stage cannot change seed" in message
    assert "stages.3.name: " in message


def test_a_mistake_of_the_recipe_is_not_repeated_for_each_stage():
    message = mistakes_in({"patch": "big", "model": "a", "stages": [{"name": "a"}, {"name": "b"}]})
    assert message.count("patch") == 1


def test_a_stage_changes_tables_key_by_key_and_a_table_of_another_kind_as_a_whole():
    first, second, third = read_recipe(STAGED).runs
    assert (first.options, first.patch) == ({"width": 8, "depth": 3}, 32)
    assert (second.options, second.patch) == ({"width": 8}, 64)
    assert (second.optimiser.lr, second.optimiser.name) == (1e-4, "muon")
    assert third.schedule.kind == "step"
    assert [each.kind for each in third.loss] == ["mse"]
    assert [each.kind for each in second.loss] == ["l1", "gradient"]


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "mine"},
        STAGED,
        {
            "model": "mine",
            "data": {"noisy": "a b/ü", "clean": ["c"], "match": r"s/(\d+)_\"x\"/\1/"},
            "budget": {"epochs": 2.5, "patches_per_epoch": 100},
            "loss": [{"kind": "l1", "weight": {"start": 0, "end": 1}}],
        },
    ],
    ids=["defaults", "stages", "pairs"],
)
def test_a_recipe_reads_back_from_the_toml_that_it_is_shown_as(settings):
    recipe = read_recipe(settings)
    assert read_recipe(tomllib.loads(recipe_text(recipe))) == recipe


def test_a_budget_is_steps_or_epochs_or_minutes():
    for settings in ({}, {"steps": 1, "minutes": 1.0}, {"epochs": 1.0, "steps": 2}):
        with pytest.raises(ValueError, match="either steps, epochs or minutes"):
            Budget(**settings)


def test_pairs_bring_their_noise():
    pairs = {"model": "m", "data": {"noisy": "n", "clean": ["c"]}}
    assert read_recipe(pairs).noise == "pairs"
    assert "pairs bring their own" in mistakes_in(pairs | {"noise": "gaussian:5"})
    assert "data.noisy" in mistakes_in({"model": "m", "noise": "pairs"})
    several = {"model": "m", "data": {"noisy": "n", "clean": ["c", "d"]}}
    assert "exactly one folder" in mistakes_in(several)


def test_a_schedule_without_a_kind_is_a_cosine():
    assert read_recipe({"model": "m", "schedule": {"warmup": 7}}).schedule.kind == "cosine"


@pytest.mark.parametrize(
    ("kind", "minutes", "batch"), [("cpu", 1.0, 8), ("cuda", 1.0, 64), ("cuda", 90.0, 128)]
)
def test_an_open_batch_fits_the_device_and_the_time(kind, minutes, batch):
    torch = pytest.importorskip("torch")
    recipe = read_recipe({"model": "m", "budget": {"minutes": minutes}})
    assert with_batches(recipe, torch.device(kind)).batch == batch
    given = read_recipe({"model": "m", "batch": 3, "stages": [{"name": "a", "batch": "auto"}]})
    resolved = with_batches(given, torch.device("cpu"))
    assert (resolved.batch, resolved.runs[0].batch) == (3, 8)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"budget": {"minutes": float("inf")}}, "budget.minutes"),
        ({"budget": {"epochs": float("inf")}}, "budget.epochs"),
        ({"optimiser": {"lr": float("inf")}}, "optimiser.lr"),
        ({"schedule": {"kind": "step", "at": [float("inf")]}}, "schedule.step.at.0"),
        ({"loss": [{"kind": "charbonnier", "epsilon": float("inf")}]}, "loss.0.charbonnier"),
        ({"stages": [{"name": "a", "share": float("inf")}]}, "stages.0.share"),
    ],
)
def test_a_number_without_end_is_a_mistake(settings, path):
    assert f"{path}" in mistakes_in({"model": "m"} | settings)


def test_a_stage_cannot_change_what_the_whole_run_has():
    message = mistakes_in({"model": "m", "stages": [{"name": "a", "precision": "fp32"}]})
    assert "a stage cannot change precision" in message


def test_what_learns_from_pairs_is_not_measured_on_clean_images():
    settings = {"model": "m", "data": {"noisy": "n", "clean": ["c"]}}
    assert read_recipe(settings | {"validation": {"noisy": "v", "clean": ["w"]}})
    assert "validation.noisy is missing" in mistakes_in(settings | {"validation": {"clean": ["w"]}})


def test_two_adversarial_terms_are_a_mistake():
    term = {"kind": "adversarial"}
    assert "only one term may be adversarial" in mistakes_in({"model": "m", "loss": [term, term]})
