"""docs/models: the tables are those of configs and recipes; UPDATE_MODELS=1 writes them."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

import imgclean_deepglr
import imgclean_dncnn
import imgclean_gradnet
import imgclean_mscnn
import imgclean_udncnn
import pytest
from imgclean_deepglr.options import DeepGLROptions
from imgclean_dncnn.options import DnCNNOptions
from imgclean_gradnet.options import GradNetOptions
from imgclean_mscnn.options import MSCNNOptions
from imgclean_udncnn.options import DNResNetOptions, UDnCNNOptions

from imgclean.weightsets.config import read_config

ROOT = Path(__file__).parents[2]
PAGES = {
    "deepglr": (imgclean_deepglr, {"deepglr": DeepGLROptions}),
    "dncnn": (imgclean_dncnn, {"dncnn": DnCNNOptions}),
    "gradnet": (imgclean_gradnet, {"gradnet": GradNetOptions}),
    "mscnn": (imgclean_mscnn, {"mscnn": MSCNNOptions}),
    "udncnn": (imgclean_udncnn, {"dnresnet": DNResNetOptions, "udncnn": UDnCNNOptions}),
}
SETS = [read_config(each.parent) for each in sorted((ROOT / "weights").glob("*/config.json"))]


def path_of(page):
    return ROOT / "docs" / "models" / f"{page}.md"


def sets_of(page):
    """Return the embedded sets of a page's models."""
    return [each for each in SETS if each.model in PAGES[page][1]]


def group_of(config):
    """Return under which heading a set is measured."""
    if len(config.domain.tasks) > 1:
        return "three tasks"
    if config.domain.tasks == {"deblock"}:
        return "deblocking"
    if config.channels == 3:
        return "colour"
    return "blind" if config.domain.blind else "known"


def measured(group, page):
    """Return the table of a group of a page's sets, or that there is none."""
    sets = [each for each in sets_of(page) if group_of(each) == group]
    rows = [row for each in sets for row in rows_of(each)]
    if not rows:
        return "No embedded set is of this kind.\n"
    heading = ["weights", "set", "degradation", "noisy", "measured", "paper", "difference"]
    heading += ["SSIM", "paper's SSIM"]
    shown = [index for index in range(len(heading)) if any(row[index] for row in rows)]
    return table([heading[each] for each in shown], [[row[each] for each in shown] for row in rows])


def rows_of(config):
    for result in config.results:
        psnr, ssim = result.published_psnr, result.published_ssim
        paper = ("", "") if psnr is None else (f"{psnr:.2f}", f"{result.psnr - psnr:+.2f}")
        yield (
            *(config.name, result.set, result.degradation),
            *(f"{result.input_psnr:.2f}", f"{result.psnr:.2f}", *paper),
            *(f"{result.ssim:.4f}", "" if ssim is None else f"{ssim:.4f}"),
        )


def recipes(page):
    """Return the recipes and the first sentence of each file's comment."""
    rows = []
    for name, source in sorted(PAGES[page][0].imgclean_recipes().items()):
        comment = re.match(r"(?:#.*\n)+", source.read_text(encoding="utf-8"))[0]
        text = " ".join(line.removeprefix("#").strip() for line in comment.splitlines())
        rows.append((f"`{name}`", re.split(r"(?<=\.) (?=[A-Z])", text)[0].rstrip(".")))
    return table(("recipe", ""), rows)


def table(heading, rows):
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(each)} |\n".replace("|  |", "| |") for each in lines)


def picture(file, caption, page):
    """Return the picture, if it has been made."""
    return f"![{caption}]({file})\n" if (path_of(page).parent / file).exists() else ""


def parts_of(page):
    """Yield the parts of a page that are made: the name of each, and what makes it."""
    for title in re.findall(r"^<!-- (?!end)(.+) -->$", path_of(page).read_text(), re.M):
        kind, _, rest = title.partition(": ")
        if kind == "recipes":
            yield title, recipes
        elif kind == "measured":
            yield title, partial(measured, rest)
        elif kind == "picture":
            yield title, partial(picture, *rest.split(", ", 1))
        else:
            raise AssertionError(f"nothing makes {title!r}")


PARTS = [(page, name, make) for page in PAGES for name, make in parts_of(page)]


@pytest.mark.parametrize(
    ("title", "name", "make"), PARTS, ids=[f"{page}: {name}" for page, name, _ in PARTS]
)
def test_a_part_of_a_page_is_what_it_is_made_of(title, name, make):
    path = path_of(title)
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(
        rf"(?P<begin><!-- {re.escape(name)} -->\n)(?P<part>.*?)(?P<end><!-- end -->)", re.S
    )
    found = pattern.search(text)
    assert found, f"part {name!r} has no end"
    part = make(title)
    part = f"\n{part}\n" if part else ""
    if os.environ.get("UPDATE_MODELS"):
        new = pattern.sub(lambda match: match["begin"] + part + match["end"], text)
        path.write_text(new, encoding="utf-8")
    else:
        assert found["part"] == part, "UPDATE_MODELS=1 pytest tests/docs/test_model_pages.py"


@pytest.mark.parametrize("name", PAGES)
def test_every_set_of_a_page_stands_under_a_heading_of_it(name):
    groups = {group_of(each) for each in sets_of(name)}
    assert {each.model for each in sets_of(name)} == PAGES[name][1].keys()
    shown = {part for page, part, _ in PARTS if page == name}
    assert {f"measured: {each}" for each in groups} <= shown
    assert "recipes" in shown


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name, (_, models) in PAGES.items() for model in models]
)
def test_the_options_and_their_defaults_are_those_of_the_code(name, model, page):
    options = PAGES[name][1]
    heading = "Options" if len(options) == 1 else f"Options of {model}"
    rows = page(f"docs/models/{name}.md").section(heading).rows()
    shown = {name.strip("`"): default.strip("`") for name, default, _ in rows}
    defaults = {field: str(each.default) for field, each in options[model].model_fields.items()}
    assert {name: each.capitalize() for name, each in shown.items()} == {
        name: each.capitalize() for name, each in defaults.items()
    }
