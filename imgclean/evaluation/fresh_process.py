"""A function in a process of its own, which has nothing in memory from anything before."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from typing import TYPE_CHECKING, Any, TypeVar

from imgclean.errors import DenoiserFailed, ImgcleanError, one_line
from imgclean.interruption import Interruption

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from imgclean.events import Emit

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")

_EVENT, _RESULT, _ERROR = range(3)
_SECONDS_BETWEEN_LOOKS = 0.1


def run_fresh(
    function: Callable[[_Argument, Emit], _Result], argument: _Argument, emit: Emit
) -> _Result:
    """Return what a function returns in a fresh process; its events arrive here.

    Args:
        function: of a module's top level. What it prints to stdout goes to stderr.
        argument: can be pickled, as can the result and the events.
        emit: gets its events.

    Raises:
        ImgcleanError: the function raised it, or the process was killed (`DenoiserFailed`).
        KeyboardInterrupt: the user asked to stop; the process is gone.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    call = pickle.dumps((function, argument))
    process = context.Process(target=_serve, args=(sender, call))
    with Interruption() as interruption, receiver:
        process.start()
        sender.close()
        try:
            while True:
                interruption.raise_if_requested()
                if not receiver.poll(_SECONDS_BETWEEN_LOOKS):
                    continue
                kind, content = receiver.recv()
                if kind == _RESULT:
                    return content  # type: ignore[no-any-return]
                if kind == _ERROR:
                    raise content
                emit(content)
        except EOFError:
            process.join()
            raise DenoiserFailed(
                f"the process that measured was ended from outside (exit code {process.exitcode})",
                hint="there may be too little memory: take a smaller --size or --tile",
            ) from None
        finally:
            process.kill()
            process.join()


def _serve(sender: Connection, call: bytes) -> None:
    """Run the call; the imports that it brings come after Ctrl-C is left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)  # stdout carries the parent's data only
    outcome: tuple[int, Any]
    try:
        function, argument = pickle.loads(call)  # noqa: S301 - from the parent
        outcome = _RESULT, function(argument, lambda event: sender.send((_EVENT, event)))
    except ImgcleanError as error:
        outcome = _ERROR, error
    except Exception as error:  # noqa: BLE001 - the parent reports it
        outcome = _ERROR, RuntimeError(one_line(error))
    sender.send(outcome)
