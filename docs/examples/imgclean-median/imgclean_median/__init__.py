"""A median filter as an imgclean plugin."""

from imgclean import ModelInfo, Tiling, hookimpl

MEDIAN = ModelInfo(
    name="median",
    title="Median of 3x3 pixels",
    paper="J. W. Tukey: Exploratory Data Analysis. Addison-Wesley 1977",
    factory="imgclean_median.network:Median",
    options="imgclean_median.options:MedianOptions",
    tiling=Tiling(halo=1),
    precisions=("fp32",),
    needs_weights=False,
)


@hookimpl
def imgclean_models() -> list[ModelInfo]:
    """Offer the filter."""
    return [MEDIAN]
