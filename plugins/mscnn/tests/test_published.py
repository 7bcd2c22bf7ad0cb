"""The figures of the paper's table stand beside what is measured on its images."""

import pytest
from imgclean_mscnn import MODEL
from material import config_of

from imgclean.degradation.parsing import parse_degradation
from imgclean.evaluation.published import published_figure


def figure(sigma, title="bsds100-voc200", channels=1):
    config = config_of(
        model="mscnn", noise="gaussian:0-30", channels=channels, options={"channels": channels}
    )
    found = published_figure(
        MODEL,
        config,
        options=config.options,
        title=title,
        degradation=parse_degradation(f"gaussian:{sigma}"),
        channels=channels,
    )
    return found and found.psnr


@pytest.mark.parametrize(
    ("sigma", "psnr"), [(10, 33.41), (15, 31.17), (20, 29.59), (25, 28.49), (50, None)]
)
def test_each_level_of_table_2_has_the_papers_figure(sigma, psnr):
    assert figure(sigma) == psnr


def test_other_images_and_colour_have_none():
    assert figure(25, title="bsd68") is None
    assert figure(25, channels=3) is None
