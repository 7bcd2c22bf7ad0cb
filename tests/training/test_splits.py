"""The law of splits, and how a recipe asks for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgclean.errors import InvalidSetting
from imgclean.training.fold_trials import trial_folder, trial_recipes
from imgclean.training.recipe import read_recipe
from imgclean.training.splits import Fold, split

SEEDS = st.integers(0, 2**70)


@given(st.data(), st.integers(2, 60), SEEDS, st.integers(1, 9))
def test_folds_are_disjoint_complete_and_of_nearly_one_size(data, images, seed, repeat):
    folds = data.draw(st.integers(2, images))
    parts = split(images, folds, seed=seed, repeat=repeat)
    assert sorted(index for part in parts for index in part) == list(range(images))
    sizes = [len(part) for part in parts]
    assert len(parts) == folds
    assert max(sizes) - min(sizes) <= 1
    assert all(list(part) == sorted(part) for part in parts)
    assert parts == split(images, folds, seed=seed, repeat=repeat)
    for number, part in enumerate(parts, start=1):
        assert Fold(count=folds, seed=seed, repeat=repeat, number=number).test(images) == part


@given(SEEDS)
def test_another_repeat_and_another_seed_split_otherwise(seed):
    """Forty images in halves: that two splits are equal by chance does not happen."""
    splits = {split(40, 2, seed=seed, repeat=repeat) for repeat in range(1, 6)}
    splits.add(split(40, 2, seed=seed + 1, repeat=1))
    assert len(splits) == 6


def test_a_split_is_the_same_in_every_version():
    assert split(10, 2, seed=0, repeat=1) == ((0, 1, 3, 5, 7), (2, 4, 6, 8, 9))
    assert split(5, 3, seed=7, repeat=2) == ((3, 4), (0, 1), (2,))


def test_more_folds_than_images_are_refused():
    assert split(4, 4, seed=0, repeat=1)
    with pytest.raises(InvalidSetting, match="4 images cannot be split into 5 folds") as error:
        split(4, 5, seed=0, repeat=1)
    assert "--folds" in error.value.hint


def test_the_trials_of_a_recipe_are_those_of_every_split():
    recipe = read_recipe({"model": "m", "seed": 3, "folds": {"count": 2, "repeats": 2}})
    assert recipe.folds.asked
    assert recipe.fold is None
    trials = trial_recipes(recipe)
    assert [trial_folder(each) for each in trials] == [
        f"repeat-{repeat}/fold-{number}" for repeat in (1, 2) for number in (1, 2)
    ]
    assert trials[2].fold == Fold(count=2, seed=3, repeat=2, number=1)
    assert not trials[2].folds.asked
    assert read_recipe({"model": "m"}).fold is None


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ({"count": 1}, "greater than or equal to 2"),
        ({"count": 2, "repeats": 0}, "greater than 0"),
        ({"repeats": 2}, "count is missing"),
        ({"count": 2, "repeat": 1}, "repeat and number together"),
        ({"count": 2, "repeat": 1, "number": 3}, "no such trial"),
        ({"count": 2, "repeat": 2, "number": 1}, "no such trial"),
    ],
)
def test_trials_that_cannot_be_are_told_by_the_recipe(folds, message):
    with pytest.raises(InvalidSetting, match=message):
        read_recipe({"model": "m", "folds": folds})
