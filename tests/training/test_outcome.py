"""What a weight set says of how it came to be."""

from imgclean.training.outcome import _without_folders
from imgclean.training.recipe import read_recipe


def test_a_stages_loss_is_told_with_its_defaults_so_that_the_discriminator_has_a_name():
    stages = [{"name": "a"}, {"name": "b", "loss": [{"kind": "mse"}, {"kind": "adversarial"}]}]
    told = _without_folders(read_recipe({"model": "m", "stages": stages}))
    assert "loss" not in told["stages"][0]
    mse, adversarial = told["stages"][1]["loss"]
    assert (mse["kind"], mse["reduction"]) == ("mse", "mean")
    assert (adversarial["discriminator"], adversarial["updates"]) == ("patch", 2)


def test_paths_of_this_machine_are_not_told():
    stages = [{"name": "a", "init": "/home/me/runs/first"}]
    data = {"clean": ["/home/me/photos"]}
    told = _without_folders(read_recipe({"model": "m", "data": data, "stages": stages}))
    assert "/home" not in str(told)
