"""docs/models/dncnn.md: its tables are those of the configs; UPDATE_MODELS=1 writes them."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

import pytest
from imgclean_dncnn import DNCNN, imgclean_recipes
from imgclean_dncnn.options import DnCNNOptions

from imgclean.weightsets.config import read_config

ROOT = Path(__file__).parents[2]
PAGE = "docs/models/dncnn.md"
PATH = ROOT / PAGE
SETS = [
    found
    for folder in sorted((ROOT / "weights").glob("*/config.json"))
    if (found := read_config(folder.parent)).model == DNCNN.name
]
GROUPS = ("known", "blind", "colour", "three tasks")


def group_of(config):
    """Return under which heading a set is measured."""
    if len(config.domain.tasks) > 1:
        return "three tasks"
    if config.channels == 3:
        return "colour"
    return "blind" if config.domain.blind else "known"


def measured(group):
    """Return the table of a group of sets, or that there is none."""
    rows = [row for each in SETS if group_of(each) == group for row in rows_of(each)]
    if not rows:
        return "No embedded set is of this kind.\n"
    heading = ["weights", "set", "degradation", "noisy", "measured", "paper", "difference"]
    heading += ["SSIM", "paper's SSIM"]
    shown = len(heading) - (not any(row[-1] for row in rows))
    return table(heading[:shown], [row[:shown] for row in rows])


def rows_of(config):
    for result in config.results:
        psnr, ssim = result.published_psnr, result.published_ssim
        paper = ("", "") if psnr is None else (f"{psnr:.2f}", f"{result.psnr - psnr:+.2f}")
        yield (
            *(config.name, result.set, result.degradation),
            *(f"{result.input_psnr:.2f}", f"{result.psnr:.2f}", *paper),
            *(f"{result.ssim:.4f}", "" if ssim is None else f"{ssim:.4f}"),
        )


def recipes():
    """Return the recipes and the first sentence of each file's comment."""
    rows = []
    for name, source in sorted(imgclean_recipes().items()):
        comment = re.match(r"(?:#.*\n)+", source.read_text(encoding="utf-8"))[0]
        text = " ".join(line.removeprefix("#").strip() for line in comment.splitlines())
        rows.append((f"`{name}`", re.split(r"(?<=\.) (?=[A-Z])", text)[0].rstrip(".")))
    return table(("recipe", ""), rows)


def table(heading, rows):
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(each)} |\n".replace("|  |", "| |") for each in lines)


def picture(file, caption):
    """Return the picture, if it has been made."""
    return f"![{caption}]({file})\n" if (PATH.parent / file).exists() else ""


PARTS = {"recipes": recipes} | {f"measured: {name}": partial(measured, name) for name in GROUPS}
PARTS |= {
    f"picture: {file}, {caption}": partial(picture, file, caption)
    for file, caption in re.findall(r"^<!-- picture: (\S+), (.+) -->$", PATH.read_text(), re.M)
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_the_page_is_what_it_is_made_of(name):
    text = PATH.read_text(encoding="utf-8")
    pattern = re.compile(
        rf"(?P<begin><!-- {re.escape(name)} -->\n)(?P<part>.*?)(?P<end><!-- end -->)", re.S
    )
    found = pattern.search(text)
    assert found, f"the page has no part {name!r}"
    part = PARTS[name]()
    part = f"\n{part}\n" if part else ""
    if os.environ.get("UPDATE_MODELS"):
        new = pattern.sub(lambda match: match["begin"] + part + match["end"], text)
        PATH.write_text(new, encoding="utf-8")
    else:
        assert found["part"] == part, "UPDATE_MODELS=1 pytest tests/docs/test_model_pages.py"


def test_every_set_of_the_model_stands_under_a_heading():
    assert {group_of(each) for each in SETS} <= set(GROUPS)
    assert SETS


def test_the_options_and_their_defaults_are_those_of_the_code(page):
    rows = page(PAGE).section("Options").rows()
    shown = {name.strip("`"): default.strip("`") for name, default, _ in rows}
    fields = DnCNNOptions.model_fields
    defaults = {name: str(each.default) for name, each in fields.items()}
    assert {name: each.capitalize() for name, each in shown.items()} == {
        name: each.capitalize() for name, each in defaults.items()
    }
