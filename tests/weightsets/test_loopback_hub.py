"""The Hub on loopback is a Hub to the Hub's own client, and breaks exactly as it is asked to."""

from __future__ import annotations

import hashlib
import http.client
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download
from huggingface_hub import constants as client_constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import close_session
from loopback_hub import (
    LoopbackHub,
    cut_after,
    flip,
    hang,
    hang_after,
    hold,
    ignore_range,
    not_a_hub,
    reset,
    slow,
    status,
)

READER, WRITER = "hf_reader", "hf_writer"
CARD = b"---\nlicense: mit\n---\n# A set\n"
LARGE = bytes(range(256)) * 1200  # several pieces


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(client_constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(client_constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    close_session()
    with LoopbackHub() as running:
        yield running
        close_session()


@pytest.fixture
def stocked(hub):
    hub.add("someone/sets", {"README.md": CARD, "in/set.safetensors": LARGE})
    return hub


def download(hub, folder, name, *, repository="someone/sets", token=False, **options):
    path = hf_hub_download(
        repository, name, endpoint=hub.endpoint, cache_dir=folder, token=token, **options
    )
    return Path(path).read_bytes()


def client(hub, token=WRITER):
    return HfApi(endpoint=hub.endpoint, token=token)


def fetch(address, *, asked=None, method="GET", timeout=30, body=None, into=None):
    """The status, headers and bytes of an answer, and how it ended."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    received, answer = bytearray() if into is None else into, None
    try:
        headers = {} if asked is None else {"Range": asked}
        connection.request(method, address.removeprefix(f"http://{parts.netloc}"), body, headers)
        answer = connection.getresponse()
        while piece := answer.read1(65536):
            received += piece
        ended = "cut" if answer.length else "complete"
    except TimeoutError:
        ended = "silent"
    except http.client.RemoteDisconnected:
        ended = "closed"
    except ConnectionResetError:
        ended = "reset"
    finally:
        connection.close()
        if answer:
            answer.close()
    return answer and answer.status, answer and answer.headers, bytes(received), ended


def resolved(hub, name="README.md", revision="main"):
    return f"{hub.endpoint}/someone/sets/resolve/{revision}/{name}"


# A Hub to its client


def test_a_process_with_the_environment_downloads_small_and_large_files_alike(stocked, tmp_path):
    program = (
        "import sys; from huggingface_hub import hf_hub_download as get\n"
        "for name in sys.argv[1:]: print(get('someone/sets', name))"
    )
    names = ("README.md", "in/set.safetensors")
    outcome = subprocess.run(
        [sys.executable, "-c", program, *names],
        env=stocked.environment(tmp_path, token=READER),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    paths = [Path(line) for line in outcome.stdout.splitlines()]
    assert [path.read_bytes() for path in paths] == [CARD, LARGE]
    assert all(path.is_relative_to(tmp_path) for path in paths)
    assert {seen.token for seen in stocked.seen if seen.host == "hub"} == {"hf_reader"}


def test_the_environment_has_nothing_of_another_hub_or_a_proxy(hub, tmp_path, monkeypatch):
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HUGGINGFACE_CO_RESOLVE_ENDPOINT", "https_proxy"):
        monkeypatch.setenv(name, "http://elsewhere")
    given = hub.environment(tmp_path)
    assert "http://elsewhere" not in given.values()
    assert given["HF_ENDPOINT"] == hub.endpoint


def test_a_file_on_disk_is_sent_from_there(hub, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(LARGE)
    hub.add("someone/sets", {"set.pth": source})
    assert download(hub, tmp_path / "cache", "set.pth") == LARGE
    assert hub.files("someone/sets") == {"set.pth": LARGE}


def test_the_cdn_never_sees_a_token(stocked, tmp_path):
    download(stocked, tmp_path, "in/set.safetensors", token=READER)
    assert [(seen.host, seen.method, seen.token) for seen in stocked.seen] == [
        ("hub", "HEAD", "hf_reader"),
        ("cdn", "GET", None),
    ]


def test_the_cdn_refuses_an_address_that_was_not_signed(stocked):
    oid = hashlib.sha256(LARGE).hexdigest()
    address = f"{stocked.cdn}/repos/someone/sets/{oid}?filename=set&signature=0"
    assert fetch(address)[0] == 403


def test_etags_are_the_hashes_of_what_is_sent(stocked):
    small, large = fetch(resolved(stocked))[1], fetch(resolved(stocked, "in/set.safetensors"))[1]
    git = hashlib.sha1(b"blob %d\0" % len(CARD) + CARD, usedforsecurity=False)
    assert small["ETag"] == f'"{git.hexdigest()}"'
    assert large["X-Linked-Etag"] == f'"{hashlib.sha256(LARGE).hexdigest()}"'
    assert large["X-Linked-Size"] == str(len(LARGE))


def test_a_private_repository_needs_a_token(hub, tmp_path):
    hub.add("someone/sets", {"README.md": CARD}, private=True)
    with pytest.raises(RepositoryNotFoundError) as refused:
        download(hub, tmp_path, "README.md")
    assert refused.value.response.status_code == 401
    assert download(hub, tmp_path, "README.md", token=READER) == CARD


def test_a_gated_repository_lets_in_who_was_accepted(hub, tmp_path):
    hub.add("someone/sets", {"README.md": CARD}, gated=True)
    for token, code in ((False, 401), ("hf_reader", 403)):
        with pytest.raises(GatedRepoError) as refused:
            download(hub, tmp_path, "README.md", token=token)
        assert refused.value.response.status_code == code
    hub.accepted.add("hf_reader")
    assert download(hub, tmp_path, "README.md", token=READER) == CARD


@pytest.mark.parametrize(
    ("asked", "error", "code"),
    [
        ({"repository": "someone/none"}, RepositoryNotFoundError, 401),
        ({"repository": "someone/none", "token": "hf_reader"}, RepositoryNotFoundError, 404),
        ({"revision": "none"}, RevisionNotFoundError, 404),
        ({"name": "none.pth"}, RemoteEntryNotFoundError, 404),
        ({"token": "hf_unknown"}, HfHubHTTPError, 401),
    ],
)
def test_what_is_missing_is_the_clients_own_error(stocked, tmp_path, asked, error, code):
    with pytest.raises(error) as refused:
        download(stocked, tmp_path, **({"name": "README.md"} | asked))
    assert type(refused.value) is error
    assert refused.value.response.status_code == code


def test_a_token_that_is_not_known_is_said_to_be_wrong(stocked):
    with pytest.raises(HfHubHTTPError, match="Invalid credentials in Authorization header"):
        client(stocked, "hf_unknown").model_info("someone/sets")


def test_branches_tags_and_commits_keep_what_they_had(hub, tmp_path):
    first = hub.add("someone/sets", {"set.pth": b"one"})
    hub.tag("someone/sets", "v1", first)
    second = hub.add("someone/sets", {"set.pth": b"two"})
    hub.add("someone/sets", {"set.pth": b"three"}, revision="next")
    revisions = {first: b"one", "v1": b"one", second: b"two", "main": b"two", "next": b"three"}
    for revision, content in revisions.items():
        assert download(hub, tmp_path, "set.pth", revision=revision) == content
    assert first != second
    assert hub.head("someone/sets") == second


def test_a_commit_that_was_tampered_with_has_its_old_id(hub, tmp_path):
    commit = hub.add("someone/sets", {"set.pth": LARGE})
    hub.replace_silently("someone/sets", commit, "set.pth", b"other")
    assert download(hub, tmp_path, "set.pth", revision=commit) == b"other"
    assert hub.head("someone/sets") == commit


def test_listings_tell_every_file(stocked):
    api, names = client(stocked), ["README.md", "in/set.safetensors"]
    information = api.model_info("someone/sets", files_metadata=True)
    assert information.sha == stocked.head("someone/sets")
    assert [sibling.rfilename for sibling in information.siblings] == names
    assert information.siblings[1].lfs.sha256 == hashlib.sha256(LARGE).hexdigest()
    stocked.page_size = 1
    assert api.list_repo_files("someone/sets") == names
    assert [entry.path for entry in api.list_repo_tree("someone/sets")] == ["in", "README.md"]
    assert [entry.path for entry in api.list_repo_tree("someone/sets", "in")] == names[1:]
    found = api.get_paths_info("someone/sets", ["in/set.safetensors", "none"], expand=True)
    assert [(entry.path, entry.size) for entry in found] == [(names[1], len(LARGE))]


# Pushing


# The client sends large files in a way that its own HTTP library wants changed.
@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")
def test_a_push_is_one_commit_and_comes_back_alike(hub, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "README.md").write_bytes(CARD)
    (folder / "set.safetensors").write_bytes(LARGE)
    api = client(hub)
    assert api.create_repo("someone/sets", private=True).repo_id == "someone/sets"
    operations = [CommitOperationAdd(path.name, path) for path in sorted(folder.iterdir())]
    made = api.create_commit("someone/sets", operations, commit_message="A set")
    assert hub.commits("someone/sets") == ["initial commit", "A set"]
    assert made.oid == hub.head("someone/sets")
    for name, content in (("README.md", CARD), ("set.safetensors", LARGE)):
        assert hub.files("someone/sets")[name] == content
        assert download(hub, tmp_path, name, token=READER) == content
    assert hub.validated == [{"content": CARD.decode(), "repoType": "model"}]
    assert [seen.token for seen in hub.seen if seen.method == "PUT"] == [None]


def test_bytes_that_are_there_are_not_sent_again(stocked):
    operations = [CommitOperationAdd("copy.safetensors", LARGE), CommitOperationDelete("README.md")]
    client(stocked).create_commit("someone/sets", operations, commit_message="Move")
    assert stocked.files("someone/sets").keys() == {"copy.safetensors", "in/set.safetensors"}
    assert "PUT" not in {seen.method for seen in stocked.seen}
    commits = stocked.commits("someone/sets")
    operations = [CommitOperationAdd("copy.safetensors", LARGE)]
    client(stocked).create_commit("someone/sets", operations, commit_message="Again")
    assert stocked.commits("someone/sets") == commits


def test_an_upload_of_other_bytes_than_announced_is_refused(stocked):
    oid = hashlib.sha256(b"these").hexdigest()
    address = stocked.signed(f"/uploads/someone/sets/{oid}", size=5)
    assert fetch(address, method="PUT", body=b"those")[0] == 400
    assert fetch(address, method="PUT", body=iter([b"the", b"se"]))[0] == 200


def test_a_commit_on_an_older_one_is_refused(stocked):
    older = stocked.head("someone/sets")
    stocked.add("someone/sets", {"README.md": b"newer"})
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as refused:
        client(stocked).create_commit(
            "someone/sets",
            [CommitOperationAdd("notes.txt", b"older")],
            commit_message="Late",
            parent_commit=older,
        )
    assert refused.value.response.status_code == 412


@pytest.mark.parametrize(("token", "code"), [("hf_reader", 403), (False, 401)])
def test_a_push_needs_a_token_that_writes(stocked, token, code):
    api, operation = client(stocked, token), CommitOperationAdd("notes.txt", b"notes")
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_commit("someone/sets", [operation], commit_message="Notes")
    assert refused.value.response.status_code == code
    assert refused.value.response.headers["X-Error-Message"]
    with pytest.raises(HfHubHTTPError) as refused:
        api.create_repo("someone/others")
    assert refused.value.response.status_code == code


def test_a_repository_is_created_once(stocked):
    with pytest.raises(HfHubHTTPError) as refused:
        client(stocked).create_repo("someone/sets")
    assert refused.value.response.status_code == 409
    assert client(stocked).create_repo("someone/sets", exist_ok=True).repo_id == "someone/sets"


def test_tags_are_made_and_told_and_tokens_known(stocked):
    api = client(stocked)
    api.create_tag("someone/sets", tag="v1")
    assert [tag.name for tag in api.list_repo_refs("someone/sets").tags] == ["v1"]
    assert [commit.title for commit in api.list_repo_commits("someone/sets")] == ["Add files"]
    assert api.whoami()["auth"]["accessToken"]["role"] == "write"


# Ranges and faults


def test_a_range_is_sent_and_one_beyond_the_end_refused(stocked):
    address = resolved(stocked)
    code, headers, content, _ = fetch(address, asked="bytes=4-9")
    assert (code, content) == (206, CARD[4:10])
    assert headers["Content-Range"] == f"bytes 4-9/{len(CARD)}"
    assert fetch(address, asked="bytes=20-")[2] == CARD[20:]
    assert fetch(address, asked="bytes=-3")[2] == CARD[-3:]
    assert fetch(address, asked=f"bytes={len(CARD)}-")[0] == 416
    stocked.break_next(ignore_range())
    assert fetch(address, asked="bytes=4-9")[::2] == (200, CARD)


@pytest.mark.parametrize(
    ("fault", "code", "content", "ended"),
    [
        (status(503, {"Retry-After": "1"}, "busy"), 503, b"busy", "complete"),
        (hang(), None, b"", "silent"),
        (hang_after(7), 200, CARD[:7], "silent"),
        (cut_after(7), 200, CARD[:7], "reset"),
        (cut_after(7, hard=False), 200, CARD[:7], "cut"),
        (flip(2), 200, CARD[:2] + bytes([CARD[2] ^ 0xFF]) + CARD[3:], "complete"),
        (reset(), None, b"", "reset"),
        (reset(hard=False), None, b"", "closed"),
    ],
)
def test_a_fault_does_what_it_says_until_mended(stocked, fault, code, content, ended):
    stocked.break_next(fault, path="README")
    for _ in range(1 if ended == "silent" else 2):
        timeout = 0.5 if ended == "silent" else 30
        found, _, received, how = fetch(resolved(stocked), timeout=timeout)
        assert (found, received, how) == (code, content, ended)
    assert fault.met.is_set()
    stocked.mend()
    assert fetch(resolved(stocked))[2] == CARD


@pytest.mark.parametrize("count", [70_000, 3 * 65536, len(LARGE)])
def test_a_reset_loses_no_byte_before_it(hub, count):
    hub.add("someone/sets", {"notes.txt": LARGE})
    hub.break_next(cut_after(count))
    _, _, received, ended = fetch(resolved(hub, "notes.txt"))
    assert received == LARGE[:count]
    assert ended == ("reset" if count < len(LARGE) else "complete")


def test_a_fault_is_met_by_the_requests_that_match_and_so_often(stocked):
    stocked.break_next(status(500), method="GET", host="hub", path="README", times=1)
    stocked.break_next(status(429), path="README", times=1)
    codes = [fetch(resolved(stocked), method=method)[0] for method in ("HEAD", "GET", "GET")]
    assert codes == [429, 500, 200]
    assert fetch(resolved(stocked, "none"))[0] == 404


def test_a_network_that_wants_a_login_is_no_hub_to_the_client(stocked, tmp_path):
    stocked.break_next(not_a_hub())
    with pytest.raises(LocalEntryNotFoundError, match="X-Repo-Commit"):
        download(stocked, tmp_path, "README.md")


def test_slow_bytes_keep_flowing(hub):
    hub.add("someone/sets", {"notes.txt": LARGE[:3000]})
    hub.break_next(slow(5_000))
    began = time.monotonic()
    assert fetch(resolved(hub, "notes.txt"), timeout=0.4)[2] == LARGE[:3000]
    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize("after", [0, 100, 65536, len(LARGE) + 1])
def test_a_body_is_held_until_the_event(hub, after):
    hub.add("someone/sets", {"notes.txt": LARGE})
    event, received = threading.Event(), bytearray()
    held = hub.break_next(hold(event, after=after))
    thread = threading.Thread(
        target=fetch, args=(resolved(hub, "notes.txt"),), kwargs={"into": received}
    )
    thread.start()
    assert held.met.wait(30)
    until = time.monotonic() + 30
    while len(received) < min(after, len(LARGE)) and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.05)
    assert received == LARGE[:after]
    event.set()
    thread.join()
    assert received == LARGE


def test_the_client_goes_on_after_a_connection_was_closed(stocked, tmp_path, monkeypatch):
    monkeypatch.setattr(
        client_constants, "DOWNLOAD_CHUNK_SIZE", 65536
    )  # it goes on from whole ones
    stocked.break_next(cut_after(100_000, hard=False), host="cdn", times=1)
    assert download(stocked, tmp_path, "in/set.safetensors") == LARGE
    assert [seen.range for seen in stocked.seen if seen.host == "cdn"] == [None, "bytes=65536-"]


def test_leaving_is_prompt_while_requests_hang(monkeypatch):
    endings = []
    with LoopbackHub() as hub:
        hub.add("someone/sets", {"notes.txt": LARGE})
        hub.break_next(hang(), method="HEAD")
        hub.break_next(hold(threading.Event(), after=10))
        threads = [
            threading.Thread(
                target=lambda method=method: endings.append(
                    fetch(resolved(hub, "notes.txt"), method=method, timeout=30)[3]
                )
            )
            for method in ("HEAD", "GET")
        ]
        for thread in threads:
            thread.start()
        for method in ("HEAD", "GET"):
            hub.wait_for(lambda seen, method=method: seen.method == method)
        began = time.monotonic()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 2
    assert len(endings) == 2
