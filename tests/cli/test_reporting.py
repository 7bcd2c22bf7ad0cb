import dataclasses
import io

import pytest
from rich.console import Console

from imgclean.cli import reporting
from imgclean.cli.reporting import Display
from imgclean.events import DiscriminatorStep, Progressed, ReadImages, TrainStep, TrialBegun


@pytest.fixture
def log(monkeypatch):
    """A console that is no terminal, and a clock that is always due."""
    monkeypatch.setattr(reporting, "_SECONDS_BETWEEN_LINES", -1)
    return Console(file=io.StringIO(), width=200)


def step(share, seconds):
    return TrainStep(
        stage="", step=100, share=share, loss=1.0, psnr=30.0, rate=1e-3, seconds=seconds
    )


@pytest.mark.parametrize(
    ("share", "seconds", "left"),
    [(0.5, 20, "20 s"), (0.25, 100, "5 min"), (0.01, 60, "1 h 39 min"), (0.5, 59.8, "1 min")],
)
def test_a_log_of_training_says_how_long_is_left(log, share, seconds, left):
    with Display(log, 1) as display:
        display(step(share, seconds))
    assert log.file.getvalue().rstrip().endswith(f"about {left} left")


def test_the_last_line_of_training_has_nothing_left(log):
    with Display(log, 1) as display:
        display(step(1, 60))
    assert "100%" in log.file.getvalue()
    assert "left" not in log.file.getvalue()


def test_a_log_of_training_against_a_discriminator_says_how_it_does(log):
    with Display(log, 1) as display:
        display(
            DiscriminatorStep(
                stage="late", step=30, share=0.25, loss=0.3, accuracy=0.934, seconds=15
            )
        )
        display(dataclasses.replace(step(0.5, 20), discriminator_accuracy=0.5))
    alone, together = log.file.getvalue().splitlines()
    assert " 25%  late  discriminator  step 30  93% right  2.0 steps/s  about 45 s left" in alone
    assert "30.00 dB  discriminator 50% right  5.0 steps/s" in together


def test_the_time_left_of_a_stage_is_not_told_by_the_one_before():
    """The bar falls back to 0 where a stage begins, which is no progress."""
    terminal = Console(file=io.StringIO(), width=200, force_terminal=True)
    with Display(terminal, 1) as display:
        for share in (0.25, 0.5, 0.75, 1.0):
            display(step(share, 4 * share))
        task = display._progress.tasks[0]
        assert task.speed
        display(step(0.01, 10))
        assert task.speed is None
        assert task.completed == 0.01


def test_a_log_of_one_large_image_says_how_far_it_is(log):
    with Display(log, 4) as display:
        display(Progressed(input="scan.tif", share=0.5, megapixels=2.0))
    assert " 12%  scan.tif" in log.file.getvalue()


def test_a_log_of_reading_says_how_far_it_is_and_leaves_the_work_alone(log):
    with Display(log, 2) as display:
        for done in range(1, 5):
            display(ReadImages(title="set", done=done, total=4))
        display(Progressed(input="set gaussian:25", share=0.5, megapixels=2.0))
    lines = log.file.getvalue().splitlines()
    assert " 50%  reading set  2 of 4" in lines[1]
    assert " 25%  set gaussian:25" in lines[-1]


def test_on_a_terminal_reading_has_a_bar_of_its_own():
    terminal = Console(file=io.StringIO(), width=200, force_terminal=True)
    with Display(terminal, 2) as display:
        display(ReadImages(title="set", done=3, total=4))
        display._progress.refresh()
        assert "3/4" in terminal.file.getvalue()
        display(ReadImages(title="set", done=4, total=4))
        display._progress.refresh()
        assert "0/2" in terminal.file.getvalue().splitlines()[-1]


def test_quiet_logs_no_progress(log):
    with Display(log, 4, quiet=True) as display:
        display(Progressed(input="scan.tif", share=0.5, megapixels=2.0))
        display(step(0.5, 60))
    assert log.file.getvalue() == ""


def test_what_is_measured_after_training_counts_from_its_own_beginning(log):
    """Half of a set in a moment, after an hour of training, and a second set after it."""
    with Display(log, 1) as display:
        display._progress.tasks[0].start_time -= 3600
        display(step(1, 3600))
        for name in ("one", "two"):
            for share in (0.0, 0.5, 1.0):
                display(Progressed(input=name, share=share, megapixels=share))
            assert " 50%  " + name in log.file.getvalue()
    assert "min left" not in log.file.getvalue()


def test_a_log_of_trials_says_which_it_is_of_how_many_and_how_long_all_take(log):
    begun = TrialBegun(
        trial=2, trials=10, repeat=1, fold=2, folder="run/repeat-1/fold-2", seconds_left=5400
    )
    with Display(log, 1) as display:
        display(begun)
        display(step(0.5, 20))
        display(Progressed(input="set", share=0.0, megapixels=0.0))
    first, second, third = log.file.getvalue().splitlines()
    assert first == "trial 2 of 10: run/repeat-1/fold-2  about 1 h 30 min left"
    assert second.startswith(" 50%  trial 2 of 10  step 100")
    assert third.startswith("  0%  trial 2 of 10  set")
