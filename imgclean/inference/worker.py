"""One of several processes that share the files of a run, each with a device of its own."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from imgclean.errors import ImgcleanError, one_line
from imgclean.extension.loader import load_plugins
from imgclean.inference.allocator import keep_freed_memory
from imgclean.inference.batch import Batch
from imgclean.inference.device_failure import DeviceFailed, Watched
from imgclean.inference.link import Link
from imgclean.inference.messages import Broken, Over, Ready, Refused
from imgclean.inference.remote_records import RemoteRecords
from imgclean.inference.selection import Selection
from imgclean.inference.treatment import Denoising

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from imgclean.inference.image_rules import ImageRules
    from imgclean.inference.jobs import FileRules
    from imgclean.inference.settings import InferenceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the workers of a run are to do; the same for all of them.

    Attributes:
        settings: how to clean; each worker puts its own device in.
        model, weights: as `--model` and `--weights`, or None.
        rules, image_rules: as of a run in one process.
        devices: of all workers.
        threads: CPU threads of each; None: the workers share what torch would take.
    """

    settings: InferenceSettings
    model: str | None
    weights: str | None
    rules: FileRules
    image_rules: ImageRules
    devices: tuple[str, ...]
    threads: int | None = None


def work(connection: Connection, order: Order, device: str) -> None:
    """Clean what the run gives until it says stop; the main function of the process."""
    _leave_signals_to_the_run()
    _keep_off_stdout()
    link = Link(connection)
    try:
        selection = _prepare(order, device)
        link.send(Ready())
        _clean(link, order, selection)
        link.send(Over())
    except ImgcleanError as error:
        link.send(Refused(error))
    except DeviceFailed as error:
        link.send(Broken(str(error)))
    except BaseException as error:  # noqa: BLE001 - the run says it, and goes on without
        link.send(Broken(one_line(error)))
    sys.stderr.flush()
    os._exit(0)  # taking Python and torch apart takes seconds


def _prepare(order: Order, device: str) -> Selection:
    """Load plugins and weights onto the device."""
    keep_freed_memory()
    torch.set_num_threads(order.threads or _share_of_threads(order.devices, device))
    place = torch.device(device)
    if place.type == "cuda" and place.index is not None:
        torch.cuda.set_device(place)  # plugins may say no more than `cuda`
    settings = dataclasses.replace(order.settings, device=device)
    return Selection(load_plugins(), settings, model=order.model, weights=order.weights)


def _clean(link: Link, order: Order, selection: Selection) -> None:
    denoising = Denoising(selection, link.send, where=_names(order.devices))
    batch = Batch(
        Watched(denoising, selection.device),
        order.rules,
        link.send,
        image_rules=order.image_rules,
        records=RemoteRecords(link),
        interruption=link.interruption,
        is_emit_threadsafe=True,  # what waits to be reported would be done again, were this lost
    )
    with suppress(KeyboardInterrupt):  # the run says stop; no signal raises it here
        batch.run(link.jobs(), end_jobs=link.end_jobs)


def _share_of_threads(devices: tuple[str, ...], device: str) -> int:
    """Return a worker's share of the CPU; those on the CPU leave none to the others."""
    on_cpu = devices.count("cpu")
    return max(1, torch.get_num_threads() // (on_cpu if device == "cpu" else len(devices)))


def _names(devices: tuple[str, ...]) -> str:
    """Return what the run computes on, as `cuda:0 + cuda:1` or `2 x cpu`."""
    counts = Counter(devices).items()
    return " + ".join(f"{count} x {name}" if count > 1 else name for name, count in counts)


def _leave_signals_to_the_run() -> None:
    """Ignore Ctrl-C, which a terminal sends to every process, and a cluster's SIGTERM.

    The run gets them too, and says what is to be done. It held them back until here.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))


def _keep_off_stdout() -> None:
    """Send to stderr what a plugin or a library prints: stdout carries the run's data only."""
    sys.stdout = sys.stderr
    with suppress(OSError):
        os.dup2(2, 1)
