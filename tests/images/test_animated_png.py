"""An animated PNG is refused, or its image for programs without animations is taken."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from imgclean.errors import UnsupportedImage
from imgclean.images.limits import ReadRules
from imgclean.images.png.chunks import read_chunks
from imgclean.images.read import decode_image
from imgclean.images.write import encode_image

SAMPLES = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)


def animation(*, default_image: bool) -> bytes:
    frames = [Image.fromarray(each) for each in (SAMPLES, SAMPLES[::-1], SAMPLES[:, ::-1])]
    stream = BytesIO()
    frames[0].save(
        stream, "png", save_all=True, append_images=frames[1:], default_image=default_image
    )
    return stream.getvalue()


@pytest.mark.parametrize("default_image", [False, True])
def test_the_default_image_is_taken_where_one_image_is_asked_for(default_image: bool) -> None:
    data = animation(default_image=default_image)
    with pytest.raises(UnsupportedImage, match="animated PNG") as caught:
        decode_image(data, "moving.png")
    assert "--pages first" in caught.value.hint
    picture = decode_image(data, "moving.png", ReadRules(first_page=True))
    np.testing.assert_array_equal(picture.samples, SAMPLES, strict=True)
    written = encode_image(picture, "png")
    assert not {chunk.kind for chunk in read_chunks(written)} & {b"acTL", b"fcTL", b"fdAT"}
    np.testing.assert_array_equal(decode_image(written, "still.png").samples, SAMPLES)
