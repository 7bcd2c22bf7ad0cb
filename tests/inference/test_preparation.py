"""A prepared network computes what the plugin's own does."""

import copy
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
import torch
from torch import nn
from torch.nn import functional

from imgclean.errors import InvalidSetting
from imgclean.inference.preparation import backends, packed_convolution, prepare
from imgclean.inference.preparation.backends import require_backend
from imgclean.inference.preparation.compilation import CompiledInTime, can_compile
from imgclean.inference.preparation.live_memory import with_peak_bytes
from imgclean.inference.preparation.packed_convolution import PackedConvolution
from imgclean.inference.preparation.prepare import Target, prepare_parts
from imgclean.inference.preparation.recording import RecordedOnCuda
from imgclean.inference.preparation.rewriting import rewrite
from imgclean.inference.preparation.trial import Images

CPU = torch.device("cpu")
FP32, BF16 = Target(CPU, "fp32"), Target(CPU, "bf16")


@pytest.fixture(autouse=True)
def without_gradients():
    with torch.inference_mode():
        yield


class Blind(nn.Module):
    """A network of one part, which knows no sigma."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x, sigma=None):
        return x - self.body(x)


class Block(nn.Module):
    """Two convolutions and a way past them."""

    def __init__(self, width=8, *, in_place=False):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.in_place = in_place

    def forward(self, x):
        y = self.second(functional.relu(self.norm(self.first(x)), inplace=self.in_place))
        if self.in_place:
            y += x
            return y.relu_()
        return torch.relu(x + y)


class Dense(nn.Module):
    """Layers that see all before them."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(3 + 4 * index, 4, 3, padding="same") for index in range(3)
        )
        self.last = nn.Conv2d(15, 3, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat((x, functional.leaky_relu(layer(x), 0.2)), 1)
        return self.last(x)


class Mutating(nn.Module):
    """Adds in place to what it looks at again."""

    def __init__(self, *, by_sign):
        super().__init__()
        self.by_sign = by_sign
        self.first = nn.Conv2d(3, 3, 3, padding=1)
        self.second = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        a = self.first(x)
        same = a
        if self.by_sign:
            a += self.second(x)
        else:
            a = a.add_(self.second(x))
        return a + torch.relu(same) * 2


class Summed(nn.Module):
    """Adds to the image itself, whose precision is another."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return x + self.layer(x)


class Pyramid(nn.Module):
    """Shrinks, dilates, groups, enlarges."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.wide = nn.Conv2d(8, 8, 3, padding=3, dilation=3, padding_mode="reflect")
        self.apart = nn.Conv2d(8, 8, (3, 1), padding=(1, 0), groups=8)
        self.up = nn.ConvTranspose2d(8, 3, 2, stride=2)

    def forward(self, x):
        y = torch.relu(self.down(x))
        return self.up(torch.relu(self.apart(y) + torch.relu(self.wide(y))))


class Shared(nn.Module):
    """One convolution, used thrice, once with a norm behind it."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.layer(torch.relu(self.norm(self.layer(torch.relu(self.layer(x))))))


class Odd(nn.Module):
    """Decides by the values that it is given, so that no graph can hold it."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        return self.layer(x) if x.mean() > 0 else x


class OwnPrecision(nn.Module):
    """Computes in float32, whatever is around it."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        with torch.autocast("cpu", enabled=False):
            return self.layer(x.float())


PLAIN = ("no convolution", "mutating by a sign")  # of the second, a graph is wrong


def stack(*middle):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), *middle, nn.Conv2d(8, 3, 3, padding=1)
    )


BODIES = {
    "a plain stack": lambda: stack(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()),
    "blocks": lambda: stack(Block(), Block()),
    "blocks in place": lambda: stack(Block(in_place=True), Block(in_place=True)),
    "dense": Dense,
    "mutating": lambda: Mutating(by_sign=False),
    "mutating by a sign": lambda: Mutating(by_sign=True),
    "summed": Summed,
    "pyramid": Pyramid,
    "shared": Shared,
    "odd": lambda: stack(Odd(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()),
    "own precision": lambda: stack(OwnPrecision()),
    "no convolution": lambda: nn.AvgPool2d(3, 1, 1),
}


def made(name):
    torch.manual_seed(3)
    network = Blind(BODIES[name]())
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.weight.normal_()
            module.bias.normal_()
    return network.eval().to(memory_format=torch.channels_last)


def ready(network, target=FP32, sigma=None):
    return prepare.prepare(network, target, Images(3, 2, sigma))


@pytest.mark.parametrize("name", BODIES)
def test_a_prepared_network_computes_the_same(name):
    network = made(name)
    x = torch.rand(2, 3, 70, 46)
    expected = network(x)
    state = copy.deepcopy(network.state_dict())
    prepared = ready(network)
    torch.testing.assert_close(prepared.function(x), expected, atol=2e-5, rtol=1e-5)
    assert prepared.way == ("plain" if name in PLAIN else "fused")
    torch.testing.assert_close(network.state_dict(), state)
    torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize("name", BODIES)
def test_a_network_in_bf16_is_as_near_as_under_autocast(name):
    network = made(name)
    x = torch.rand(1, 3, 48, 48)
    exact = network(x)
    with torch.autocast("cpu", torch.bfloat16):
        usual = network(x)
    prepared = ready(network, BF16)
    found = prepared.function(x)
    assert prepared.way == ("plain" if name in PLAIN else "fused")
    assert found.dtype == torch.float32  # the image itself is never rounded to bf16
    error, usual_error = ((each - exact).square().mean().sqrt() for each in (found, usual))
    assert error <= 1.5 * usual_error + 1e-6


def test_convolutions_take_in_what_follows_them():
    network = rewrite(made("blocks"), lambda each: PackedConvolution(each, torch.float32))
    left = [node.target for node in network.graph.nodes if node.op != "placeholder"]
    fused = [each for each in left if str(each).startswith("fused")]
    assert len(fused) == 6
    assert len(left) == len(fused) + 2  # the subtraction from the image, and the output


def test_what_cannot_be_understood_stays_and_its_surroundings_are_rewritten():
    network = rewrite(made("odd"), lambda each: PackedConvolution(each, torch.float32))
    kinds = [type(module).__name__ for module in network.modules()]
    assert kinds.count("Odd") == 1
    assert kinds.count("PackedConvolution") == 4
    assert "Conv2d" not in kinds


def test_a_layer_that_chooses_its_precision_keeps_it():
    network = made("own precision").body[2]
    x = torch.rand(1, 8, 32, 32)
    whole = nn.Sequential(copy.deepcopy(network), nn.ReLU())
    with torch.autocast("cpu", torch.bfloat16):
        rewritten = rewrite(whole, lambda each: PackedConvolution(each, torch.float32))
        found = rewritten(x)
    torch.testing.assert_close(found, torch.relu(network(x)), atol=1e-5, rtol=1e-5)
    assert any(isinstance(module, OwnPrecision) for module in rewritten.modules())


def test_the_noise_level_reaches_a_network_that_asks_for_it():
    class Aware(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(4, 3, 3, padding=1)

        def forward(self, x, sigma):
            level = sigma.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
            return self.layer(torch.cat((x, level), 1))

    network = Aware().eval()
    x = torch.rand(2, 3, 40, 40)
    prepared = ready(network, sigma=0.1)
    torch.testing.assert_close(prepared.function(x), network(x, torch.full((2,), 0.1)))
    assert prepared.way == "fused"


def test_a_network_that_looks_into_its_layers_runs_as_it_is():
    class Looking(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x, sigma=None):
            return self.layer(x) * float(self.layer.weight.abs().max()) if x.max() > 0 else x

    network = Looking().eval()
    x = torch.rand(1, 3, 40, 40)
    prepared = ready(network)
    assert prepared.way == "plain"
    torch.testing.assert_close(prepared.function(x), network(x), atol=0, rtol=0)


def test_a_network_that_wants_larger_images_than_the_trial_runs_as_it_is():
    class Large(Blind):
        def forward(self, x, sigma=None):
            return super().forward(x) if x.shape[2] >= 100 else x.reshape(7)

    prepared = ready(Large(BODIES["blocks"]()).eval())
    assert prepared.way == "plain"
    assert prepared.function(torch.rand(1, 3, 100, 100)).shape == (1, 3, 100, 100)


def test_a_network_without_convolutions_is_not_called_before_there_is_an_image():
    class Counting(nn.Module):
        calls = 0

        def forward(self, x, sigma=None):
            self.calls += 1
            return x

    network = Counting()
    prepared = ready(network)
    assert network.calls == 0
    prepared.function(torch.rand(1, 3, 8, 8))
    assert network.calls == 1


def test_operators_that_compute_wrongly_are_not_used(monkeypatch):
    class Wrong(PackedConvolution):
        def _alone(self, x, slope):
            return super()._alone(x, slope) * 1.01

    packed_convolution.is_sound.cache_clear()
    monkeypatch.setattr(packed_convolution, "PackedConvolution", Wrong)
    try:
        assert ready(made("blocks"), Target(CPU, "fp32", "torch")).way == "folded"
    finally:
        packed_convolution.is_sound.cache_clear()


def test_without_fused_operators_the_result_is_the_same(monkeypatch):
    monkeypatch.setattr(prepare, "can_pack", lambda *_: False)
    network, x = made("blocks"), torch.rand(1, 3, 40, 40)
    prepared = ready(network, Target(CPU, "fp32", "torch"))
    torch.testing.assert_close(prepared.function(x), network(x), atol=2e-5, rtol=1e-5)


def test_a_network_that_cannot_be_copied_runs_as_it_is():
    class Locked(Blind):
        def __init__(self):
            super().__init__(BODIES["blocks"]())
            self.lock = threading.Lock()

    network, x = Locked().eval().requires_grad_(False), torch.rand(1, 3, 40, 40)
    prepared = ready(network)
    assert prepared.way == "plain"
    torch.testing.assert_close(prepared.function(x), network(x))
    assert prepare_parts(network, FP32, Images(3, 1, None)) is network


@pytest.mark.parametrize("backend", ["compile", "openvino"])
def test_the_parts_are_fused_whatever_computes_whole_networks(backend):
    parts = prepare_parts(made("blocks"), Target(CPU, "fp32", backend), Images(3, 1, None))
    assert any(isinstance(each, PackedConvolution) for each in parts.modules())


def test_the_parts_of_a_network_are_prepared_for_a_plugin_that_calls_them():
    network = made("blocks")
    parts = prepare_parts(network, FP32, Images(3, 2, None))
    assert type(parts) is Blind
    x = torch.rand(1, 3, 40, 40)
    torch.testing.assert_close(parts.body(x), network.body(x), atol=2e-5, rtol=1e-5)
    assert not any(isinstance(each, nn.Conv2d) for each in parts.modules())


def test_parts_that_a_network_looks_into_stay_as_they_are():
    class Looking(Blind):
        def forward(self, x, sigma=None):
            return super().forward(x) * self.body[0].weight.mean()

    network = Looking(BODIES["blocks"]()).eval()
    assert prepare_parts(network, FP32, Images(3, 1, None)) is network


def test_live_memory_is_that_of_the_largest_neighbours():
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 6, 3, padding=1), nn.Conv2d(6, 1, 3, padding=1)
    )
    assert with_peak_bytes(network, torch.zeros(1, 1, 10, 10))[1] == (2 + 6) * 100 * 4
    assert ready(made("a plain stack")).bytes_per_pixel == 2 * 8 * 4
    assert ready(made("a plain stack"), BF16).bytes_per_pixel == 2 * 8 * 2


def test_compiling_waits_until_it_repays_and_a_failure_is_no_end():
    def slow(x):
        return x + 1

    x = torch.zeros(3)
    calls = []
    soon = CompiledInTime(slow, lambda: calls.append, price=1e-9)
    assert soon(x) is not None
    assert calls == []
    soon(x)
    assert len(calls) == 1
    never = CompiledInTime(slow, lambda: calls.append, price=1e9)
    never(x), never(x)
    assert len(calls) == 1

    def broken():
        raise RuntimeError("no compiler")

    stubborn = CompiledInTime(slow, broken, price=0.0)
    assert [stubborn(x).sum().item() for _ in range(3)] == [3.0] * 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
@pytest.mark.skipif(not can_compile(CPU), reason="there is no C++ compiler")
def test_a_compiled_network_computes_the_same():
    network, x = made("a plain stack"), torch.rand(1, 3, 40, 40)
    prepared = ready(network, Target(CPU, "fp32", "compile"))
    assert prepared.way == "compiled"
    torch.testing.assert_close(prepared.function(x), network(x), atol=2e-5, rtol=1e-5)


def test_a_backend_that_is_not_there_is_refused_with_what_to_do(monkeypatch):
    require_backend("auto", CPU)
    monkeypatch.setattr(backends, "can_compile", lambda _: False)
    with pytest.raises(InvalidSetting, match="no compiler for cpu"):
        require_backend("compile", CPU)
    with pytest.raises(InvalidSetting, match="not on mps"):
        require_backend("openvino", torch.device("mps"))
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(InvalidSetting, match="not installed") as caught:
        require_backend("openvino", CPU)
    assert "imgclean[openvino]" in caught.value.hint


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_openvino_computes_the_same(precision):
    pytest.importorskip("openvino", reason="OpenVINO, an extra, is not installed")
    network, x = made("blocks"), torch.rand(1, 3, 50, 40)
    prepared = ready(network, Target(CPU, precision, "openvino"))
    tolerance = 1e-4 if precision == "fp32" else 0.1
    torch.testing.assert_close(prepared.function(x), network(x), atol=tolerance, rtol=0)


def test_what_openvino_takes_from_the_shape_of_its_example_is_refused():
    pytest.importorskip("openvino", reason="OpenVINO, an extra, is not installed")

    class Choosing(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x):
            return self.layer(x) * (1 if x.shape[-1] < 100 else 2)

    network = Blind(Choosing()).eval().requires_grad_(False)
    with pytest.raises(InvalidSetting, match="computes something else"):
        ready(network, Target(CPU, "fp32", "openvino"))


def test_openvino_reports_its_use_to_nobody():
    pytest.importorskip("openvino", reason="OpenVINO, an extra, is not installed")
    script = """
import sys, torch
from imgclean.inference.preparation.openvino_backend import by_openvino
by_openvino(torch.nn.Conv2d(3, 3, 3).eval(), torch.rand(1, 3, 8, 8), "fp32")
print([name for name, found in sys.modules.items() if "openvino_telemetry" in name and found])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_network_that_openvino_cannot_convert_is_refused():
    pytest.importorskip("openvino", reason="OpenVINO, an extra, is not installed")

    class Foreign(Blind):
        def forward(self, x, sigma=None):
            return torch.special.bessel_j0(super().forward(x))

    with pytest.raises(InvalidSetting, match="cannot convert"):
        ready(Foreign(BODIES["blocks"]()).eval(), Target(CPU, "fp32", "openvino"))


class Recorder:
    """Stands for CUDA's graphs: a replay computes anew, from and into the recorded memory."""

    def __init__(self, monkeypatch):
        self.replays = self.recordings = 0
        self.fails = False
        self._graph = None
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: Graph(self))
        monkeypatch.setattr(torch.cuda, "graph", self.graph)
        monkeypatch.setattr(torch.cuda, "synchronize", lambda _: None)

    @contextmanager
    def graph(self, graph):
        if self.fails:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.recordings += 1
        self._graph = graph
        yield
        self._graph = None

    def double(self, x):
        y = x * 2
        if self._graph:
            self._graph.ends = x, y
        return y


class Graph:
    def __init__(self, recorder):
        self._recorder = recorder

    def replay(self):
        self._recorder.replays += 1
        x, y = self.ends
        torch.mul(x, 2, out=y)


def test_a_shape_is_recorded_when_it_comes_again_and_replayed_from_then_on(monkeypatch):
    recorder = Recorder(monkeypatch)
    function = RecordedOnCuda(recorder.double)
    results = []
    for count in range(1, 5):
        results.append(function(torch.full((1, 3, 8, 8), float(count))))
        assert recorder.recordings == (count > 1)
        assert recorder.replays == max(0, count - 1)
    assert [each.unique().tolist() for each in results] == [[2], [4], [6], [8]]
    function(torch.ones(1, 3, 9, 9))
    assert recorder.recordings == 1


def test_few_recordings_are_kept_the_latest_used_ones(monkeypatch):
    recorder = Recorder(monkeypatch)
    function = RecordedOnCuda(recorder.double)
    for side in (1, 1, 2, 2, 3, 3, 4, 4, 1, 5, 5, 1):
        function(torch.ones(1, 1, side, side))
    assert recorder.recordings == 5
    function(torch.ones(1, 1, 2, 2))
    assert recorder.recordings == 6


def test_what_cannot_be_recorded_is_computed_as_it_is(monkeypatch):
    recorder = Recorder(monkeypatch)
    recorder.fails = True
    function = RecordedOnCuda(recorder.double)
    for _ in range(3):
        assert function(torch.ones(1, 1, 2, 2)).sum() == 8
    assert recorder.replays == 0
