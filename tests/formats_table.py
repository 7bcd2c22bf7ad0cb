"""Measures what becomes of each format's files, for the tables of docs/formats.md."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from formats_material import DTYPES, SAID, Trial, converted, in_kind
from specimens import exif_values

from imgclean.images.formats import FORMATS, WRITTEN
from imgclean.images.page_choice import parse_page_choice
from imgclean.images.read import decode_image, read_image
from imgclean.inference.image_rules import ImageRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from imgclean.images.picture import Picture

NONE, REFUSED = "-", "refused"
SPACES = {"gray": "gray", "rgb": "RGB", "cmyk": "CMYK"}
PIXELS = ("bits", "gray", "RGB", "CMYK", "alpha", "lossless", "several images")
FIRST = ImageRules(provenance=False, pages=parse_page_choice("first", "--pages"))
_FIELDS = dict(zip(SAID, ("icc", "exif", "xmp", "iptc", "resolution"), strict=True))
_ORIENTATION = (0, 274)  # HEIF says it by turning the pixels
_CLOSE = 0.001


class Result(NamedTuple):
    """What became of a trial's file.

    Attributes:
        trial: the file that was cleaned.
        pages: how many images the clean one has; 0 if it was refused.
        first: whether `--pages first` takes it.
        before, after: what was read from both; None where the file was refused.
    """

    trial: Trial
    pages: int
    first: bool
    before: Picture | None
    after: Picture | None


def tables(clean: Callable[..., list[Any]], folder: Path) -> dict[str, str]:
    """Return the tables of the page in Markdown, by their names.

    Args:
        clean: the fixture `clean_unchanged`.
        folder: an empty one.
    """
    kept = _measured(clean, folder / "kept", list(in_kind()), None)
    changed = [
        result
        for name, trials in groupby(converted(), key=lambda trial: trial.row)
        for result in _measured(clean, folder / name, list(trials), name)
    ]
    return {
        "pixels": _table(kept, PIXELS, [each.name for each in FORMATS]),
        "metadata": _table(kept, SAID, [each.name for each in FORMATS]),
        "pixels converted": _table(changed, PIXELS, [e.name for e in WRITTEN if e.name != "tiff"]),
        "metadata converted": _table(changed, SAID, [e.name for e in WRITTEN if e.name != "tiff"]),
    }


def _measured(
    clean: Callable[..., list[Any]], folder: Path, trials: Sequence[Trial], target: str | None
) -> list[Result]:
    """Return what became of each file, in kind or in the format `target`."""
    noisy, whole, first = folder / "noisy", folder / "clean", folder / "first"
    for each in (noisy, whole, first):
        each.mkdir(parents=True)
    for number, trial in enumerate(trials):
        (noisy / f"{number:03}.x").write_bytes(trial.data)
    events = clean(noisy, output=whole, format=target)
    pages = {event.input: event.pages for event in events if event.event == "done"}
    events = clean(noisy, output=first, format=target, images=FIRST)
    firsts = {event.input for event in events if event.event == "done"}
    results = []
    for number, trial in enumerate(trials):
        name = str(noisy / f"{number:03}.x")
        count = pages.get(name, 0)
        before = after = None
        if count == 1:
            before = decode_image(trial.data, name)
            after = read_image(next(whole.glob(f"{number:03}.*")))
        results.append(Result(trial, count, name in firsts, before, after))
    return results


def _table(results: Iterable[Result], columns: Sequence[str], rows: Sequence[str]) -> str:
    titles = {each.name: each.title for each in FORMATS}
    found = list(results)
    lines = [("format", *columns), ("---",) * (len(columns) + 1)]
    for row in rows:
        own = [each for each in found if each.trial.row == row]
        lines.append((titles[row], *(_cell(own, column) for column in columns)))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(results: Sequence[Result], column: str) -> str:
    if column == "alpha":
        return _alpha([each for each in results if each.trial.label.endswith("-alpha")])
    spaces = {title: space for space, title in SPACES.items()}
    own = [each for each in results if each.trial.column == spaces.get(column, column)]
    if column in spaces:
        own = [each for each in own if not each.trial.label.endswith("-alpha")]
    if not own:
        return "one" if column == "several images" else NONE
    if column in spaces:
        return _space(own, column)
    cells = {"bits": _bits, "lossless": _lossless, "several images": _several}
    return cells[column](own) if column in cells else _said(own, column)


def _bits(results: Sequence[Result]) -> str:
    """Return which depths are kept, which become another and which are refused."""
    order = {"half": 101, "single": 102, "double": 103}
    outcomes: dict[str, list[str]] = {}
    for each in sorted(results, key=lambda r: order.get(r.trial.label, _number(r.trial.label))):
        depth = REFUSED if each.after is None else _depth(each.after)
        kept = "" if depth == each.trial.label else depth
        outcomes.setdefault(kept, []).append(each.trial.label)
    parts = []
    for outcome, labels in sorted(outcomes.items(), key=lambda item: (item[0] == REFUSED, item[0])):
        text = ", ".join(dict.fromkeys(labels))
        parts.append(
            text if not outcome else f"{text} {outcome if outcome == REFUSED else '→ ' + outcome}"
        )
    return "; ".join(parts)


def _number(label: str) -> int:
    return int(label) if label.isdecimal() else 200


def _depth(picture: Picture) -> str:
    if picture.dtype.kind == "f":
        return {dtype: label for label, dtype in DTYPES.items()}[picture.dtype.name]
    return str((picture.highest or np.iinfo(picture.dtype).max).bit_length())


def _space(results: Sequence[Result], column: str) -> str:
    after = {SPACES[each.after.space] if each.after else REFUSED for each in results}
    (outcome,) = after
    return "yes" if outcome == column else outcome if outcome == REFUSED else f"→ {outcome}"


def _alpha(results: Sequence[Result]) -> str:
    """Return beside which colours alpha is kept, pixels under it included."""
    kept, changed = [], []
    for each in results:
        if each.before is None or each.after is None or not each.after.alpha:
            continue
        space = SPACES[each.before.space]
        if each.after.space != each.before.space:
            changed.append(f"{space} → {SPACES[each.after.space]}")
        else:
            kept.append(space)
    if not kept and not changed:
        return REFUSED if results else NONE
    return ", ".join(dict.fromkeys(kept + changed))


def _lossless(results: Sequence[Result]) -> str:
    """Return whether pixels come back equal; "as the file" where files of both kinds stay so."""
    exact = {each.trial.label: _same_pixels(each) for each in results}
    if set(exact) == {"yes", "no"}:
        assert exact["yes"], f"{results[0].trial.row} loses something"
        return "as the file" if not exact["no"] else "yes"
    (only,) = exact.values()
    return "yes" if only else "no"


def _same_pixels(result: Result) -> bool:
    assert result.before is not None, result.trial
    assert result.after is not None, result.trial
    return np.array_equal(result.before.samples, result.after.samples)


def _several(results: Sequence[Result]) -> str:
    (only,) = results
    if only.pages == 1:
        return "the first"
    return "all" if only.pages else ("first, if asked for" if only.first else REFUSED)


def _said(results: Sequence[Result], column: str) -> str:
    outcomes = {each.trial.label: _kept(each, column) for each in results}
    if column == "ICC" and outcomes.get("wide") == REFUSED:
        return "sRGB, else refused"
    return outcomes[""]


def _kept(result: Result, column: str) -> str:
    if result.before is None or result.after is None:
        return REFUSED
    field = _FIELDS[column]
    before = getattr(result.before.metadata, field)
    after = getattr(result.after.metadata, field)
    if not before or not after:
        return "lost" if before and result.trial.row == result.before.format else NONE
    if column == "EXIF + GPS":
        wanted = exif_values(before).items() - {(_ORIENTATION, "6")}
        return "yes" if wanted <= exif_values(after).items() else "partly"
    if column == "resolution":
        ratio = after.per("inch")[0] / before.per("inch")[0]
        return "yes" if abs(ratio - 1) < _CLOSE else "rounded"
    return "yes" if before == after else "changed"
