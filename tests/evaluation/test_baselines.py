import importlib.util

import pytest

from imgclean.degradation.parsing import parse_degradation
from imgclean.errors import InvalidSetting, NoModelInstalled
from imgclean.evaluation.baselines import make_baseline
from imgclean.evaluation.protocol import measure
from imgclean.events import ignore


@pytest.mark.parametrize("name", ["bm3d", "nlm"])
@pytest.mark.parametrize("colour", ["gray", "rgb"])
@pytest.mark.parametrize("sigma", [25 / 255, None])
def test_a_classical_method_cleans_with_a_known_and_with_an_estimated_level(
    waves, name, colour, sigma
):
    noise = parse_degradation("gaussian:25")
    baseline = make_baseline(name, sigma)
    line = measure(waves, noise, baseline, seed=0, emit=ignore, colour=colour)
    assert line.psnr > line.input_psnr + 5
    assert (line.model, line.weights) == (name, name)


def test_an_image_without_noise_comes_back(waves):
    line = measure(
        waves, parse_degradation("gaussian:0"), make_baseline("nlm", 0.0), seed=0, emit=ignore
    )
    assert line.ssim == pytest.approx(1)


@pytest.mark.parametrize(("name", "sigma"), [("bm3d", 0.1), ("nlm", None)])
def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, name, sigma):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NoModelInstalled, match=name) as caught:
        make_baseline(name, sigma)
    assert "imgclean[baselines]" in caught.value.hint


def test_a_method_that_is_not_known_is_refused():
    with pytest.raises(InvalidSetting, match="median") as caught:
        make_baseline("median", 0.1)
    assert "bm3d" in caught.value.hint
