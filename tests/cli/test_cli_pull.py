"""Weight sets from the Hub: fetched whole, verified, kept, or refused in one line and in time."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
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
from material import ENVIRONMENT, command, noise_image, write_small_set
from PIL import Image

READER, STRANGER = "hf_reader", "hf_stranger"
PLACE = "hf://someone/dncnn-small"
BIG = 3_000_000
IN_TIME = 10  # seconds


@pytest.fixture
def hub():
    with LoopbackHub() as running:
        yield running


@pytest.fixture
def published(hub, small_set):
    """The small set on the Hub; give its commit."""
    return hub.add("someone/dncnn-small", files_of(small_set))


@pytest.fixture
def big(hub):
    """A file of three megabytes on the Hub."""
    content = np.random.default_rng(0).bytes(BIG)
    hub.add("someone/big", {"net.pth": content})
    return content


@pytest.fixture
def pull(hub, tmp_path):
    """Run `imgclean weights pull` and hold it to its promises."""

    def run(*arguments, token=None, home="home", **environment):
        begun = time.monotonic()
        done = subprocess.run(
            command("weights", "pull", *arguments),
            env=environment_of(hub, tmp_path / home, token) | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        done.seconds = time.monotonic() - begun
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def environment_of(hub, home, token=None):
    return ENVIRONMENT | hub.environment(home, token=token)


def files_of(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def pulled(home, name):
    """Return the files of that name that a later run would find."""
    return list((home / "hub").glob(f"models--*/snapshots/*/**/{name}"))


def refused(done, *words):
    """Hold a failure to one line on what is wrong and one on what to do, in time."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["error:", ""], done.stderr
    for word in words:
        assert word in done.stderr
    assert done.seconds < IN_TIME
    return done


# What works


def test_a_set_arrives_byte_for_byte_and_cleans_an_image(hub, published, small_set, imgclean):
    Image.fromarray(noise_image()).save("noisy.png")
    env = environment_of(hub, Path("home").resolve())
    at_hub = imgclean("denoise", "noisy.png", "-o", "hub.png", "--weights", PLACE, env=env)
    here = imgclean("denoise", "noisy.png", "-o", "here.png", "--weights", small_set)
    assert (at_hub.code, here.code) == (0, 0), at_hub.stderr
    assert Path("hub.png").read_bytes() == Path("here.png").read_bytes()
    (folder,) = Path("home/hub").glob("models--someone--dncnn-small/snapshots/*")
    assert folder.name == published
    assert files_of(folder) == files_of(small_set)


def test_what_is_here_and_sound_is_used_without_a_single_request(hub, published, pull, tmp_path):
    assert pull(PLACE).returncode == 0
    before = len(hub.seen)
    again = pull(PLACE)
    by_commit = pull(f"{PLACE}@{published}")
    by_file = pull(f"{PLACE}/model.safetensors")
    assert (again.returncode, by_commit.returncode, by_file.returncode) == (0, 0, 0)
    assert len(hub.seen) == before


def test_a_branch_is_asked_for_again_only_when_told_to(hub, published, pull, tmp_path):
    pull(PLACE)
    moved = write_small_set(tmp_path / "small", depth=4)
    second = hub.add("someone/dncnn-small", files_of(moved))
    before = len(hub.seen)
    assert pull(PLACE).returncode == 0
    assert len(hub.seen) == before
    place = json.loads(pull(PLACE, "--refresh", "--json").stdout)["place"]
    assert Path(place).name == second
    assert files_of(place) == files_of(moved)


def test_tags_and_folders_of_a_repository_can_be_named(hub, small_set, pull):
    files = {f"sets/a/{name}": content for name, content in files_of(small_set).items()}
    commit = hub.add("someone/many", files)
    hub.tag("someone/many", "v1", commit)
    done = pull("hf://someone/many@v1/sets/a", "hf://someone/many/sets/a/config.json", "--json")
    by_folder, by_config = map(json.loads, done.stdout.splitlines())
    assert (by_folder["commit"], by_config["commit"]) == (commit, commit)
    assert files_of(by_folder["place"]) == files_of(by_config["place"]) == files_of(small_set)


def test_a_file_that_is_no_checkpoint_is_named_by_its_place_on_the_hub(hub, imgclean):
    Image.fromarray(noise_image()).save("noisy.png")
    hub.add("someone/odd", {"net.pth": b"neither a pickle nor tensors"})
    env = environment_of(hub, Path("home").resolve())
    done = imgclean("denoise", "noisy.png", "--weights", "hf://someone/odd/net.pth", env=env)
    assert done.code == 1
    assert "error: hf://someone/odd/net.pth: " in done.stderr


def test_a_catalogued_name_brings_what_is_pinned_and_nothing_else(
    hub, published, pull, tmp_path, small_set
):
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(entry(published, small_set))
    hub.add("someone/dncnn-small", {"config.json": b"{}"})  # the branch has moved since
    done = pull("dncnn-small", "--json", IMGCLEAN_CATALOGUE=str(catalogue))
    assert done.returncode == 0, done.stderr
    assert files_of(json.loads(done.stdout)["place"]) == files_of(small_set)
    before = len(hub.seen)
    assert pull("--all", IMGCLEAN_CATALOGUE=str(catalogue)).returncode == 0
    assert len(hub.seen) == before


def test_a_name_that_no_catalogue_has_is_not_looked_for_on_the_hub(hub, published, pull):
    done = pull("someone-dncnn-small")
    assert done.returncode == 2
    assert "no weight set is named" in done.stderr
    assert hub.seen == []


def test_a_checkpoint_from_elsewhere_is_pulled_as_a_file(hub, big, pull):
    done = pull("hf://someone/big/net.pth", "--json")
    assert Path(json.loads(done.stdout)["place"]).read_bytes() == big


# Tokens


def test_a_token_is_not_sent_to_a_public_repository(hub, published, pull):
    assert pull(PLACE, token=READER).returncode == 0
    assert {each.token for each in hub.seen} == {None}


@pytest.mark.parametrize("kind", ["private", "gated"])
def test_a_closed_repository_wants_a_token_and_gets_it_alone(hub, small_set, pull, kind):
    hub.add("someone/dncnn-small", files_of(small_set), **{kind: True})
    hub.accepted = {"hf_reader"}
    words = {"private": ["HF_TOKEN"], "gated": ["gated", "accept its terms at", "HF_TOKEN"]}
    refused(pull(PLACE), *words[kind])
    assert pull(PLACE, token=READER).returncode == 0
    assert {each.token for each in hub.seen if each.host == "cdn"} == {None}


def test_terms_that_nobody_accepted_are_named(hub, small_set, pull):
    hub.add("someone/dncnn-small", files_of(small_set), gated=True)
    terms = f"accept its terms at {hub.endpoint}/someone/dncnn-small,"
    refused(pull(PLACE), f"{terms} and set HF_TOKEN")
    refused(pull(PLACE, token=READER), f"{terms} with the account of the token")


def test_a_token_that_nobody_knows_is_refused(hub, small_set, pull):
    hub.add("someone/dncnn-small", files_of(small_set), private=True)
    refused(pull(PLACE, token=STRANGER), "HF_TOKEN")


# What is not there


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("hf://someone/dncnn-smal", ["no such repository"]),
        ("hf://someone/dncnn-small@v9", ["no such revision"]),
        ("hf://someone/dncnn-small/net.pth", ["no such file", "it has README.md, config.json"]),
        ("hf://someone/empty", ["is no weight set", "name a file of it", "it has net.pth"]),
    ],
)
def test_what_is_not_there_is_named(hub, published, pull, place, words):
    hub.add("someone/empty", {"net.pth": b"no set"})
    refused(pull(place), *words)


def test_a_malformed_reference_is_a_mistake_of_usage(hub, pull):
    done = pull("hf://someone")
    assert done.returncode == 2
    assert "hf://owner/repository" in done.stderr


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("hf:/someone/dncnn-small", f"did you mean {PLACE}?"),
        ("HF://someone/dncnn-small", f"did you mean {PLACE}?"),
        ("https://huggingface.co/someone/dncnn-small", f"did you mean {PLACE}?"),
        ("someone/dncnn-small", f"did you mean {PLACE}?"),
        ("./small", "hf://owner/repository"),
        ("small/model.safetensors", "hf://owner/repository"),
    ],
)
def test_what_names_nothing_on_the_hub_is_a_mistake_of_usage(
    hub, small_set, pull, monkeypatch, written, hint
):
    monkeypatch.chdir(small_set.parent)
    done = pull(written)
    said, todo = done.stderr.splitlines()
    assert done.returncode == 2
    assert said == f"error: {written} names nothing on the Hub"
    assert hint in todo
    assert not hub.seen


def test_somebody_elses_config_is_no_weight_set(hub, pull, tmp_path):
    hub.add("timm/vgg", {"config.json": b'{"architecture": "vgg19"}', "model.safetensors": b"1"})
    refused(pull("hf://timm/vgg"), "is no weight set of imgclean", "model.safetensors")
    assert pull("hf://timm/vgg/model.safetensors").returncode == 0


# A network that fails


def test_a_closed_port_is_said_at_once(hub, published, pull):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = refused(pull(PLACE, HF_ENDPOINT=f"http://127.0.0.1:{port}"), "cannot reach 127.0.0.1")
    assert done.seconds < 5


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks9://127.0.0.1:1"),
        ("HTTP_PROXY", "ftp://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
    ],
)
def test_an_environment_that_cannot_be_heeded_is_said(hub, published, pull, variable, value):
    refused(pull(PLACE, **{variable: value}), "cannot be set up", variable)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(500), ["answers 500"]),
        (status(503), ["answers 503"]),
        (status(429, {"Retry-After": "3600"}), ["for 3600 s"]),
        (reset(), ["cannot reach"]),
        (not_a_hub(), ["does not answer as the Hub does", "login page"]),
    ],
    ids=["500", "503", "429", "reset", "login"],
)
def test_a_hub_out_of_order_is_said(hub, published, pull, tmp_path, fault, words):
    hub.break_next(fault)
    refused(pull(PLACE), *words)
    hub.mend()
    hub.break_next(fault, host="cdn")
    refused(pull(PLACE))
    assert pulled(tmp_path / "home", "model.safetensors") == []
    hub.mend()
    assert pull(PLACE).returncode == 0


def test_a_dead_network_is_noticed_within_five_seconds(hub, published, pull):
    hub.break_next(hang())
    assert refused(pull(PLACE), "check the network").seconds < 5.5


@pytest.mark.parametrize("fault", [hang(), hang_after(1000)], ids=["hang", "hang in the body"])
def test_a_storage_that_falls_silent_is_given_up(hub, big, pull, fault):
    hub.break_next(fault, host="cdn")
    refused(pull("hf://someone/big/net.pth"), "no byte has come for 7 s")
    hub.mend()
    assert pull("hf://someone/big/net.pth").returncode == 0


def test_a_hub_that_is_busy_for_a_moment_is_asked_once_more(hub, published, pull):
    hub.break_next(status(429, {"Retry-After": "1"}), times=1)
    hub.break_next(status(503), host="cdn", times=1)
    assert pull(PLACE).returncode == 0


def test_slow_is_not_silent(hub, big, pull):
    hub.break_next(slow(250_000), host="cdn")  # twelve seconds
    done = pull("hf://someone/big/net.pth")
    assert done.returncode == 0
    assert done.seconds > IN_TIME
    assert "net.pth: " in done.stderr  # how far it is, without a terminal


@pytest.mark.parametrize("hard", [True, False], ids=["reset", "closed"])
def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub, big, pull, hard):
    hub.break_next(cut_after(1_000_000, hard=hard), host="cdn")
    done = pull("hf://someone/big/net.pth", "--json")
    assert Path(json.loads(done.stdout)["place"]).read_bytes() == big
    ranges = [each.range for each in hub.seen if each.host == "cdn"]
    assert ranges == [None, "bytes=1000000-", "bytes=2000000-"]


def test_a_connection_that_breaks_in_vain_is_given_up(hub, big, pull):
    hub.break_next(cut_after(0), host="cdn")
    refused(pull("hf://someone/big/net.pth"), "check the network")


def test_a_server_that_knows_no_ranges_sends_all_of_it_again(hub, big, pull):
    hub.break_next(cut_after(1_000_000), host="cdn", times=1)
    hub.break_next(ignore_range(), host="cdn")
    done = pull("hf://someone/big/net.pth", "--json")
    assert Path(json.loads(done.stdout)["place"]).read_bytes() == big


# Content that is not what it should be


def test_content_that_was_changed_on_its_way_is_fetched_once_more_and_then_refused(
    hub, big, pull, tmp_path
):
    hub.break_next(flip(2_000_000), host="cdn")
    refused(pull("hf://someone/big/net.pth"), "its hash is", "nothing of it is kept")
    assert len([each for each in hub.seen if each.host == "cdn"]) == 2
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file() and size(path)] == []


def test_one_change_on_the_way_is_put_right_by_the_second_attempt(hub, big, pull):
    hub.break_next(flip(2_000_000), host="cdn", times=1)
    done = pull("hf://someone/big/net.pth", "--json")
    assert Path(json.loads(done.stdout)["place"]).read_bytes() == big


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_file_changed_under_a_pinned_commit_is_refused(
    hub, published, pull, tmp_path, small_set, name
):
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(entry(published, small_set))
    other = files_of(small_set)[name][:-1] + b"\n\n"
    hub.replace_silently("someone/dncnn-small", published, name, other)
    done = pull("dncnn-small", IMGCLEAN_CATALOGUE=str(catalogue))
    refused(done, "its hash is", "replaced on the Hub")
    assert pulled(tmp_path / "home", name) == []


def test_a_commit_that_the_hub_answers_with_another_is_refused(hub, published, pull):
    header = {"X-Repo-Commit": "0" * 40, "ETag": '"1"', "Content-Length": "2"}
    hub.break_next(status(200, header), method="HEAD")
    refused(pull(f"{PLACE}@{published}"), "answers with commit 000000000000")


@pytest.mark.parametrize("header", ["X-Repo-Commit", "ETag"])
def test_what_the_hub_says_becomes_no_path_elsewhere(hub, published, pull, tmp_path, header):
    said = {"X-Repo-Commit": "0" * 40, "ETag": '"1"', "Content-Length": "2"}
    hub.break_next(status(200, said | {header: '"../../../../escaped"'}), method="HEAD")
    refused(pull(PLACE), "does not answer as the Hub does")
    assert [*tmp_path.rglob("*escaped*")] == []


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_cached_file_that_is_damaged_is_fetched_again(hub, published, pull, tmp_path, name):
    pull(PLACE)
    (cached,) = pulled(tmp_path / "home", name)
    good = cached.read_bytes()
    cached.write_bytes(good[:-1] + b"!")
    assert pull(PLACE).returncode == 0
    assert cached.read_bytes() == good


# Offline


@pytest.mark.parametrize("how", ["--offline", "HF_HUB_OFFLINE"])
def test_offline_uses_the_cache_and_asks_nobody(hub, published, pull, how):
    arguments = [how] if how == "--offline" else []
    environment = {} if arguments else {"HF_HUB_OFFLINE": "1"}
    refused(pull(PLACE, *arguments, **environment), "offline", "pull it once without")
    assert hub.seen == []
    pull(PLACE)
    before = len(hub.seen)
    assert pull(PLACE, *arguments, **environment).returncode == 0
    assert len(hub.seen) == before


def test_offline_a_damaged_cache_is_said_and_not_used(hub, published, pull, tmp_path):
    pull(PLACE)
    (cached,) = pulled(tmp_path / "home", "model.safetensors")
    cached.write_bytes(cached.read_bytes()[:-1] + b"!")
    refused(pull(PLACE, "--offline"), "damaged", "without --offline")


# This machine


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="disks of a size are mounted on Linux")
def test_a_full_disk_is_said_and_left_as_it_was(hub, big, tmp_path):
    script = (
        'mkdir -p "$HF_HOME" && mount -t tmpfs -o size=1M none "$HF_HOME" || exit 99; '
        '"$@"; code=$?; find "$HF_HOME" -type f -size +0 >&2; exit $code'
    )
    private = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    begun = time.monotonic()
    done = subprocess.run(
        [*private, *command("weights", "pull", "hf://someone/big/net.pth")],
        env=environment_of(hub, tmp_path / "home"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    done.seconds = time.monotonic() - begun
    if "unshare" in done.stderr or done.returncode == 99:
        pytest.skip("this system mounts nothing for users")
    refused(done, "no space left", "HF_HUB_CACHE")


def test_a_cache_that_cannot_be_written_is_said(hub, published, pull, tmp_path):
    (tmp_path / "file").write_text("no folder")
    refused(pull(PLACE, HF_HUB_CACHE=str(tmp_path / "file")), "cannot be written", "HF_HUB_CACHE")


def test_two_processes_that_want_the_same_fetch_it_once(hub, big, tmp_path):
    release = threading.Event()
    held = hub.break_next(hold(release, after=1000), host="cdn", times=1)
    first = start(hub, tmp_path / "home")
    assert held.met.wait(30)
    second = start(hub, tmp_path / "home")
    line = second.stderr.readline()
    assert "waiting for another process" in line
    release.set()
    for process in (first, second):
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
    assert len([each for each in hub.seen if each.host == "cdn"]) == 1
    (file,) = pulled(tmp_path / "home", "net.pth")
    assert file.read_bytes() == big


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_pull_is_completed_by_the_next(hub, big, pull, tmp_path, how):
    held = hub.break_next(hold(threading.Event(), after=1_500_000), host="cdn")
    process = start(hub, tmp_path / "home")
    assert held.met.wait(30)
    wait_for(lambda: sum(map(size, (tmp_path / "home").rglob("*.incomplete"))) == 1_500_000)
    process.send_signal(how)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert stderr == ("interrupted; the next pull goes on from here\n" * (how == signal.SIGINT))
    assert pulled(tmp_path / "home", "net.pth") == []
    hub.mend()
    done = pull("hf://someone/big/net.pth", "--json")
    assert Path(json.loads(done.stdout)["place"]).read_bytes() == big
    assert hub.seen[-1].range == "bytes=1500000-"
    assert list((tmp_path / "home").rglob("*.incomplete")) == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak")
def test_a_large_file_takes_no_more_memory_than_a_small_one(hub, tmp_path):
    large = tmp_path / "large.pth"
    with large.open("wb") as file:
        file.truncate(300 * 2**20)
    hub.add("someone/large", {"small.pth": b"small", "large.pth": large})
    small_peak = peak_of_pulling(hub, tmp_path / "home", "hf://someone/large/small.pth")
    large_peak = peak_of_pulling(hub, tmp_path / "home", "hf://someone/large/large.pth")
    assert large_peak - small_peak < 30 * 2**20
    assert large_peak < 200 * 2**20


def peak_of_pulling(hub, home, place):
    """Return the bytes of memory that it takes at most; what the kernel has of a process that
    has ended counts this one's memory too, from which it was forked."""
    program = (
        "import atexit, runpy; from pathlib import Path; "
        "atexit.register(lambda: print(Path('/proc/self/status').read_text())); "
        "runpy.run_module('imgclean', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "weights", "pull", place, "--quiet"],
        env=environment_of(hub, home),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def entry(commit, folder):
    """Return a catalogue that has the small set."""
    from imgclean.weightsets.hub.hashes import file_sha256

    return (
        f'[dncnn-small]\nrepository = "someone/dncnn-small"\nrevision = "{commit}"\n'
        f'sha256 = "{file_sha256(folder / "config.json")}"\nmodel = "dncnn"\n'
        'noise = "gaussian:0-55"\nchannels = 3\nlicence = "MIT"\n'
    )


def start(hub, home):
    return subprocess.Popen(
        command("weights", "pull", "hf://someone/big/net.pth"),
        env=environment_of(hub, home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def size(path):
    return path.stat().st_size


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
