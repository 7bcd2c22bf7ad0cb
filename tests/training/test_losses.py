import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from torch._subclasses.fake_tensor import FakeTensorMode

from imgclean.errors import InvalidSetting
from imgclean.training.losses.edges import canny_map
from imgclean.training.losses.objective import Objective
from imgclean.training.losses.terms import LossTerm, Ramp

TERM = TypeAdapter(LossTerm)
SMOOTH = [
    {"kind": "mse"},
    {"kind": "mse", "reduction": "half-sum"},
    {"kind": "l1"},
    {"kind": "charbonnier"},
    {"kind": "gradient"},
    {"kind": "edge"},
    {"kind": "edge", "map": "canny"},
]


def term(kind, **settings):
    return TERM.validate_python({"kind": kind} | settings)


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Conv2d(2, 1, 1))


def value(settings, output, clean):
    total, values = Objective([TERM.validate_python(settings)], network())(output, clean, 0.0)
    assert torch.equal(total.detach(), values[settings["kind"]])
    return total.item()


def photo(n=2, channels=1, size=12, seed=0):
    torch.manual_seed(seed)
    return torch.rand(n, channels, size, size)


def test_every_term_has_its_value_on_images_of_two_pixels():
    clean = torch.zeros(2, 1, 2, 2)
    output = torch.tensor([0.3, 0, 0, 0, 0, -0.1, 0, 0]).reshape(2, 1, 2, 2)
    expected = {
        "mse": 0.1 / 8,
        "l1": 0.4 / 8,
        "charbonnier": (math.hypot(0.3, 0.01) + math.hypot(0.1, 0.01) + 6 * 0.01) / 8,
    }
    for kind, right in expected.items():
        settings = {"kind": kind} | ({"epsilon": 0.01} if kind == "charbonnier" else {})
        assert value(settings, output, clean) == pytest.approx(right)
    half_sum = {"kind": "mse", "reduction": "half-sum"}
    assert value(half_sum, output, clean) == pytest.approx(0.1 / 4)


def test_the_gradient_term_ignores_brightness_and_measures_a_slope():
    clean = photo()
    assert value({"kind": "gradient"}, clean + 0.2, clean) == pytest.approx(0, abs=1e-6)
    slope = torch.arange(12.0).expand(2, 1, 12, 12) * 0.01
    inner = 8 * 0.01 * 10 / 12  # the reflected border has no slope
    assert value({"kind": "gradient"}, clean + slope, clean) == pytest.approx(inner, rel=1e-5)


@pytest.mark.parametrize("kind", ["sobel", "canny"])
def test_the_edge_term_sees_errors_on_edges_only(kind):
    clean = torch.zeros(1, 3, 20, 20)
    clean[..., 10:] = 1
    flat, step = clean.clone(), clean.clone()
    flat[..., :4] += 0.1
    step[..., 9:11] += 0.1
    assert value({"kind": "edge", "map": kind}, flat, clean) == pytest.approx(0, abs=1e-9)
    assert value({"kind": "edge", "map": kind}, step, clean) > 1e-4
    assert set(canny_map(clean).unique().tolist()) == {0.0, 1.0}


def test_the_edge_term_weighs_with_the_squared_gradient():
    clean = torch.arange(12.0).expand(1, 1, 12, 12) * 0.01
    expected = 0.1**2 * (8 * 0.01) ** 2 * 10 / 12
    assert value({"kind": "edge"}, clean + 0.1, clean) == pytest.approx(expected, rel=1e-4)


def test_the_edge_term_in_l1_weighs_the_magnitude_of_the_error():
    clean = torch.arange(12.0).expand(1, 1, 12, 12) * 0.01
    expected = 0.1 * (8 * 0.01) * 10 / 12
    settings = {"kind": "edge", "norm": "l1"}
    assert value(settings, clean - 0.1, clean) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("norm", ["l2", "l1"])
def test_the_edge_term_has_the_scale_of_the_squared_error_beside_it(norm):
    clean, output = photo(), photo(seed=1)
    edge = {"kind": "edge", "norm": norm}
    scale = value({"kind": "mse", "reduction": "half-sum"}, output, clean) / value(
        {"kind": "mse"}, output, clean
    )
    half_sum = value(edge | {"reduction": "half-sum"}, output, clean)
    assert half_sum == pytest.approx(scale * value(edge, output, clean), rel=1e-5)


@pytest.mark.parametrize("settings", SMOOTH, ids=str)
def test_gradients_are_those_of_the_values(settings):
    objective = Objective([TERM.validate_python(settings)], network())
    clean = photo(1, 2, 9).double()
    output = photo(1, 2, 9, seed=1).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: objective(x, clean, 0.0)[0], output)


def test_the_gradient_of_the_penalty_is_that_of_its_value():
    model = network().double()
    objective = Objective([term("weight_penalty", parameters=["*.weight"])], model)
    image = photo().double()
    weights = [model[0].weight, model[1].weight]
    assert torch.autograd.gradcheck(lambda *_: objective(image, image, 0.0)[0], weights)


@pytest.mark.parametrize("settings", SMOOTH, ids=str)
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_a_perfect_constant_output_has_a_finite_gradient(settings, level):
    clean = torch.full((1, 3, 16, 16), level)
    output = clean.clone().requires_grad_()
    total, _ = Objective([TERM.validate_python(settings)], network())(output, clean, 0.0)
    total.backward()
    assert torch.equal(output.grad, torch.zeros_like(clean))


def test_the_penalty_is_of_the_named_parameters_each_once():
    model = network()
    model[1].weight.data[...] = 0
    penalty = term("weight_penalty", parameters=["1.*", "?.weight"], p=0.5, epsilon=1e-2)
    total, values = Objective([penalty], model)(photo(), photo(), 0.0)
    chosen = [model[0].weight, model[1].weight, model[1].bias]
    expected = sum((each.abs() + 1e-2).sqrt().sum() for each in chosen)
    assert values["weight_penalty"].item() == pytest.approx(expected.item())
    total.backward()
    assert model[0].bias.grad is None
    assert all(torch.isfinite(each.grad).all() for each in chosen)


def test_a_pattern_that_names_no_parameter_is_refused_with_what_there_is():
    penalty = term("weight_penalty", parameters=["0.weight", "5.*"])
    with pytest.raises(InvalidSetting, match=r"'5\.\*'") as caught:
        Objective([penalty], network())
    assert "0.weight, 0.bias, 1.weight, 1.bias" in caught.value.hint


def test_terms_add_up_with_their_weights_at_that_share():
    terms = [
        term("mse", weight={"start": 1.0, "end": 0.0, "since": 0.5}),
        term("l1", weight=0.1),
        term("mse", reduction="half-sum"),
    ]
    output, clean = photo(), photo(seed=1)
    for share, of_mse in ((0.0, 1.0), (0.5, 1.0), (0.75, 0.5), (1.0, 0.0)):
        total, values = Objective(terms, network())(output, clean, share)
        assert list(values) == ["mse", "l1", "mse-2"]
        expected = of_mse * values["mse"] + 0.1 * values["l1"] + values["mse-2"]
        torch.testing.assert_close(total, expected)


def test_the_loss_is_float32_under_autocast():
    output, clean = photo().bfloat16().requires_grad_(), photo(seed=1)
    objective = Objective([term("gradient"), term("charbonnier")], network())
    plain, _ = objective(output, clean, 0.0)
    with torch.autocast("cpu", torch.bfloat16):
        total, values = objective(output, clean, 0.0)
    assert {total.dtype, *(each.dtype for each in values.values())} == {torch.float32}
    assert torch.equal(total, plain)


def test_nothing_waits_for_the_device():
    kinds = ("mse", "l1", "charbonnier", "gradient", "edge")
    penalty = term("weight_penalty", parameters=["0.weight"])
    with FakeTensorMode():  # a tensor without content: whoever asks for a number fails
        objective = Objective([penalty, *map(term, kinds)], network())
        total, values = objective(photo().requires_grad_(), photo(), 0.5)
        total.backward()
    assert {total.shape, *(each.shape for each in values.values())} == {()}
    assert not any(each.requires_grad for each in values.values())


@given(
    st.tuples(st.floats(0, 10), st.floats(0, 10)),
    st.tuples(st.floats(0, 1), st.floats(0, 1)).filter(lambda pair: pair[1] - pair[0] > 1e-6),
    st.floats(0, 1),
)
def test_a_ramp_has_its_ends_and_stays_between_them(weights, shares, share):
    (start, end), (since, until) = weights, shares
    ramp = Ramp(start=start, end=end, since=since, until=until)
    assert [ramp.at(0.0), ramp.at(since)] == [start, start]
    assert [ramp.at(until), ramp.at(1.0)] == [end, end]
    low, high = sorted(weights)
    assert low - 1e-9 <= ramp.at(share) <= high + 1e-9


def test_the_ramp_of_the_multi_scale_cnn_is_its_formula():
    steps, s = 200, 0.99
    ramp = Ramp(start=1 / steps, end=1 / steps + s)
    for t in (0, 1, 77, 200):
        assert ramp.at(t / steps) == pytest.approx(1 / steps + s * t / steps)


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"kind": "l2"}, "l2"),
        ({"kind": "mse", "weight": -1.0}, "weight"),
        ({"kind": "mse", "weight": math.inf}, "weight"),
        ({"kind": "mse", "weight": {"start": 0.0, "end": 1.0, "since": 1.0}}, "since must be"),
        ({"kind": "edge", "map": "prewitt"}, "map"),
        ({"kind": "weight_penalty", "parameters": []}, "parameters"),
        ({"kind": "l1", "epsilon": 0.1}, "epsilon"),
    ],
)
def test_a_term_that_is_not_valid_is_refused_with_the_place(settings, where):
    with pytest.raises(ValidationError, match=where):
        TERM.validate_python(settings)
