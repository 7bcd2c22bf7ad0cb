"""Shows what cleaning the samples gained: PSNR against the clean originals.

python docs/samples/compare.py CLEANED_FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from imgclean.evaluation.metrics import psnr
from imgclean.images.pixels import sample_range, to_unit
from imgclean.images.read import read_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE = Path(__file__).parent


def main(cleaned: Path) -> None:
    """Print a table with a row for each sample."""
    table = Table("image", "kind", title="PSNR against the clean original (dB)")
    for heading in ("noisy", "cleaned", "gain"):
        table.add_column(heading, justify="right")
    for original in sorted(path for path in (HERE / "clean").rglob("*") if path.is_file()):
        name = original.relative_to(HERE / "clean")
        clean = levels(original)
        before, after = (
            psnr(clean, levels(HERE / "noisy" / name)),
            psnr(clean, levels(cleaned / name)),
        )
        picture = read_image(original)
        kind = f"{picture.dtype} {'colour' if picture.channels == 3 else 'gray'} {picture.format}"
        table.add_row(
            name.as_posix(), kind, f"{before:.2f}", f"{after:.2f}", f"{after - before:+.2f}"
        )
    Console().print(table)


def levels(path: Path) -> NDArray[Any]:
    """Return the image's colour samples in grey levels, 0 to 255, as floats."""
    colour = read_image(path).colour
    return to_unit(colour, sample_range(colour, name=str(path))) * 255


if __name__ == "__main__":
    main(Path(sys.argv[1]))
