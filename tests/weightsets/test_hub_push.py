"""A push step by step: who is waited for, how long, and what happens to what is given up."""

from __future__ import annotations

import threading
import time

import pytest
from huggingface_hub import constants
from huggingface_hub import logging as client_logging
from huggingface_hub.utils import are_progress_bars_disabled, close_session, get_session
from loopback_hub import Fault, LoopbackHub, cut_after, hang, not_a_hub, reset, status
from loopback_hub_transport import Reply
from material import write_small_set

from imgclean.errors import HubRefused, HubUnreachable
from imgclean.weightsets.hub import sending
from imgclean.weightsets.hub.push import plan_push, push
from imgclean.weightsets.hub.transfers import listening

REPOSITORY = "someone/sets"


def of_another_kind():
    return status(200, {"Content-Type": "application/json"}, "[1]")


STEPS = {
    "create": "/api/repos/create",
    "validate": "/api/validate-yaml",
    "preupload": "/preupload/",
    "batch": "/objects/batch",
    "upload": "/uploads/",
    "verify": "/objects/verify",
    "commit": "/commit/",
}


@pytest.fixture
def hub(monkeypatch):
    with LoopbackHub() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_TOKEN", "hf_writer")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        close_session()
        yield running
        close_session()


@pytest.fixture
def impatient(monkeypatch):
    """Give up soon; the commit may take longer than the rest."""
    monkeypatch.setattr(sending, "SILENCE", 0.6)
    monkeypatch.setattr("imgclean.weightsets.hub.push.SILENCE", 0.6)
    monkeypatch.setattr(sending, "COMMIT_WITHIN", 1.2)


@pytest.fixture(scope="module")
def wide_set(tmp_path_factory):
    """A set of some pieces: its tensors are 0.9 MB."""
    return write_small_set(tmp_path_factory.mktemp("sets") / "wide", width=150)


def held(event):
    """Answer, as if all were well, when the event is set."""

    def act(met, stopping):
        met.set()
        event.wait(30)
        return Reply(200)

    return Fault("request", act)


@pytest.mark.parametrize("step", STEPS)
def test_whoever_is_silent_is_named_and_given_up(hub, impatient, small_set, step):
    hub.break_next(hang(), path=STEPS[step])
    plan = plan_push(small_set, REPOSITORY)
    began = time.monotonic()
    with pytest.raises(HubUnreachable) as given_up:
        push(plan, message="A set")
    assert 0.5 < time.monotonic() - began < 3
    host = (hub.cdn if step == "upload" else hub.endpoint).removeprefix("http://")
    assert host in str(given_up.value)
    assert ("push again, what is there is not sent" in given_up.value.hint) == (step == "commit")


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        *((step, status(500)) for step in ("look", *STEPS)),
        # What is answered to `verify` is not read.
        *((step, not_a_hub()) for step in ("look", *STEPS) if step != "verify"),
        *((step, reset()) for step in ("look", "upload", "commit")),
        *((step, of_another_kind()) for step in ("look", "create", "preupload", "batch", "commit")),
    ],
)
def test_a_push_that_failed_anywhere_is_made_up_for_by_the_next(hub, small_set, step, fault):
    hub.break_next(fault, path=STEPS.get(step, f"/api/models/{REPOSITORY}"))
    with pytest.raises(HubUnreachable) as failed:
        push(plan_push(small_set, REPOSITORY), message="A set")
    assert failed.value.hint
    assert "\n" not in f"{failed.value}{failed.value.hint}"
    hub.mend()
    push(plan_push(small_set, REPOSITORY), message="A set")
    assert hub.commits(REPOSITORY) == ["initial commit", "A set"]
    for name, content in hub.files(REPOSITORY).items():
        assert name == ".gitattributes" or content == (small_set / name).read_bytes()


def test_a_hub_that_limits_the_rate_is_not_waited_for(hub, small_set):
    limit = {"RateLimit": '"api";r=0;t=55'}
    hub.break_next(status(429, limit), path=STEPS["batch"])
    began = time.monotonic()
    with pytest.raises(HubUnreachable, match="answers no more requests"):
        push(plan_push(small_set, REPOSITORY), message="A set")
    assert time.monotonic() - began < 3


def test_a_commit_whose_answer_is_lost_is_found_by_the_next(hub, small_set):
    hub.break_next(cut_after(0), path="/commit/", times=1)
    with pytest.raises(HubUnreachable) as lost:
        push(plan_push(small_set, REPOSITORY), message="A set")
    assert "may be there all the same" in lost.value.hint
    plan = plan_push(small_set, REPOSITORY)
    assert plan.files == {}
    assert hub.commits(REPOSITORY) == ["initial commit", "A set"]


def test_a_commit_may_take_the_hub_longer_than_the_rest(hub, impatient, small_set):
    hub.break_next(Fault("request", lambda *_: time.sleep(0.9) or Reply(500)), path="/commit/")
    with pytest.raises(HubUnreachable, match="answers 500"):
        push(plan_push(small_set, REPOSITORY), message="A set")


def test_what_is_given_up_is_not_committed_later(hub, impatient, small_set):
    released = threading.Event()
    hub.break_next(held(released), path="/uploads/", times=1)
    with pytest.raises(HubUnreachable):
        push(plan_push(small_set, REPOSITORY), message="A set")
    hub.seen.clear()
    released.set()
    time.sleep(0.3)
    assert hub.seen == []
    assert hub.commits(REPOSITORY) == ["initial commit"]


def test_an_upload_that_goes_on_slowly_is_not_given_up(hub, impatient, wide_set, monkeypatch):
    read = sending.WatchedFile.read

    def read_slowly(file, size=-1):
        if file.sending is not None:
            time.sleep(0.12)
        return read(file, size)

    monkeypatch.setattr(sending.WatchedFile, "read", read_slowly)
    began, reports = time.monotonic(), []
    with listening(reports.append):
        commit = push(plan_push(wide_set, REPOSITORY), message="A set")
    assert time.monotonic() - began > 2 * sending.SILENCE
    assert commit == hub.head(REPOSITORY)
    size = (wide_set / "model.safetensors").stat().st_size
    assert {(each.file, each.total) for each in reports} == {
        (f"{REPOSITORY}/model.safetensors", size)
    }
    assert [each.state for each in reports[:-1]] == ["moving"] * (len(reports) - 1)
    assert (reports[-1].state, reports[-1].done) == ("finished", size)
    done = [each.done for each in reports]
    assert done == sorted(done)
    assert len(set(done)) > 5


def test_tensors_are_sent_with_their_length_and_not_through_xet(hub, wide_set, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    push(plan_push(wide_set, REPOSITORY), message="A set")
    sent = (wide_set / "model.safetensors").read_bytes()
    assert hub.files(REPOSITORY)["model.safetensors"] == sent
    assert "xet" not in "".join(seen.path for seen in hub.seen)


def test_a_second_try_of_an_upload_begins_at_its_beginning(hub, wide_set):
    hub.break_next(Fault("request", lambda *_: Reply(503)), path="/uploads/", times=1)
    push(plan_push(wide_set, REPOSITORY), message="A set")
    sent = (wide_set / "model.safetensors").read_bytes()
    assert hub.files(REPOSITORY)["model.safetensors"] == sent


def test_a_repository_that_somebody_has_made_meanwhile_is_not_pushed_to(hub, small_set):
    plan = plan_push(small_set, REPOSITORY, private=True)
    hub.add(REPOSITORY, {"notes.txt": b"theirs"})
    with pytest.raises(HubRefused, match="already"):
        push(plan, message="A set")
    assert hub.commits(REPOSITORY) == ["Add files"]


@pytest.mark.parametrize("fails", [False, True])
def test_the_client_is_left_as_it_was(hub, impatient, small_set, fails):
    session = get_session()
    before = client_logging.get_verbosity(), are_progress_bars_disabled(), dict(vars(session))
    plan = plan_push(small_set, REPOSITORY)
    if fails:
        hub.break_next(Fault("request", lambda *_: Reply(500)), path="/commit/")
        with pytest.raises(HubUnreachable):
            push(plan, message="A set")
    else:
        push(plan, message="A set")
    assert get_session() is session
    after = client_logging.get_verbosity(), are_progress_bars_disabled(), dict(vars(session))
    assert after[:2] == before[:2]
    assert "send" not in after[2]
