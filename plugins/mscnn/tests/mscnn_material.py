"""The paper's recipe for seconds on a CPU."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import tomli_w


def small_paper(path, *, steps, ahead, loss=(), **settings):
    """Write the paper's recipe for seconds on a CPU: its three stages, on little patches.

    Args:
        steps: of each stage.
        ahead: batches that the discriminator is shown alone.
        loss: what else differs in the adversarial term.
        settings: what else differs in the recipe.
    """
    recipe = tomllib.loads((files("imgclean_mscnn") / "recipes/paper.toml").read_text())
    recipe |= {"patch": 32, "batch": 2, "precision": "fp32", "budget": {"steps": 3 * steps}}
    recipe["validation"] |= {"every": 0.2, "images": 2, "crop": 48}
    recipe["stages"][2]["optimiser"]["lr"] = 3e-4
    (term,) = (each for each in recipe["stages"][2]["loss"] if each["kind"] == "adversarial")
    term |= {"steps_before": ahead, "lr": 1e-4, **dict(loss)}
    path.write_text(tomli_w.dumps(recipe | settings))
    return path
