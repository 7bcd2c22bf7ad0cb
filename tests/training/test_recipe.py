import pytest

from imgclean.errors import InvalidSetting
from imgclean.training.recipe import Budget, read_recipe


def test_every_mistake_is_listed_with_its_path():
    with pytest.raises(InvalidSetting) as caught:
        read_recipe(
            {
                "model": "dncnn",
                "data": ["x"],
                "patsh": 40,
                "noise": "gausian:25",
                "optimiser": {"lr": "fast"},
            }
        )
    message = str(caught.value)
    assert "patsh" in message
    assert "noise" in message
    assert "optimiser.lr" in message


def test_a_budget_is_steps_or_minutes_and_not_both():
    assert Budget(steps=10).share(5, 99.0) == 0.5
    assert Budget(minutes=2.0).share(5, 90.0) == 0.75
    assert Budget(minutes=2.0).share(5, 900.0) == 1
    for both_or_none in ({}, {"steps": 1, "minutes": 1.0}):
        with pytest.raises(ValueError, match="either steps or minutes"):
            Budget(**both_or_none)
