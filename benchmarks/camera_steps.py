"""Shows what a camera does to a picture, step by step, and what becomes of its noise.

    python benchmarks/camera_steps.py docs/photographs-camera.png \
        --plot docs/photographs-camera-noise.svg

A crop of scikit-image's `astronaut` (NASA, public domain), enlarged so that single pixels show:
the scene, the light on the sensor, what the sensor sees, after white balance, and what each step
makes of it. Light is shown through sRGB's curve, or hardly any of it would be seen. `--plot`
draws the noise of flat gray scenes, its variance against the light and its correlation over
distance, and needs matplotlib: `pip install matplotlib`.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from skimage.data import astronaut

from imgclean.degradation.camera.demosaicing import DIRECTED, demosaic
from imgclean.degradation.camera.development import (
    Development,
    draw_development,
    from_balanced,
    srgb_from_linear,
    to_raw,
)
from imgclean.degradation.camera.finishing import sharpen, smooth
from imgclean.degradation.camera.jpeg_transform import jpeg_losses
from imgclean.degradation.camera.mosaic import mosaic, white_balance
from imgclean.degradation.camera.rows import Draw
from imgclean.degradation.camera.sensor import SensorNoise, add_sensor_noise
from imgclean.training.pictures import GAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

ISO = 3200
QUALITY = 80
COLUMNS, TITLE = 4, 22
FLAT = 256  # side of a flat scene


def main() -> None:
    """Take a photograph of the picture, write its steps, and draw its noise."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="PNG to write")
    parser.add_argument("--crop", default="187,86", metavar="LEFT,TOP")
    parser.add_argument("--side", type=int, default=40, help="of the crop in pixels")
    parser.add_argument("--enlarge", type=int, default=6)
    parser.add_argument("--plot", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    left, top = map(int, arguments.crop.split(","))
    cut = np.s_[top : top + arguments.side, left : left + arguments.side]
    scene = torch.from_numpy(astronaut()).permute(2, 0, 1)[None].float() / 255
    steps = photographed(scene, sensor_noise(ISO))
    panels = [(name, _levels(image)[cut]) for name, image in steps.items()]
    side_by_side(panels, arguments.enlarge).save(arguments.out, optimize=True)
    if arguments.plot:
        draw(arguments.plot)


def sensor_noise(iso: float) -> SensorNoise:
    """Return the noise of a sensitivity, with the read noise that is most likely."""
    shot = 1e-6 * iso
    read = math.exp(2.18 * math.log(shot) + 1.2)
    return SensorNoise(torch.tensor([shot]), torch.tensor([read]))


def development() -> Development:
    """Return one as cameras have it, with the tone curve."""
    drawn = draw_development(Draw(1, torch.Generator().manual_seed(1)))
    return Development(drawn.gains, drawn.matrix, torch.ones(1, dtype=torch.bool))


def photographed(scene: torch.Tensor, noise: SensorNoise) -> dict[str, torch.Tensor]:
    """Return what each step makes of float32[1, 3, H, W], as float32[1, 3, H, W]."""
    developed_by = development()
    light = to_raw(scene, developed_by)
    seen = mosaic(light)
    generator = torch.Generator().manual_seed(0)
    noisy = add_sensor_noise(seen, noise, generator).clamp_(max=1)
    colours, images = [], []
    for raw in (seen, noisy):
        balanced = white_balance(raw, developed_by.gains).clamp_(max=1)
        colours.append(demosaic(balanced, torch.tensor([DIRECTED])))
        images.append(from_balanced(colours[-1], developed_by))
    level = 1.5 * torch.sqrt(0.2 * noise.shot + noise.read)
    finished, clean = (
        sharpen(smooth(image, torch.tensor([2.0]), level, guide=images[1]), torch.tensor([0.5]))
        for image in reversed(images)
    )
    delivered = jpeg_losses(finished, torch.tensor([float(QUALITY)]), torch.tensor([True]))
    return {
        "scene": scene,
        "light on the sensor": _shown(light),
        f"mosaic, ISO {ISO}": _shown(_in_filter_colours(white_balance(noisy, developed_by.gains))),
        "demosaiced": _shown(colours[1]),
        "developed": images[1],
        "smoothed, sharpened": finished,
        f"JPEG {QUALITY}, delivered": delivered,
        "clean, to be learnt": clean,
    }


def side_by_side(panels: list[tuple[str, NDArray[np.uint8]]], enlarge: int) -> Image.Image:
    """Return the panels in rows, enlarged without smoothing, each below its name."""
    side = len(panels[0][1]) * enlarge
    down, across = side + TITLE + GAP, side + GAP
    rows = -(-len(panels) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * across - GAP, rows * down - GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for number, (name, pixels) in enumerate(panels):
        row, column = divmod(number, COLUMNS)
        pen.text((column * across, row * down + 1), f"{number + 1}  {name}", "black", font)
        large = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)
        sheet.paste(large, (column * across, row * down + TITLE))
    return sheet


def draw(path: Path) -> None:
    """Draw variance against light, and correlation over distance before and after demosaicing."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.use("Agg")
    figure = Figure((8, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    for iso, colour in ((800, "tab:blue"), (1600, "tab:orange"), (3200, "tab:red")):
        noise = sensor_noise(iso)
        light = torch.linspace(0, 0.9, 13)
        flat = light.view(-1, 1, 1, 1).expand(-1, 1, FLAT, FLAT)
        of_all = SensorNoise(noise.shot.expand(13), noise.read.expand(13))
        noisy = add_sensor_noise(flat, of_all, torch.Generator().manual_seed(0))
        left.plot(light, (noisy - flat).var((1, 2, 3)), "o", color=colour, label=f"ISO {iso}")
        left.plot(light, noise.shot * light + noise.read, color=colour, linewidth=1)
    left.set(xlabel="light in raw, white is 1", ylabel="variance", ylim=0)
    left.legend()
    scene = torch.full((1, 3, FLAT, FLAT), 0.5)
    noisy, still = (
        photographed(scene, noise)
        for noise in (sensor_noise(ISO), SensorNoise(torch.zeros(1), torch.zeros(1)))
    )
    raw = add_sensor_noise(torch.full((1, 1, FLAT, FLAT), 0.2), sensor_noise(ISO), _generator())
    lines = {"raw": raw, "demosaiced, developed": noisy["developed"] - still["developed"]}
    delivered = next(name for name in noisy if name.startswith("JPEG"))
    lines["delivered"] = noisy[delivered] - still[delivered]
    for (name, image), style in zip(lines.items(), ("s:", "o-", "^--"), strict=True):
        right.plot(range(9), list(correlations(image, range(9))), style, label=name)
    right.set(xlabel="distance in pixels of a row", ylabel="correlation of noise")
    right.legend()
    with mpl.rc_context({"svg.hashsalt": "imgclean", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def correlations(noise: torch.Tensor, distances: Iterable[int]) -> Iterable[float]:
    """Return how pixels of a row at distances go together, the mean over channels."""
    noise = noise - noise.mean((2, 3), keepdim=True)
    for distance in distances:
        products = noise[..., : FLAT - distance] * noise[..., distance:]
        yield (products.mean((2, 3)) / noise.square().mean((2, 3))).mean().item()


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _in_filter_colours(raw: torch.Tensor) -> torch.Tensor:
    """Return each pixel in the colour of its filter."""
    filters = torch.eye(3).view(3, 3, 1, 1).expand(-1, -1, *raw.shape[2:])
    return raw * mosaic(filters).transpose(0, 1)


def _shown(light: torch.Tensor) -> torch.Tensor:
    return srgb_from_linear(light.clamp(0, 1))


def _levels(image: torch.Tensor) -> NDArray[np.uint8]:
    levels = np.rint(image[0].permute(1, 2, 0).clamp(0, 1).numpy() * 255)
    return levels.astype(np.uint8)


if __name__ == "__main__":
    main()
