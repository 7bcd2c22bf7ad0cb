"""`imgclean weights push`: from a folder to a repository on the Hub, and what stands in the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from loopback_hub import LoopbackHub, hang, not_a_hub, reset, status
from material import ENVIRONMENT, command, write_small_set
from training_pictures import QUICK, write_pictures

from imgclean.weightsets.config import Measurement, read_config
from imgclean.weightsets.store import write_config

REPOSITORY = "someone/sets"
PLACE = f"hf://{REPOSITORY}"
FILES = ["README.md", "config.json", "model.safetensors"]
TOKENS = WRITER, READER, UNKNOWN = "hf_writer", "hf_reader", "hf_nobody"
STEPS = {
    "look": f"/api/models/{REPOSITORY}",
    "validate": "/api/validate-yaml",
    "batch": "/objects/batch",
    "upload": "/uploads/",
    "commit": "/commit/",
}


@pytest.fixture
def hub():
    with LoopbackHub() as running:
        yield running


@pytest.fixture
def environment(hub, tmp_path):
    """The variables of a process that knows this Hub only."""

    def variables(token=WRITER):
        return hub.environment(tmp_path / "home") | {
            "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": token or "",
        }

    return variables


@pytest.fixture
def push(imgclean, hub, environment):
    """Push; whatever comes of it, no token is told to people or to the CDN."""

    def run(folder, *arguments, token=WRITER, repository=REPOSITORY, **variables):
        done = imgclean(
            *("weights", "push", folder, repository, *arguments),
            env=environment(token) | variables,
        )
        assert not any(each in done.stdout + done.stderr for each in TOKENS)
        assert not any(seen.token for seen in hub.seen if seen.host == "cdn")
        return done

    return run


@pytest.fixture
def mine(small_set, tmp_path):
    """A weight set that a test may change."""
    return Path(shutil.copytree(small_set, tmp_path / "mine"))


def content(folder):
    return {name: (Path(folder) / name).read_bytes() for name in FILES}


def is_changing(seen):
    return seen.method not in ("GET", "HEAD") and "/paths-info/" not in seen.path


def changing(hub):
    return [seen for seen in hub.seen if is_changing(seen)]


def errors(done):
    """The two lines that say what is wrong and what to do; there are no others after the plan."""
    lines = done.stderr.splitlines()
    (first,) = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    wrong, hint = lines[first:]
    assert hint.startswith("       ")
    assert all(line.startswith((" ", f"{lines[0].split()[0]} ")) for line in lines[:first])
    return wrong.removeprefix("error: "), hint.strip()


def changed_licence(folder, licence):
    write_config(folder, read_config(folder).model_copy(update={"licence": licence}))


# What is sent


def test_a_pushed_set_comes_back_byte_for_byte_from_one_commit(
    push, imgclean, hub, environment, small_set
):
    done = push(small_set, "--yes", "--json")
    assert done.code == 0, done.stderr
    (line,) = done.lines
    assert line == {
        "repository": REPOSITORY,
        "private": False,
        "files": {name: len(each) for name, each in content(small_set).items()},
        "commit": hub.head(REPOSITORY),
    }
    sha256 = read_config(small_set).sha256
    assert hub.commits(REPOSITORY) == ["initial commit", f"dncnn-small, {sha256[:12]}"]
    there = hub.files(REPOSITORY)
    assert sorted(there) == [".gitattributes", *FILES]
    assert {name: there[name] for name in FILES} == content(small_set)
    pulled = imgclean("weights", "pull", PLACE, "--json", env=environment(None))
    assert pulled.code == 0, pulled.stderr
    place = Path(pulled.lines[0]["place"])
    for file in place.iterdir():
        assert file.read_bytes() == there[file.name]
    assert (place / "model.safetensors").exists()


def test_a_trained_run_goes_up_without_its_own_files_and_places(
    push, imgclean, hub, small_set, tmp_path
):
    write_pictures(tmp_path / "secret" / "clean")
    Path("mine.toml").write_text(
        f"""
        model = "dncnn"
        options = {{channels = 3, depth = 3, width = 4}}
        budget = {{steps = 4}}
        [[stages]]
        name = "first"
        init = "{small_set}/"
        [[stages]]
        name = "second"
        """
    )
    data = ("--data", tmp_path / "secret" / "clean", "--validate", tmp_path / "secret" / "clean")
    trained = imgclean("train", "mine.toml", *data, *QUICK[4:], "--out", "runs/mine")
    assert trained.code == 0, trained.stderr
    own = {path.name for path in Path("runs/mine").iterdir()} - {*FILES}
    assert "recipe.toml" in own
    assert str(tmp_path) not in Path("runs/mine/config.json").read_text()
    Path("runs/mine/checkpoint.pt").touch()
    done = push("runs/mine", "--yes")
    assert done.code == 0, done.stderr
    assert "careful" not in done.stderr
    there = hub.files(REPOSITORY)
    assert sorted(there) == [".gitattributes", *FILES]
    assert {name: there[name] for name in FILES} == content("runs/mine")
    assert str(tmp_path).encode() not in b"".join(there.values())


def test_the_card_on_the_hub_has_its_metadata(push, hub, mine):
    result = Measurement(
        set="CBSD68",
        degradation="gaussian:25",
        images=68,
        psnr=31.234,
        ssim=0.88,
        input_psnr=20.3,
        input_ssim=0.4,
    )
    write_config(mine, read_config(mine).model_copy(update={"results": [result]}))
    done = push(mine, "--yes")
    assert done.code == 0, done.stderr
    assert "licence MIT, 1 result\n" in done.stderr
    card = hub.files(REPOSITORY)["README.md"].decode()
    assert hub.validated == [{"content": card, "repoType": "model"}]
    data = ModelCard(card).data
    assert (data.license, data.library_name, data.pipeline_tag) == (
        "mit",
        "imgclean",
        "image-to-image",
    )
    assert data.model_name == "dncnn-small"
    measured = {each.metric_type: each.metric_value for each in data.eval_results}
    assert measured == {"psnr": 31.23, "ssim": 0.88}


def test_a_card_that_somebody_has_edited_goes_up_as_it_is(push, hub, mine):
    with (mine / "README.md").open("a") as card:
        card.write("Ask me.\n")
    assert push(mine, "--yes").code == 0
    assert hub.files(REPOSITORY)["README.md"].endswith(b"Ask me.\n")


def test_how_far_a_large_file_is_is_told_unless_quiet_is_wanted(push, hub, tmp_path):
    wide = write_small_set(tmp_path / "wide", width=150)
    done = push(wide, "--yes")
    assert f"{REPOSITORY}/model.safetensors: 846.2 kB, done" in done.stderr.splitlines()
    again = push(wide, "--yes", "--quiet", repository="someone/others")
    assert (again.code, again.stderr) == (0, "")


def test_the_same_set_is_not_sent_twice(push, hub, small_set):
    push(small_set, "--yes")
    commits, head = hub.commits(REPOSITORY), hub.head(REPOSITORY)
    hub.seen.clear()
    again = push(small_set, "--json")  # there is nothing to be asked
    assert again.code == 0, again.stderr
    assert "all of it is there already" in again.stderr
    assert (again.lines[0]["files"], again.lines[0]["commit"]) == ({}, head)
    assert hub.commits(REPOSITORY) == commits
    assert not changing(hub)


def test_of_a_changed_set_only_what_changed_is_sent(push, hub, mine):
    hub.add(REPOSITORY, {"notes.txt": b"theirs"})
    assert push(mine, "--yes").code == 0
    before = hub.files(REPOSITORY)
    changed_licence(mine, "Apache-2.0")
    hub.seen.clear()
    again = push(mine, "--yes", "--json", "--message", "Another licence")
    assert again.code == 0, again.stderr
    assert [*again.lines[0]["files"]] == ["README.md", "config.json"]
    assert hub.commits(REPOSITORY)[1:] == [
        f"dncnn-small, {read_config(mine).sha256[:12]}",
        "Another licence",
    ]
    assert hub.files(REPOSITORY) == before | content(mine)
    assert "PUT" not in {seen.method for seen in hub.seen}


def test_private_is_what_is_made_and_what_is_kept(push, hub, mine):
    first = push(mine, "--yes", "--private", "--json")
    assert first.lines[0]["private"]
    assert "(new, private)" in first.stderr
    assert hub.repositories[REPOSITORY].private
    changed_licence(mine, "Apache-2.0")
    second = push(mine, "--yes", "--json")
    assert second.lines[0]["private"]
    assert hub.repositories[REPOSITORY].private


def test_private_is_refused_for_what_is_public(push, hub, small_set):
    hub.add(REPOSITORY, {"notes.txt": b"theirs"})
    done = push(small_set, "--yes", "--private")
    assert done.code == 2
    assert errors(done) == (f"{PLACE} is there, and public", "leave --private out, or name another")
    assert not changing(hub)


# Before anything is sent


@pytest.mark.parametrize("is_there", [False, True])
def test_a_dry_run_shows_the_plan_and_sends_nothing(push, hub, small_set, is_there):
    if is_there:
        hub.add(REPOSITORY, {"README.md": (small_set / "README.md").read_bytes()})
    done = push(small_set, "--dry-run", "--json")
    assert done.code == 0, done.stderr
    wanted = FILES[1:] if is_there else FILES
    assert done.lines[0]["commit"] is None
    assert [*done.lines[0]["files"]] == wanted
    assert [line.split(",")[0].strip() for line in done.stderr.splitlines()[1:-2]] == wanted
    assert done.stderr.endswith("nothing was sent\n")
    assert not changing(hub)


def test_with_nobody_to_ask_nothing_is_sent(push, hub, small_set):
    done = push(small_set, "--quiet")
    assert done.code == 2
    assert errors(done) == ("nobody is there to be asked", "add --yes, or --dry-run")
    assert not changing(hub)


class Terminal:
    """A push with a person before it."""

    def __init__(self, folder, environment):
        pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command("weights", "push", folder, REPOSITORY),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=ENVIRONMENT | {"TERM": "xterm-256color"} | environment,
        )
        os.close(theirs)
        self.screen = ""

    def wait_for(self, text):
        while text not in self.screen:
            piece = os.read(self.ours, 65536)
            assert piece, self.screen
            self.screen += piece.decode()

    def answer(self, text):
        self.wait_for("Send it?")
        os.write(self.ours, text.encode())
        try:
            while piece := os.read(self.ours, 65536):
                self.screen += piece.decode()
        except OSError:  # Linux's end of file
            pass
        os.close(self.ours)
        return self.process.wait(), self.screen


@pytest.mark.parametrize(("typed", "code"), [("n\n", 0), ("\n", 0), ("\x04", 1)])
def test_who_does_not_say_yes_sends_nothing(hub, environment, small_set, typed, code):
    ended, screen = Terminal(small_set, environment()).answer(typed)
    assert ended == code
    assert "model.safetensors, 2.2 kB" in screen
    assert "Traceback" not in screen
    assert not changing(hub)


def test_who_says_yes_sends_it(hub, environment, small_set):
    ended, screen = Terminal(small_set, environment()).answer("y\n")
    assert ended == 0, screen
    assert f"sent: {PLACE}@{hub.head(REPOSITORY)}" in screen
    assert sorted(hub.files(REPOSITORY)) == [".gitattributes", *FILES]


def test_a_commit_of_somebody_else_in_between_is_not_built_upon(hub, environment, small_set):
    hub.add(REPOSITORY, {"notes.txt": b"theirs"})
    terminal = Terminal(small_set, environment())
    terminal.wait_for("Send it?")
    newer = hub.add(REPOSITORY, {"README.md": b"theirs"})
    ended, screen = terminal.answer("y\n")
    assert ended == 1
    assert f"{PLACE}: somebody has changed it meanwhile" in screen
    assert "look at it, and push again" in screen
    assert hub.head(REPOSITORY) == newer


def test_a_set_that_changes_while_somebody_thinks_is_not_sent(hub, environment, mine):
    terminal = Terminal(mine, environment())
    terminal.wait_for("Send it?")
    changed_licence(mine, "Apache-2.0")
    ended, screen = terminal.answer("y\n")
    assert ended == 1
    assert "has changed meanwhile" in screen
    assert not changing(hub)


# What is not published


def test_an_unknown_licence_is_not_published(push, hub, mine):
    changed_licence(mine, "NOASSERTION")
    done = push(mine, "--yes")
    assert done.code == 2
    wrong, hint = errors(done)
    assert wrong == "the licence of dncnn-small is not known, and the repository is public"
    assert "`imgclean weights convert FILE --licence MIT`" in hint
    assert not changing(hub)
    assert push(mine, "--yes", "--private").code == 0
    assert hub.repositories[REPOSITORY].private


def test_a_place_on_this_machine_in_the_config_is_pointed_out(push, hub, mine):
    config = json.loads((mine / "config.json").read_text())
    config["options"]["teacher"] = "/home/me/teacher"
    (mine / "config.json").write_text(json.dumps(config))
    done = push(mine, "--dry-run")
    assert done.code == 0, done.stderr
    careful = "careful: config.json names a place on this machine: options.teacher ="
    assert f"  {careful} /home/me/teacher" in done.stderr.splitlines()


@pytest.mark.parametrize(
    ("spoil", "wrong", "todo"),
    [
        ("damage", "does not have the sha256 that config.json states", "make it again"),
        ("card", "mine is not whole: it has no README.md", "make it again"),
        ("tensors", "mine is not whole: it has no model.safetensors", "make it again"),
        ("config", "mine is not a weight set: config.json cannot be read", "a folder with"),
        ("run", "mine is a training run that is not finished: it has no config.json", "--resume`"),
        ("folder", "mine is no folder", "name the folder of a weight set"),
    ],
)
def test_what_is_no_whole_set_is_refused_before_the_hub_is_asked(
    push, hub, mine, spoil, wrong, todo
):
    if spoil == "damage":
        with (mine / "model.safetensors").open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x55")
    elif spoil == "folder":
        shutil.rmtree(mine)
    else:
        names = {"card": "README.md", "tensors": "model.safetensors"}
        (mine / names.get(spoil, "config.json")).unlink()
    if spoil == "run":
        (mine / "recipe.toml").touch()
        (mine / "checkpoint.pt").touch()
    done = push(mine, "--yes")
    assert done.code == (2 if spoil == "folder" else 1)
    said, hint = errors(done)
    assert wrong in said
    assert todo in hint
    assert not hub.seen


def test_what_is_no_name_on_the_hub_is_refused(push, hub, small_set):
    done = push(small_set, "--yes", repository="hf://sets@v1")
    assert done.code == 2
    assert errors(done) == ("sets@v1 is no name on the Hub", "write OWNER/NAME")
    assert not hub.seen


def test_the_repository_may_be_a_reference_with_a_slash_at_its_end(push, hub, small_set):
    done = push(small_set, "--dry-run", repository=f"hf://{REPOSITORY}/")
    assert done.code == 0
    assert f"to hf://{REPOSITORY} (new, public)" in done.stderr


# Tokens


def test_without_a_token_nothing_is_asked(push, hub, small_set):
    done = push(small_set, "--yes", token=None)
    assert done.code == 1
    wrong, hint = errors(done)
    assert "wants a token" in wrong
    assert "HF_TOKEN" in hint
    assert not hub.seen


def test_offline_nothing_is_sent(push, hub, small_set):
    done = push(small_set, "--yes", "--offline")
    assert done.code == 1
    wrong, hint = errors(done)
    assert wrong == f"{PLACE}: nothing can be sent: offline"
    assert "--offline" in hint
    assert not hub.seen


@pytest.mark.parametrize("is_there", [False, True])
def test_a_token_that_may_only_read_changes_nothing(push, hub, small_set, is_there):
    if is_there:
        hub.add(REPOSITORY, {"notes.txt": b"theirs"})
    done = push(small_set, "--yes", token=READER)
    assert done.code == 1
    wrong, hint = errors(done)
    assert "you must use a write token" in wrong
    assert hint == "check HF_TOKEN, and what it may do"
    assert (hub.repositories.keys() == {REPOSITORY}) == is_there
    assert not is_there or hub.commits(REPOSITORY) == ["Add files"]


def test_a_token_that_is_unknown_is_said_to_be(push, hub, small_set):
    done = push(small_set, "--yes", token=UNKNOWN)
    assert done.code == 1
    wrong, hint = errors(done)
    assert "Invalid credentials" in wrong
    assert hint == "check HF_TOKEN, and what it may do"
    assert not changing(hub)


# What goes wrong on the way


def refused(push, hub, folder, *, within=10.0):
    """Push in vain, and soon; return the two lines. The repository has nothing of it."""
    began = time.monotonic()
    done = push(folder, "--yes")
    assert time.monotonic() - began < within
    assert done.code == 1
    assert done.stdout == ""
    if REPOSITORY in hub.repositories:
        assert hub.commits(REPOSITORY) == ["initial commit"]
    return errors(done)


@pytest.mark.parametrize("step", ["look", "upload", "commit"])
def test_a_failing_hub_is_given_up(push, hub, small_set, step):
    hub.break_next(status(500), path=STEPS[step])
    wrong, hint = refused(push, hub, small_set)
    assert "500" in wrong
    assert "signature" not in wrong
    expected = {"upload": "push again", "commit": "push again, what is there is not sent"}
    assert expected.get(step, "try again later") in hint


def test_one_failure_is_passed_by_in_silence(push, hub, small_set):
    hub.break_next(status(503), path=STEPS["upload"], times=1)
    done = push(small_set, "--yes")
    assert done.code == 0, done.stderr
    assert "503" not in done.stderr
    assert {name: hub.files(REPOSITORY)[name] for name in FILES} == content(small_set)


def test_a_hub_that_wants_a_long_wait_is_not_waited_for(push, hub, small_set):
    hub.break_next(status(429, {"Retry-After": "300"}), path=STEPS["batch"])
    wrong, _ = refused(push, hub, small_set)
    assert "for 300 s (429)" in wrong


@pytest.mark.parametrize("step", ["look", "validate", "commit"])
def test_a_login_page_is_no_hub(push, hub, small_set, step):
    hub.break_next(not_a_hub(), path=STEPS[step])
    wrong, hint = refused(push, hub, small_set)
    assert wrong == f"{PLACE}: {hub.endpoint} does not answer as the Hub does"
    assert "login page" in hint or step == "commit"


def test_a_login_page_for_the_upload_does_not_pass_for_one(push, hub, small_set):
    hub.break_next(not_a_hub(), path=STEPS["upload"])
    wrong, _ = refused(push, hub, small_set)
    assert "answers 404" in wrong


def test_a_connection_that_breaks_is_given_up(push, hub, small_set):
    hub.break_next(reset(), path=STEPS["upload"])
    wrong, _ = refused(push, hub, small_set)
    assert wrong.startswith(f"{PLACE}: cannot reach 127.0.0.1: ")


def test_a_silent_host_is_given_up_within_ten_seconds(push, hub, small_set):
    hub.break_next(hang(), path=STEPS["upload"])
    wrong, hint = refused(push, hub, small_set)
    assert wrong == f"{PLACE}: {hub.cdn.removeprefix('http://')} has not answered for 7 s"
    assert hint == "check the network, HTTPS_PROXY and HF_ENDPOINT, and push again"


def test_an_interrupted_push_commits_nothing(hub, environment, small_set):
    hub.break_next(hang(), path=STEPS["upload"])
    process = subprocess.Popen(
        command("weights", "push", small_set, REPOSITORY, "--yes", "--quiet"),
        env=ENVIRONMENT | environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    hub.wait_for(lambda seen: seen.method == "PUT")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert hub.commits(REPOSITORY) == ["initial commit"]


def test_a_hub_that_is_not_there_is_said_to_be(push, hub, small_set):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
    done = push(small_set, "--yes", HF_ENDPOINT=closed)
    assert done.code == 1
    wrong, hint = errors(done)
    assert wrong.startswith(f"{PLACE}: cannot reach 127.0.0.1: ConnectError")
    assert "HF_ENDPOINT" in hint


def test_a_cdn_that_is_not_there_is_said_to_be(push, hub, small_set):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        hub.cdn = f"http://127.0.0.1:{taken.getsockname()[1]}"
    wrong, _ = refused(push, hub, small_set, within=5)
    assert wrong.startswith(f"{PLACE}: cannot reach 127.0.0.1: ConnectError")


def test_a_card_that_the_hub_refuses_is_named(push, hub, small_set):
    said = json.dumps({"errors": [{"message": '"license" must be one of'}], "warnings": []})
    hub.break_next(status(400, {"Content-Type": "application/json"}, said), path=STEPS["validate"])
    wrong, hint = refused(push, hub, small_set)
    assert '"license" must be one of' in wrong
    assert str(small_set / "README.md") in hint


def test_what_the_hub_finds_odd_in_a_card_is_no_line_of_the_clients(push, hub, small_set):
    said = json.dumps({"errors": [], "warnings": [{"message": "empty or missing yaml metadata"}]})
    hub.break_next(status(200, {"Content-Type": "application/json"}, said), path=STEPS["validate"])
    done = push(small_set, "--yes")
    assert done.code == 0, done.stderr
    assert "UserWarning" not in done.stderr


def test_a_push_that_failed_goes_on_with_what_is_missing(push, hub, small_set):
    hub.break_next(reset(), path=STEPS["commit"], times=1)
    assert push(small_set, "--yes").code == 1
    hub.seen.clear()
    done = push(small_set, "--yes")
    assert done.code == 0, done.stderr
    assert "(public)" in done.stderr
    assert "PUT" not in {seen.method for seen in hub.seen}
    assert {name: hub.files(REPOSITORY)[name] for name in FILES} == content(small_set)
