"""From the options of `imgclean train` to the settings of a recipe."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgclean.errors import InvalidSetting

if TYPE_CHECKING:
    from imgclean.training.recipe import Recipe

_MAY_CHANGE_ON_RESUME = {"budget", "validation"}
_NAMES_OF_IMAGES = {"clean", "noisy", "match"}


def images(
    data: list[str] | None,
    pairs: tuple[str, str] | None,
    match: str | None,
    hold_out: list[str] | None,
) -> dict[str, Any] | None:
    """Return what is trained on, its paths in full, so that a resume finds them from anywhere.

    Raises:
        InvalidSetting: there are clean images and pairs.
    """
    if data and pairs:
        raise InvalidSetting(
            "--data and --pairs are both given",
            hint="train on clean images first, and on pairs from there with --init",
        )
    found: dict[str, Any] = {}
    if data:
        found["clean"] = [_absolute(each) for each in data]
    if pairs:
        noisy, clean = pairs
        found |= {"noisy": _absolute(noisy), "clean": [_absolute(clean)]}
    if match is not None:
        found["match"] = match
    if hold_out:
        found["hold_out"] = hold_out
    return found or None


def validation(
    folders: list[str] | None, pairs: tuple[str, str] | None, match: str | None
) -> dict[str, Any] | None:
    """Return what is measured with; beside pairs in one folder, a folder is of pairs too.

    Raises:
        InvalidSetting: the pairs' folders do not tell how a folder holds pairs.
    """
    if not folders:
        return None
    paths = [_absolute(each) for each in folders]
    if pairs is None:
        return {"clean": paths}
    if match is None or len(paths) > 1:
        raise InvalidSetting(
            "--validate beside --pairs takes one folder, whose pairs --match tells apart",
            hint="or keep some of the pairs with --hold-out",
        )
    return {"clean": paths, "noisy": paths[0], "match": match}


def budget(steps: int | None, epochs: float | None, minutes: float | None) -> dict[str, Any] | None:
    """Return how long to train, or None where no option says it."""
    given = {"steps": steps, "epochs": epochs, "minutes": minutes}
    given = {key: value for key, value in given.items() if value is not None}
    return given or None


def trials(folds: int | None, repeats: int | None) -> dict[str, Any] | None:
    """Return by which splits to cross-validate, or None where no option says it."""
    given = {"count": folds, "repeats": repeats}
    return {key: value for key, value in given.items() if value is not None} or None


def with_discriminator(settings: dict[str, Any], name: str) -> dict[str, Any]:
    """Return settings of a recipe with a discriminator in the place of each that it names.

    Raises:
        InvalidSetting: there is no adversarial loss, neither in the recipe nor in a stage.
    """
    changed = _against(settings, name)
    if isinstance(settings.get("stages"), list):
        changed["stages"] = [
            _against(each, name) if isinstance(each, dict) else each for each in settings["stages"]
        ]
    if not any(map(_is_adversarial, _terms(changed))):
        raise InvalidSetting(
            "--discriminator is for a recipe with an adversarial loss, which this one has not",
            hint="see `imgclean models NAME` for the recipes of a model",
        )
    return changed


def _terms(settings: dict[str, Any]) -> list[Any]:
    """Return the terms of a recipe's losses, those of its stages included."""
    stages = settings.get("stages")
    tables = [settings, *(stages if isinstance(stages, list) else [])]
    losses = [each.get("loss") for each in tables if isinstance(each, dict)]
    return [term for loss in losses if isinstance(loss, list) for term in loss]


def _against(table: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a recipe's table or a stage's with another discriminator in its own loss.

    A term that has it already stays as it is written, so that a resumed run knows it again.
    """
    from imgclean.training.losses.terms import AdversarialLoss

    if not isinstance(table.get("loss"), list):
        return dict(table)
    default = AdversarialLoss.model_fields["discriminator"].default
    loss = [
        {**term, "discriminator": name}
        if _is_adversarial(term) and term.get("discriminator", default) != name
        else term
        for term in table["loss"]
    ]
    return {**table, "loss": loss}


def _is_adversarial(term: Any) -> bool:
    return isinstance(term, dict) and term.get("kind") == "adversarial"


def over_recipe(recipe: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe with what the command line gives, tables key by key.

    A budget takes the place of the recipe's, but for what an epoch is; images take the place of
    its images and, where they are pairs, of its noise. Where a number of folds is given, all trials
    take the place of the one that the recipe may name.
    """
    from imgclean.training.stages import with_changes

    merged = with_changes(_without_images(recipe, given), given)
    if "count" in given.get("folds", {}):
        named = {"repeat", "number"} - given["folds"].keys()
        merged["folds"] = {key: merged["folds"][key] for key in merged["folds"].keys() - named}
    old = recipe.get("budget")
    if "budget" in given and isinstance(old, dict) and "patches_per_epoch" in old:
        merged["budget"] = {"patches_per_epoch": old["patches_per_epoch"]} | given["budget"]
    elif "budget" in given:
        merged["budget"] = given["budget"]
    return merged


def _without_images(recipe: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe without the images whose place others take."""
    left = dict(recipe)
    for table in ("data", "validation"):
        old = left.get(table)
        if isinstance(old, dict) and "clean" in given.get(table, {}):
            left[table] = {key: old[key] for key in old.keys() - _NAMES_OF_IMAGES}
    if "noisy" in given.get("data", {}) or left.get("noise") == "pairs":
        left.pop("noise", None)
        if isinstance(left.get("validation"), dict):
            left["validation"] = {k: v for k, v in left["validation"].items() if k != "noise"}
    return left


def resumed(given: dict[str, Any], out: Path) -> Recipe | None:
    """Return the recipe of the run that is resumed, or None if there is none.

    Raises:
        InvalidSetting: the command line asks for other settings than the run has.
    """
    from imgclean.training.recipe import read_recipe
    from imgclean.training.run_folder import stored_recipe
    from imgclean.training.stages import with_changes

    stored = stored_recipe(out)
    if stored is None:
        return None
    before = stored.model_dump(exclude_none=True)
    asked = {key: value for key, value in given.items() if value != "auto"}
    if isinstance(asked.get("stages"), list):
        asked["stages"] = _with_known_batches(asked["stages"], before["stages"])
    changed = sorted(
        key
        for key in asked.keys() - _MAY_CHANGE_ON_RESUME
        if read_recipe(with_changes(before, {key: asked[key]})) != stored
    )
    merged = read_recipe(
        over_recipe(before, {key: asked[key] for key in asked.keys() & _MAY_CHANGE_ON_RESUME})
    )
    if stored.folds.asked and merged.budget != stored.budget:
        changed.append("budget")  # trials with and without it have no mean
    if changed:
        raise InvalidSetting(
            f"--resume goes on with the settings of {out}; {', '.join(changed)} differs",
            hint="leave it out, or start a new run in another --out",
        )
    return merged


def _with_known_batches(asked: list[Any], stored: list[dict[str, Any]]) -> list[Any]:
    """Return stages with the number that the run has in place of a batch of `auto`."""
    known = [each.get("batch") for each in stored]
    return [
        {**stage, "batch": batch}
        if isinstance(stage, dict) and stage.get("batch") == "auto" and batch is not None
        else stage
        for stage, batch in zip_longest(asked, known[: len(asked)])
    ]


def _absolute(path: str) -> str:
    return str(Path(path).resolve())
