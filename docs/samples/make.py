"""Makes the sample images: public-domain photographs, clean and with noise as files have it.

    python docs/samples/make.py

The photographs come with scikit-image: astronaut (NASA), camera (Lav Varshney, CC0), chelsea
(Stefan van der Walt, CC0), coffee (Rachel Michetti, CC0). The colour images are as a camera takes
them; noise is clipped and rounded to the file's bit depth, as it would store it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

from imgclean.degradation.image import degrade_image
from imgclean.degradation.parsing import parse_degradation

HERE = Path(__file__).parent
WELL_LIT = 4  # a seed by which a camera delivers all light and its sensor's own pixels
Unit = NDArray[np.float64]


def main() -> None:
    """Write `clean/` and `noisy/`, two trees with the same names."""
    random = np.random.default_rng(0)
    astronaut = skimage.data.astronaut()[:400, 40:440]
    save_png("people/astronaut.png", astronaut / 255, photograph(astronaut, 3200))
    camera = skimage.data.camera()[40:440, 40:440] / 255
    save_deep_tiff("camera.tif", camera, sensor(camera, random))
    chelsea = skimage.data.chelsea()[:, 20:420]
    save_png_with_alpha("chelsea.png", chelsea / 255, photograph(chelsea, 6400))
    coffee = skimage.data.coffee()[:, 60:540]
    save_jpeg("kitchen/coffee.jpg", coffee / 255, photograph(coffee, 6400))


def photograph(scene: NDArray[np.uint8], iso: int) -> Unit:
    """Take a photograph at a sensitivity, in good light."""
    return degrade_image(scene, parse_degradation(f"camera:{iso}"), seed=WELL_LIT).noisy


def sensor(unit: Unit, random: np.random.Generator) -> Unit:
    """Add photon noise (200 electrons at white) and read noise of 3 electrons."""
    electrons = random.poisson(unit * 200) + random.normal(0, 3, unit.shape)
    return electrons / 200


def save_png(name: str, clean: Unit, noisy: Unit) -> None:
    """Write 8-bit colour PNG."""
    for path, image in both(name, clean, noisy):
        Image.fromarray(quantised(image, np.uint8)).save(path)


def save_png_with_alpha(name: str, clean: Unit, noisy: Unit) -> None:
    """Write 8-bit PNG whose alpha fades out towards the corners."""
    height, width, _ = clean.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    alpha = np.clip(2.2 - 1.4 * np.hypot(x, y), 0, 1)[..., None]
    for path, image in both(name, clean, noisy):
        Image.fromarray(quantised(np.concatenate([image, alpha], 2), np.uint8)).save(path)


def save_deep_tiff(name: str, clean: Unit, noisy: Unit) -> None:
    """Write 16-bit gray TIFF."""
    for path, image in both(name, clean, noisy):
        tifffile.imwrite(
            path,
            quantised(image, np.uint16),
            compression="zlib",
            predictor=True,
            metadata=None,
            resolution=(300, 300),
            resolutionunit="INCH",
        )


def save_jpeg(name: str, clean: Unit, noisy: Unit) -> None:
    """Write JPEG with EXIF and an ICC profile; the clean one as PNG's pixels would be."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x8298] = "imgclean", "sample camera", "public domain"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:01 12:00:00"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for path, image in both(name, clean, noisy):
        buffer = io.BytesIO()
        Image.fromarray(quantised(image, np.uint8)).save(
            buffer, "JPEG", quality=95, subsampling=0, exif=exif, icc_profile=profile
        )
        path.write_bytes(buffer.getvalue())


def both(name: str, clean: Unit, noisy: Unit) -> list[tuple[Path, Unit]]:
    """Return the paths of the clean and the noisy file, their folders made, with the images."""
    paths = [HERE / "clean" / name, HERE / "noisy" / name]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    return list(zip(paths, (clean, noisy), strict=True))


def quantised(unit: Unit, dtype: type[np.unsignedinteger[Any]]) -> NDArray[Any]:
    """Clip to [0, 1] and round to the integers of `dtype`."""
    return np.rint(unit.clip(0, 1) * np.iinfo(dtype).max).astype(dtype)


if __name__ == "__main__":
    main()
