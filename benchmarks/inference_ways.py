"""The ways to clean an image whose speed `inference.py` compares."""

from __future__ import annotations

import logging
import time
import warnings
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from imgclean.errors import ImgcleanError, one_line
from imgclean.evaluation.baselines import make_baseline
from imgclean.evaluation.bench_case import clean_once
from imgclean.evaluation.fresh_process import run_fresh
from imgclean.evaluation.sample import noisy_photograph
from imgclean.evaluation.speed import seconds_of
from imgclean.events import Emit, ignore
from imgclean.inference.denoiser import Denoiser
from imgclean.inference.settings import InferenceSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inference_subjects import Subject

    from imgclean.extension.model_info import Precision
    from imgclean.inference.tiles import TileChoice

SIGMA = 25.0
BM3D_SIDE = 256  # it takes a minute for a megapixel, and as long for each of them


@dataclass(frozen=True)
class Way:
    """One way to clean an image.

    Attributes:
        name: what the table calls it.
        clean: cleans the image once.
        pixels: how many the image has.
        precision: in which most is multiplied; None of a classical method.
        note: what else there is to say.
        seconds: measures it instead, in another process.
    """

    name: str
    clean: Callable[[], object]
    pixels: int
    precision: Precision | None = None
    note: str = ""
    seconds: Callable[[], float] | None = None


@dataclass(frozen=True)
class Absent:
    """A way that cannot be measured here, and why."""

    name: str
    reason: str


def all_ways(subject: Subject, side: int, folder: Path) -> list[Way | Absent]:
    """Return every way to clean a square colour image.

    Args:
        subject: the model.
        side: of the image in pixels.
        folder: for files that a way needs.
    """
    image = noisy_photograph(side, side, 3, SIGMA)
    planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None] / np.float32(255))
    makers: dict[str, Callable[[], Way]] = {
        NAIVE: lambda: naive(subject, planes),
        "imgclean fp32": lambda: imgclean(subject, image, "fp32", "auto"),
        "imgclean fp32, whole image": lambda: imgclean(subject, image, "fp32", "none"),
        "imgclean bf16": lambda: imgclean(subject, image, "bf16", "auto"),
        "imgclean bf16, whole image": lambda: imgclean(subject, image, "bf16", "none"),
        "torch.compile fp32": lambda: torch_compile(subject, planes),
        "ONNX Runtime fp32": lambda: onnx_runtime(subject, planes, folder),
        "OpenVINO fp32": lambda: openvino(subject, planes, "fp32"),
        "OpenVINO bf16": lambda: openvino(subject, planes, "bf16"),
        f"BM3D, {BM3D_SIDE}x{BM3D_SIDE}": lambda: bm3d(planes[0, :, :BM3D_SIDE, :BM3D_SIDE]),
        "OpenCV non-local means": lambda: opencv_non_local_means(image),
    }
    return [_made(name, make) for name, make in makers.items()]


NAIVE = "eager fp32, whole image"


def naive(subject: Subject, planes: np.ndarray) -> Way:
    """The network as its paper has it, by torch and nothing else.

    Each time in a process of its own: what `keep_freed_memory` does would speed it up too.
    """
    x = torch.from_numpy(planes)
    alone = replace(subject, hook=None)  # which cannot be sent to another process
    return Way(
        NAIVE,
        subject.function(x),
        _pixels(planes),
        "fp32",
        seconds=lambda: run_fresh(eager_seconds, (alone, x, torch.get_num_threads()), ignore),
    )


def eager_seconds(argument: tuple[Subject, torch.Tensor, int], _: Emit) -> float:
    """Return what the second run takes, in the process that this is called in."""
    subject, x, threads = argument
    torch.set_num_threads(threads)
    clean = subject.function(x)
    clean()
    return seconds_of(clean, x.device)


def imgclean(subject: Subject, image: np.ndarray, precision: Precision, tile: TileChoice) -> Way:
    """What `imgclean denoise` does between reading and writing a file."""
    settings = InferenceSettings(sigma=SIGMA, precision=precision, tile=tile, device="cpu")
    device = torch.device("cpu")
    denoiser = Denoiser(subject.info, subject.weights, settings, device, subject.hook)
    name = f"imgclean {precision}" + (", whole image" if tile == "none" else "")
    return Way(
        name, lambda: clean_once(denoiser, image), image.shape[0] * image.shape[1], precision
    )


def torch_compile(subject: Subject, planes: np.ndarray) -> Way:
    """The same network through torch's compiler, compiled for this size of image."""
    x = torch.from_numpy(planes)
    clean = subject.function(x, torch.compile(subject.network, dynamic=False))
    started = time.perf_counter()
    clean()
    note = f"compiled in {time.perf_counter() - started:.0f} s"
    return Way("torch.compile fp32", clean, _pixels(planes), "fp32", note)


def onnx_runtime(subject: Subject, planes: np.ndarray, folder: Path) -> Way:
    """ONNX Runtime on the CPU, on as many threads as torch."""
    runtime: Any = import_module("onnxruntime")
    import_module("onnxscript")  # torch's exporter needs it
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    path = folder / "network.onnx"
    inputs = subject.inputs(torch.from_numpy(planes))
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(subject.network, inputs, path, dynamo=True, verbose=False)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.force_spinning_stop", "1")  # others have their turn
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    feed = dict(zip(names, (each.numpy() for each in inputs), strict=True))
    note = f"version {runtime.__version__}"
    return Way("ONNX Runtime fp32", lambda: session.run(None, feed), _pixels(planes), "fp32", note)


def openvino(subject: Subject, planes: np.ndarray, precision: Precision) -> Way:
    """OpenVINO on the CPU, on as many threads as torch."""
    runtime: Any = import_module("openvino")
    inputs = subject.inputs(torch.from_numpy(planes))
    model = runtime.convert_model(
        subject.network, example_input=inputs, input=[list(each.shape) for each in inputs]
    )
    hints = {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    compiled = runtime.compile_model(model, "CPU", hints)
    feed = [each.numpy() for each in inputs]
    note = f"version {runtime.__version__.partition('-')[0]}"
    return Way(f"OpenVINO {precision}", lambda: compiled(feed), _pixels(planes), precision, note)


def bm3d(planes: np.ndarray) -> Way:
    """BM3D by its authors."""
    method = make_baseline("bm3d", SIGMA / 255)
    clean = np.ascontiguousarray(planes)
    return Way(
        f"BM3D, {BM3D_SIDE}x{BM3D_SIDE}",
        lambda: method.restore(clean, np.dtype(np.uint8)),
        clean.shape[1] * clean.shape[2],
    )


def opencv_non_local_means(image: np.ndarray) -> Way:
    """OpenCV's non-local means for colour, at its default strength and windows."""
    opencv: Any = import_module("cv2")
    opencv.setNumThreads(torch.get_num_threads())
    note = f"version {opencv.__version__}"
    return Way(
        "OpenCV non-local means",
        lambda: opencv.fastNlMeansDenoisingColored(image),
        image.shape[0] * image.shape[1],
        note=note,
    )


def _made(name: str, make: Callable[[], Way]) -> Way | Absent:
    try:
        return make()
    except ImportError as error:
        return Absent(name, f"package {error.name} is missing")
    except ImgcleanError as error:
        return Absent(name, str(error))
    except Exception as error:  # noqa: BLE001 - a peer that fails on a model is a finding
        return Absent(name, one_line(error)[:200])


def _pixels(planes: np.ndarray) -> int:
    return int(planes.shape[-2] * planes.shape[-1])
