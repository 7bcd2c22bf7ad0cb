"""The queue that workers share."""

from __future__ import annotations

from pathlib import Path

from imgclean.inference.backlog import Backlog
from imgclean.inference.jobs import Job


def jobs(count: int) -> list[Job]:
    return [Job(Path(f"{n}.png"), Path("out", f"{n}.png"), None, None) for n in range(count)]


def filled(backlog: Backlog, workers: int, held: tuple[Job, ...] = ()) -> list[Job]:
    """Return what a worker has that takes all it can get."""
    hands = list(held)
    while job := backlog.take(hands, workers):
        hands.append(job)
    return hands


def test_a_worker_takes_a_few_files_and_fewer_towards_the_end():
    backlog = Backlog(jobs(100))
    assert len(filled(backlog, 2)) == 8
    assert len(filled(Backlog(jobs(5)), 2)) == 2


def test_every_file_is_given_once_and_in_order():
    given, backlog = [], Backlog(jobs(20))
    while job := backlog.take((), 2):
        given.append(job)
        backlog.finish(job)
    assert given == jobs(20)
    assert not backlog.unfinished


def test_what_a_lost_worker_had_comes_last_and_each_alone():
    backlog = Backlog(jobs(12))
    lost = filled(backlog, 2)
    assert backlog.give_back(lost) == []
    while job := backlog.take((), 1):
        if job in lost:
            break
        backlog.finish(job)
    assert set(backlog.unfinished) == set(lost)
    assert job == lost[0]
    assert backlog.take([job], 1) is None
    assert backlog.take(jobs(12)[-1:], 1) is None, "a worker with another file waits"
    assert backlog.take((), 1) == lost[1]


def test_a_file_that_lost_two_workers_is_given_to_no_third():
    (one,) = jobs(1)
    backlog = Backlog([one])
    assert backlog.take((), 2) == one
    assert backlog.give_back([one]) == []
    assert backlog.take((), 1) == one
    assert backlog.give_back([one]) == [one]
    assert backlog.take((), 1) is None
    assert not backlog.unfinished
