"""A function in a process of its own."""

import os

import process_material
import pytest

from imgclean import api  # noqa: F401 - which the fresh process must not have
from imgclean.errors import DenoiserFailed, UnknownModel
from imgclean.evaluation.fresh_process import run_fresh
from imgclean.events import ignore


def test_the_result_and_the_events_arrive_and_nothing_is_on_stdout(capfd):
    events = []
    result, process, has_more_modules = run_fresh(process_material.double, 21, events.append)
    assert (result, events) == (42, ["doubling"])
    assert process != os.getpid()
    assert not has_more_modules
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "on stdout" in captured.err


def test_a_typed_error_arrives_with_its_hint():
    with pytest.raises(UnknownModel, match="no dncnn") as caught:
        run_fresh(process_material.refuse, "dncnn", ignore)
    assert caught.value.hint == "take another"


def test_any_other_error_is_internal():
    with pytest.raises(RuntimeError, match="ValueError: two lines"):
        run_fresh(process_material.stumble, None, ignore)


def test_a_process_that_is_killed_is_an_error():
    with pytest.raises(DenoiserFailed, match="exit code -9"):
        run_fresh(process_material.die, None, ignore)
