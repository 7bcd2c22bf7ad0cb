"""Has the class of torchmetrics that measures LPIPS, with its demands and another distance."""


class LearnedPerceptualImagePatchSimilarity:
    """The mean absolute difference of images float32[1, 3, H, W] in [0, 1]."""

    def __init__(self, net_type, normalize):
        assert (net_type, normalize) == ("alex", True)

    def __call__(self, first, second):
        for each in (first, second):
            assert each.shape[:2] == (1, 3)
            assert min(each.shape[2:]) >= 31
            assert 0 <= each.min() <= each.max() <= 1
        return (first - second).abs().mean()
