"""The cache that other programs share: what of it is ours and sound, with links and without."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub
import pytest
from filelock import FileLock
from hub_here import bodies, fetch_as_others_do, hub_here
from imgclean_dncnn import DNCNN
from material import write_small_set

from imgclean.atomic import replacing
from imgclean.errors import HubUnreachable, NotOnHub, WeightsCorrupt
from imgclean.weightsets.catalogue import Catalogue, WeightSet
from imgclean.weightsets.config import read_config
from imgclean.weightsets.hub import cache
from imgclean.weightsets.hub.client import RemoteFile
from imgclean.weightsets.hub.hashes import has_etag
from imgclean.weightsets.hub.inventory import damage_of, list_items
from imgclean.weightsets.hub.pull import pull_file, pull_set
from imgclean.weightsets.hub.reference import HubReference
from imgclean.weightsets.hub.sets import pull_reference
from imgclean.weightsets.network import load_network

SETS = HubReference("someone/sets")
COMMIT, OTHER = "a" * 40, "b" * 40
NOTHING = Catalogue({}, ())


@pytest.fixture
def hub(monkeypatch, tmp_path, small_set):
    with hub_here(monkeypatch, tmp_path) as running:
        running.add("someone/sets", {path.name: path.read_bytes() for path in small_set.iterdir()})
        yield running


@pytest.fixture
def no_links(monkeypatch):
    """A system that has no symbolic links."""

    def refuse(*_, **__):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)


def remote(file="net.pth", *, commit=COMMIT, revision="main", content=b"x"):
    etag = hashlib.sha256(content).hexdigest()
    reference = HubReference("someone/nets", revision, file)
    return RemoteFile(reference, file, commit, etag, len(content), "http://127.0.0.1:1", {})


def kept(file="net.pth", content=b"x", **other):
    """Put a file into the cache as if it had been fetched."""
    found = remote(file, content=content, **other)
    blob = cache.blob_of(found.reference.repository, found.etag)
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    return cache.keep(found, found.etag)


def left():
    return [path for path in cache.cache_folder().rglob("*") if ".locks" not in path.parts]


def damages():
    return [damage_of(item) for item in list_items(NOTHING)]


# What is sound


def test_an_etag_is_a_sha256_or_what_git_calls_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"what is up, doc?")
    git = "bd9dbf5aae1a3862dd1526723246b20206e5fc37"  # Pro Git, chapter 10.2
    sha256 = hashlib.sha256(b"what is up, doc?").hexdigest()
    assert has_etag(path, git)
    assert has_etag(path, sha256)
    for etag in (git.upper(), git[:-1], sha256[:40], hashlib.sha1(b"").hexdigest(), "", "W/1"):  # noqa: S324
        assert not has_etag(path, etag)
    path.write_bytes(b"what is up, doc!")
    assert not has_etag(path, git)
    assert not has_etag(path, sha256)


@pytest.mark.parametrize("stated", [{"etag": "../../precious"}, {"commit_hash": "../../precious"}])
def test_what_the_hub_states_leads_nowhere_out_of_the_cache(hub, monkeypatch, stated):
    ask = huggingface_hub.get_hf_file_metadata
    monkeypatch.setattr(
        huggingface_hub,
        "get_hf_file_metadata",
        lambda *given, **named: dataclasses.replace(ask(*given, **named), **stated),
    )
    with pytest.raises(HubUnreachable, match="does not answer as the Hub does"):
        pull_set(SETS)
    assert left() == []


# What is recorded


def test_what_was_fetched_is_recorded_until_it_is_removed(hub):
    first = kept("net.pth")
    second = kept("in/net.pth", content=b"y", revision="try/one")
    assert cache.recorded() == [second, first]
    assert [each.path.read_bytes() for each in (first, second)] == [b"x", b"y"]
    assert cache.find_cached(HubReference("someone/nets", "try/one", "in/net.pth")) == second
    assert cache.branches_of("someone/nets", COMMIT) == ["main", "try/one"]
    cache.discard(first)
    assert cache.recorded() == [second]
    assert cache.branches_of("someone/nets", COMMIT) == ["main", "try/one"]
    cache.discard(second)
    assert cache.recorded() == []
    assert left() == []


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"sha256": []}',
        '{"sha256": {"x": "y"}}',
        "",
        pytest.param("[" * 10**5, id="deep"),
    ],
)
def test_a_damaged_record_is_no_record_and_is_written_anew(hub, content):
    found = kept()
    record = cache.repository_folder("someone/nets") / "imgclean.json"
    record.write_text(content)
    assert cache.recorded() == []
    assert cache.find_cached(found.reference).sha256 is None
    assert cache.is_sound(cache.find_cached(found.reference), None)
    assert cache.recorded() == []
    other = kept("other.pth", content=b"y")
    assert cache.recorded() == [other]


@pytest.mark.parametrize("place", ["../../../precious", "/precious", f"{COMMIT}/../../x", COMMIT])
def test_a_record_leads_nowhere_out_of_the_cache(hub, place):
    kept()
    record = cache.repository_folder("someone/nets") / "imgclean.json"
    known = json.loads(record.read_text())
    record.write_text(json.dumps(known | {"sha256": known["sha256"] | {place: "0" * 64}}))
    assert [each.reference.file for each in cache.recorded()] == ["net.pth"]


def test_writers_side_by_side_lose_no_record(hub):
    gone = [kept(f"gone-{index}.pth", content=b"%d" % index) for index in range(12)]
    with ThreadPoolExecutor(8) as pool:
        removed = [pool.submit(cache.discard, each) for each in gone]
        written = [pool.submit(kept, f"{n}.pth", b"new %d" % n) for n in range(24)]
        for each in (*removed, *written):
            each.result()
    assert {each.reference.file for each in cache.recorded()} == {f"{n}.pth" for n in range(24)}
    assert damages() == [""] * 24


def test_a_process_that_ends_before_the_file_has_its_place_leaves_a_record(hub, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(Path, "symlink_to", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pull_set(SETS)
    assert [each.reference.file for each in cache.recorded()] == ["config.json"]
    pull_set(SETS)
    assert damages() == [""]


def test_a_damaged_branch_is_asked_for_anew(hub):
    folder = pull_set(SETS)
    ref = cache.repository_folder("someone/sets") / "refs" / "main"
    ref.write_bytes(b"\xff\xfe")
    assert cache.branches_of("someone/sets", folder.name) == []
    assert pull_set(SETS) == folder
    assert cache.branches_of("someone/sets", folder.name) == ["main"]


def test_what_a_kill_left_beside_branches_is_none_and_goes_with_the_next_pull(hub):
    found = kept()
    folder = cache.repository_folder("someone/nets")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with replacing(folder / "x") as temporary:
        temporary.write_text(COMMIT)
        name = temporary.name.replace(f"-{os.getpid()}-", f"-{ended.pid}-")
    left_behind = [folder / "refs" / name, folder / name]
    for path in left_behind:
        path.write_text(COMMIT)
    assert cache.branches_of("someone/nets", COMMIT) == ["main"]
    assert kept().path == found.path
    assert not any(path.exists() for path in left_behind)


def test_a_folder_in_a_files_place_is_damage(hub):
    path = kept().path
    path.unlink()
    path.mkdir()
    assert damages() == [f"{path} cannot be read (Is a directory)"]


# What is removed


def test_a_blob_that_another_commit_has_stays(hub):
    first, second = kept(), kept(commit=OTHER, revision="v1")
    blob = first.path.resolve()
    assert second.path.resolve() == blob
    cache.discard(first)
    assert second.path.read_bytes() == b"x"
    assert cache.branches_of("someone/nets", COMMIT) == []
    assert cache.branches_of("someone/nets", OTHER) == ["v1"]
    cache.discard(second)
    assert left() == []


def test_what_is_on_its_way_is_not_taken_for_what_an_interruption_left(hub):
    moving = cache.partial_of("someone/nets", "1" * 64)
    interrupted = cache.partial_of("someone/nets", "2" * 64)
    moving.parent.mkdir(parents=True)
    moving.write_bytes(b"1")
    interrupted.write_bytes(b"22")
    with cache.sole_fetcher("net.pth", "someone/nets", "1" * 64):
        assert cache.discard_partial() == 2
    assert moving.exists()
    assert not interrupted.exists()
    assert cache.discard_partial() == 1
    assert left() == []


# Other programs


def test_what_another_program_fetched_is_used_without_a_request(hub):
    theirs = [fetch_as_others_do("someone/sets", name) for name in hub.files("someone/sets")]
    before = len(hub.seen)
    folder = pull_set(SETS)
    assert len(hub.seen) == before
    assert {path.parent for path in theirs} == {folder}
    before = bodies(hub)
    assert pull_set(SETS, refresh=True) == folder
    assert bodies(hub) == before
    assert cache.recorded() == []


def test_another_program_uses_what_was_fetched_here(hub):
    folder = pull_set(SETS)
    before = bodies(hub)
    assert fetch_as_others_do("someone/sets", "model.safetensors").parent == folder
    assert bodies(hub) == before


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_damaged_file_of_another_program_is_not_used(hub, name):
    for each in hub.files("someone/sets"):
        fetch_as_others_do("someone/sets", each)
    path = fetch_as_others_do("someone/sets", name)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    folder = pull_set(SETS)
    assert (folder / name).read_bytes() == hub.files("someone/sets")[name]
    load_network(DNCNN, WeightSet(read_config(folder), folder))


def test_a_damaged_file_is_refused_where_nothing_may_be_fetched(hub, monkeypatch):
    path = fetch_as_others_do("someone/sets", "config.json")
    path.write_bytes(b"{}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsCorrupt, match="the cached file is damaged"):
        pull_file(HubReference("someone/sets", file="config.json"))


def test_a_blob_of_another_commit_is_not_fetched_again(hub):
    fetch_as_others_do("someone/sets", "model.safetensors")
    hub.add("someone/sets", {"notes.txt": b"1"})
    tensors = HubReference("someone/sets", hub.head("someone/sets"), "model.safetensors")
    before = bodies(hub)
    mine = pull_file(tensors)
    assert bodies(hub) == before
    cache.discard(mine)
    theirs = fetch_as_others_do("someone/sets", "model.safetensors")
    assert bodies(hub) == before
    assert theirs.exists()


def test_a_checkpoint_beside_a_config_of_another_kind_is_found_without_a_request(hub):
    hub.add("of/timm", {"config.json": b'{"architecture": "vgg19"}', "model.safetensors": b"1"})
    tensors = HubReference("of/timm", file="model.safetensors")
    place = pull_reference(tensors)
    assert [each.reference.file for each in cache.recorded()] == ["model.safetensors"]
    with pytest.raises(NotOnHub, match="is no weight set of imgclean"):
        pull_reference(HubReference("of/timm"))
    before = len(hub.seen)
    assert pull_reference(tensors) == place
    fetch_as_others_do("of/timm", "config.json")
    before = len(hub.seen)
    assert pull_reference(tensors) == place
    assert len(hub.seen) == before
    assert cache.find_cached(HubReference("of/timm", file="config.json")).path.exists()


# A system without links


def test_without_links_a_set_is_fetched_found_verified_fetched_again_and_removed(hub, no_links):
    folder = pull_set(SETS)
    assert not any(path.is_symlink() for path in folder.iterdir())
    load_network(DNCNN, WeightSet(read_config(folder), folder))
    before = len(hub.seen)
    assert pull_set(SETS) == folder
    assert len(hub.seen) == before
    before = bodies(hub)
    assert pull_set(SETS, refresh=True) == folder
    assert bodies(hub) == before
    assert damages() == [""]
    for name in hub.files("someone/sets"):
        (folder / name).write_bytes(b"damaged")
        assert damages() == [f"{folder / name} is damaged"]
        pull_set(SETS, repair=True)
        assert damages() == [""]
    for each in cache.recorded():
        cache.discard(each)
    assert left() == []


def test_without_links_each_commit_has_files_of_its_own(hub, no_links, tmp_path):
    first = pull_set(SETS)
    other = write_small_set(tmp_path / "small", noise="gaussian:10")
    hub.add("someone/sets", {"config.json": (other / "config.json").read_bytes()})
    second = pull_set(SETS, refresh=True)
    assert first != second
    assert damages() == ["", ""]
    for each in cache.recorded():
        if each.path.parent == first:
            cache.discard(each)
    assert damages() == [""]
    assert read_config(second).noise == "gaussian:10"


def test_without_links_what_another_program_fetched_is_not_trusted_but_replaced(hub, no_links):
    source = fetch_as_others_do("someone/sets", "config.json")
    if source.is_symlink():  # it links by other means
        content = source.read_bytes()
        source.unlink()
        source.write_bytes(content)
    source.write_bytes(b"{}")
    folder = pull_set(SETS)
    assert read_config(folder).name == "dncnn-small"


def test_a_held_lock_of_the_record_is_waited_for(hub):
    found = kept()
    lock = FileLock(
        cache.cache_folder() / ".locks" / "models--someone--nets" / "imgclean.json.lock"
    )
    with ThreadPoolExecutor(1) as pool:
        with lock:
            removed = pool.submit(cache.discard, found)
            assert not removed.done()
            assert found.path.exists()
        removed.result()
    assert left() == []
