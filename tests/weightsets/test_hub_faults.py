"""What comes in the Hub's place, or from the environment: refused in a typed error, and in time."""

import socket
import time

import pytest
from hub_here import hub_here
from loopback_hub import Fault, not_a_hub, status
from loopback_hub_transport import Reply

from imgclean.errors import (
    FileNotOnHub,
    HubError,
    HubRefused,
    HubUnreachable,
    WeightsCorrupt,
)
from imgclean.weightsets.hub import cache, download
from imgclean.weightsets.hub.client import RemoteFile
from imgclean.weightsets.hub.pull import pull_file, pull_set
from imgclean.weightsets.hub.reference import HubReference
from imgclean.weightsets.hub.sets import pull_reference

NET = HubReference("someone/nets", file="net.pth")
STATED = {"X-Repo-Commit": "c" * 40, "ETag": '"1"'}


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with hub_here(monkeypatch, tmp_path) as running:
        running.add("someone/nets", {"net.pth": b"x" * 1000})
        yield running


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(download, "SILENCE", 1.0)


def late(seconds, code):
    """Answer after a while."""

    def act(met, stopping):
        stopping.wait(seconds)
        return Reply(code)

    return Fault("request", act)


# In time


def test_a_storage_whose_name_is_looked_up_without_end_is_given_up(monkeypatch, hub, impatient):
    def look_up(host, *arguments, **options):
        if "storage" in str(host):
            time.sleep(5)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return found(host, *arguments, **options)

    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    remote = RemoteFile(NET, "net.pth", "c" * 40, "1", 1, "http://storage.invalid/net.pth", {})
    begun = time.monotonic()
    with pytest.raises(HubUnreachable, match="no byte has come"):
        download.download(remote, cache.partial_of("someone/nets", "1"))
    assert time.monotonic() - begun < 4


def test_a_storage_that_takes_its_time_to_fail_is_not_asked_again(hub, impatient):
    hub.break_next(late(0.7, 503), method="GET")
    with pytest.raises(HubUnreachable, match="answers 503"):
        pull_file(NET)
    assert [each.method for each in hub.seen if "/api/" not in each.path] == ["HEAD", "GET"]


def test_what_a_repository_has_is_asked_for_once_and_only_for_a_hint(hub):
    hub.add("someone/nets", {"model.safetensors": b"1"})
    pull_reference(HubReference("someone/nets", file="model.safetensors"))
    assert not any("/api/models/" in each.path for each in hub.seen)
    with pytest.raises(FileNotOnHub) as caught:
        pull_reference(HubReference("someone/nets", file="in/model.safetensors"))
    assert caught.value.hint == "it has model.safetensors, net.pth"
    assert sum("/api/models/" in each.path for each in hub.seen) == 1


def test_a_listing_that_takes_its_time_is_done_without(hub):
    hub.break_next(late(3.0, 503), path="/api/models/")
    begun = time.monotonic()
    with pytest.raises(FileNotOnHub, match="the repository has no such file"):
        pull_reference(HubReference("someone/nets", file="other.pth"))
    assert time.monotonic() - begun < 5


def test_a_set_whose_tensors_are_not_there_is_refused_with_a_hint(hub, small_set):
    hub.add("someone/sets", {"config.json": (small_set / "config.json").read_bytes()})
    with pytest.raises(FileNotOnHub, match=r"model\.safetensors: the repository has no") as caught:
        pull_set(HubReference("someone/sets"))
    assert caught.value.hint


# Answers of another kind


@pytest.mark.parametrize(
    "headers",
    [
        STATED | {"Location": "http://[::1"},
        STATED | {"Location": "http://storage:99999999/"},
        STATED | {"Location": f"http://{'a' * 70}.invalid/"},
    ],
    ids=["bracket", "port", "label"],
)
def test_an_address_that_is_none_is_refused(hub, headers):
    hub.break_next(status(302, headers), method="HEAD")
    with pytest.raises(HubUnreachable):
        pull_file(NET)


@pytest.mark.parametrize("wait", ["9" * 5000, "-1", "soon"])
def test_a_wait_that_is_no_number_of_seconds_is_none(hub, wait):
    hub.break_next(status(429, {"Retry-After": wait}))
    with pytest.raises(HubUnreachable, match=r"no more requests \(429\)"):
        pull_file(NET)


@pytest.mark.parametrize("body", ["null", "[1]", '"x"', "{}", '{"siblings": [{}]}', "[" * 100_000])
def test_a_listing_of_another_kind_costs_the_hint_alone(hub, body):
    hub.break_next(status(200, {"Content-Type": "application/json"}, body), path="/api/")
    with pytest.raises(FileNotOnHub, match="the repository has no such file") as caught:
        pull_reference(HubReference("someone/nets", file="other.pth"))
    assert caught.value.hint == "look at what it has, on its page"


@pytest.mark.parametrize("fault", [status(503), status(429), not_a_hub()])
def test_a_listing_that_fails_says_nothing_of_its_own(hub, fault, capfd):
    hub.break_next(fault, path="/api/")
    with pytest.raises(FileNotOnHub):
        pull_reference(HubReference("someone/nets", file="other.pth"))
    assert capfd.readouterr() == ("", "")


def test_a_file_of_another_length_is_refused_where_the_hub_states_no_hash(hub):
    hub.break_next(status(200, STATED, "x" * 1000), method="HEAD")
    hub.break_next(status(200, {}, "x" * 10), method="GET")
    with pytest.raises(WeightsCorrupt):
        pull_file(NET)
    assert list(cache.cache_folder().rglob("*net.pth")) == []
    hub.mend()
    hub.break_next(status(200, STATED, "x" * 1000), method="HEAD")
    assert pull_file(NET).path.read_bytes() == b"x" * 1000


# A set in part


@pytest.mark.parametrize("name", ["config.json", "README.md", "model.safetensors"])
def test_a_set_of_which_one_file_could_not_be_had_is_completed_by_the_next_pull(
    hub, small_set, name
):
    files = {path.name: path.read_bytes() for path in small_set.iterdir()}
    hub.add("someone/sets", files)
    hub.break_next(status(500), path=name)
    with pytest.raises(HubError):
        pull_set(HubReference("someone/sets"))
    hub.mend()
    folder = pull_set(HubReference("someone/sets"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


# Secrets


@pytest.mark.parametrize("token", ["hf_\u201csecret\u201d", "hf_s\u00e9cret", "hf_\x7fsecret"])
def test_a_token_that_can_be_none_is_refused_and_not_shown(hub, monkeypatch, token):
    hub.add("someone/nets", {}, private=True)
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HubRefused, match="a character that no token has") as caught:
        pull_file(NET)
    assert "cret" not in str(caught.value) + caught.value.hint
    assert {each.token for each in hub.seen} == {None}


def test_a_token_that_cannot_be_read_is_said(hub, tmp_path):
    hub.add("someone/nets", {}, private=True)
    (tmp_path / "token").mkdir()
    with pytest.raises(HubRefused, match="the token cannot be read"):
        pull_file(NET)


def test_the_password_of_a_mirror_is_not_shown(hub, monkeypatch):
    mirror = hub.endpoint.replace("//", "//user:secret@")
    template = mirror + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", mirror)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    hub.break_next(status(500))
    with pytest.raises(HubUnreachable, match=r"http://127\.0\.0\.1:") as caught:
        pull_file(NET)
    assert "secret" not in str(caught.value)
