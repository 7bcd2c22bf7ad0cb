"""What comes in the Hub's place, or from the environment: refused in a typed error, and in time."""

import socket
import time

import pytest
from hub_here import hub_here
from loopback_hub import Fault
from loopback_hub_transport import Reply

from imgclean.errors import (
    HubUnreachable,
)
from imgclean.weightsets.hub import cache, download
from imgclean.weightsets.hub.client import RemoteFile
from imgclean.weightsets.hub.pull import pull_file
from imgclean.weightsets.hub.reference import HubReference

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
