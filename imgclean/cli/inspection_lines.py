"""What `imgclean inspect` says of an image, as JSON and for people."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from imgclean.cli.console import printable

if TYPE_CHECKING:
    from imgclean.images.noise.estimate import ChannelNoise, NoiseEstimate
    from imgclean.inference.inspection import Inspection

_FACTS = (
    *("format", "width", "height", "pages", "colours", "channels", "alpha", "dtype", "bits"),
    *("metadata", "quality", "quality_exact", "subsampling"),
)
_NOISE = ("level", "nearly_clean", "white", "noise")
_WEIGHTS = ("model", "weights", "domain", "fits", "reason")
_FAILURE = ("error", "message")
_LETTERS = {1: ("",), 3: ("R ", "G ", "B "), 4: ("C ", "M ", "Y ", "K ")}


def inspection_line(path: str, found: Inspection | None) -> dict[str, Any]:
    """Return the JSON line of a file; all fields but its path null where it could not be read."""
    line: dict[str, Any] = {"input": path}
    line |= dict.fromkeys((*_FACTS, *_NOISE, *_WEIGHTS, *_FAILURE))
    if found is None:
        return line
    facts = dataclasses.asdict(found.facts)
    line |= facts | {"pages": found.pages, "metadata": list(found.facts.metadata)}
    if found.noise is not None:
        line |= {
            "level": round(found.noise.level, 3),
            "nearly_clean": found.noise.nearly_clean,
            "white": found.noise.white,
            "noise": [_channel(each) for each in found.noise.channels],
        }
    if found.chosen is not None:
        config = found.chosen.weights.config
        names = {"model": found.chosen.model.info.name, "weights": config.name}
        line |= names | {"domain": config.noise}
    if found.fit is not None:
        line |= {"fits": found.fit.fits, "reason": found.fit.reason}
    return line


def _channel(noise: ChannelNoise | None) -> dict[str, float] | None:
    if noise is None:
        return None
    return {
        "level": round(noise.level, 3),
        "a": float(f"{noise.slope:.4g}"),
        "b": float(f"{noise.intercept:.4g}"),
        "across": round(noise.across, 3),
        "down": round(noise.down, 3),
    }


def inspection_text(path: str, found: Inspection) -> str:
    """Return some lines on a file."""
    rows = [_file(found)]
    if found.facts.metadata:
        rows.append(("metadata", ", ".join(found.facts.metadata)))
    rows += _noise(found.noise)
    weights = "none for it is installed"
    if found.chosen is not None:
        config = found.chosen.weights.config
        weights = f"{config.name}, trained for {config.noise}"
    rows.append(("weights", weights))
    if found.fit is not None:
        word = "fits" if found.fit.fits else "does not fit"
        rows.append(("", f"{word}: {found.fit.reason}"))
    lines = (f"  {name:<10}{text}".rstrip() for name, text in rows)
    return "\n".join([printable(path), *lines])


def _file(found: Inspection) -> tuple[str, str]:
    facts = found.facts
    parts = [
        f"{facts.width} x {facts.height}",
        f"{facts.colours}{' with alpha' * facts.alpha}",
        f"{facts.bits} bits{' float' * facts.dtype.startswith('float')}",
    ]
    if facts.colours == "separate":
        parts.append(f"{facts.channels} channels")
    if found.pages is None:
        parts.append("the first of several images")
    elif found.pages > 1:
        parts.append(f"the first of {found.pages} images")
    if facts.quality is not None:
        about = "" if facts.quality_exact in (True, None) else "about "
        parts.append(f"quality {about}{facts.quality}")
    if facts.subsampling:
        parts.append(facts.subsampling)
    return facts.format, ", ".join(parts)


def _noise(noise: NoiseEstimate | None) -> list[tuple[str, str]]:
    if noise is None:
        return [("noise", "not to be told: too small, or nearly all clipped")]
    letters = _LETTERS.get(len(noise.channels)) or [
        f"{number} " for number in range(1, len(noise.channels) + 1)
    ]
    each_level = (
        f"{letter}{'not to be told' if each is None else f'{each.level:.1f}'}"
        for letter, each in zip(letters, noise.channels, strict=True)
    )
    level = f"{noise.level:.1f} of 255 grey levels"
    if len(letters) > 1:
        level += f" ({', '.join(each_level)})"
    rows = [("noise", level + ", nearly clean" * noise.nearly_clean)]
    lines = ", ".join(
        f"{letter}{each.slope:.2g} x {each.intercept:+.2g}"
        for letter, each in zip(letters, noise.channels, strict=True)
        if each is not None
    )
    rows.append(("variance", f"{lines}, of x in [0, 1]"))
    if noise.nearly_clean:  # of so little no kind is told
        return rows
    across, down = (
        sum(getattr(each, way) for each in noise.known) / len(noise.known)
        for way in ("across", "down")
    )
    kind = "white" if noise.white else "correlated"
    rows.append(("kind", f"{kind}: correlation {across:.2f} across, {down:.2f} down"))
    return rows
