"""`imgclean weights` on what is here: listed, verified, removed, found and pinned."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from foreign_material import numbered, random_stack, save
from huggingface_hub import hf_hub_download
from loopback_hub import LoopbackHub
from material import noise_image, write_small_set
from PIL import Image

FIELDS = {
    "name",
    "state",
    "reference",
    "place",
    "model",
    "task",
    "noise",
    "channels",
    "licence",
    "bytes",
    "results",
}
SET = "hf://someone/dncnn-small"
CHECKPOINT = "hf://someone/nets/dncnn_25.pth"
PINNED = f"""
[dncnn-elsewhere]
repository = "someone/elsewhere"
revision = "{"a" * 40}"
sha256 = "{"b" * 64}"
model = "dncnn"
noise = "gaussian:25"
channels = 1
licence = "MIT"
bytes = 1000
"""


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """The files of a weight set, and a checkpoint from elsewhere."""
    folder = write_small_set(tmp_path_factory.mktemp("contents") / "small")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    checkpoint = save(folder / "net.pth", numbered(random_stack(), "model."))
    return files, checkpoint.read_bytes()


@pytest.fixture
def hub(contents):
    with LoopbackHub() as running:
        running.add("someone/dncnn-small", contents[0])
        running.add("someone/nets", {"dncnn_25.pth": contents[1]})
        yield running


@pytest.fixture
def catalogue(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("")
    return file


@pytest.fixture
def weights(imgclean, hub, tmp_path, catalogue):
    """Run `imgclean weights` with a cache of its own; also other commands, with `command`."""
    given = {"IMGCLEAN_CATALOGUE": str(catalogue), "COLUMNS": "80"}
    environment = hub.environment(tmp_path / "home") | given

    def run(*arguments, command="weights", **env):
        return imgclean(command, *arguments, env=environment | env)

    return run


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "home" / "hub"


def fetched(weights, *references):
    done = weights("pull", "--quiet", *references)
    assert (done.code, done.stderr) == (0, "")


def by_name(outcome):
    assert outcome.code == 0, outcome.stderr
    return {line["name"]: line for line in outcome.lines}


def snapshot(cache, hub, repository="someone/dncnn-small"):
    name = f"models--{repository.replace('/', '--')}"
    return cache / name / "snapshots" / hub.head(repository)


def files_in(folder):
    """What is below a folder, but for the locks, which the Hub's client leaves as well."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir() and ".locks" not in path.parts
    )


def spoil(path):
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def take(hub, cache, name, repository="someone/dncnn-small", **options):
    """Fetch as another program does."""
    return Path(
        hf_hub_download(
            repository, name, endpoint=hub.endpoint, cache_dir=cache, token=False, **options
        )
    )


@pytest.fixture
def other_program(hub, cache, monkeypatch):
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    close_session()
    yield lambda name, *repository, **options: take(hub, cache, name, *repository, **options)
    close_session()


# What is listed


def test_each_set_has_two_lines_that_fit_80_columns(weights, catalogue):
    catalogue.write_text(PINNED)
    fetched(weights, SET, CHECKPOINT)
    listed = weights("list")
    lines = listed.stdout.splitlines()
    items = by_name(weights("list", "--json"))
    assert (listed.code, listed.stderr) == (0, "")
    assert len(lines) == 2 * len(items)
    assert max(map(len, lines)) <= 80
    for first, second, name in zip(lines[::2], lines[1::2], items, strict=True):
        assert first.startswith(f"{name} ")
        assert second.startswith("    ")
    at = lines.index(next(line for line in lines if line.startswith(SET)))
    assert lines[at].split()[-2:] == ["MIT", "cached"]
    assert lines[at + 1] == "    dncnn, colour, gaussian:0-55"
    assert any(line.endswith("31.32 dB for gaussian:15 on bsd68") for line in lines)


def test_a_long_place_is_not_cut_and_moves_the_rest_to_the_second_line(weights, hub):
    commit = hub.head("someone/nets")
    hub.add("someone/nets", {"README.md": b"moved on"})
    fetched(weights, f"hf://someone/nets@{commit}/dncnn_25.pth")
    lines = weights("list").stdout.splitlines()
    at = lines.index(f"hf://someone/nets@{commit}/dncnn_25.pth")
    assert lines[at + 1].startswith("    2.2 MB, cached; ")


def test_what_a_set_says_of_itself_is_no_command_to_the_terminal(weights, hub, contents):
    config = json.loads(contents[0]["config.json"]) | {"licence": "\x1b]0;title\x07MIT\nnext"}
    hub.add("someone/odd", contents[0] | {"config.json": json.dumps(config).encode()})
    fetched(weights, "hf://someone/odd")
    listed = weights("list").stdout
    assert r"\x1b]0;title\x07MIT\nnext" in listed
    assert "\x1b" not in listed


def test_the_json_has_every_field_and_every_state(weights, hub, cache, catalogue):
    catalogue.write_text(PINNED)
    fetched(weights, SET)
    items = by_name(weights("list", "--json"))
    assert all(set(line) == FIELDS for line in items.values())
    states = {name: line["state"] for name, line in items.items()}
    assert list(dict.fromkeys(states.values()))[:2] == ["embedded", "cached"]
    assert states["dncnn-gray-25"] == "embedded"
    assert states["dncnn-elsewhere"] == "available"
    assert states["vgg19-imagenet"] == "unpinned"
    cached = items[SET]
    assert cached["reference"] == SET
    assert Path(cached["place"]) == snapshot(cache, hub)
    assert (cached["model"], cached["task"], cached["noise"]) == (
        "dncnn",
        "denoise",
        "gaussian:0-55",
    )
    assert (cached["channels"], cached["licence"], cached["results"]) == (3, "MIT", [])
    assert cached["bytes"] == len(hub.files("someone/dncnn-small")["model.safetensors"])
    assert items["dncnn-gray-25"]["place"].endswith("dncnn-gray-25")
    assert items["dncnn-gray-25"]["results"][0].keys() >= {"set", "degradation", "psnr"}
    assert items["dncnn-elsewhere"]["place"] is None


def test_the_name_of_what_was_pulled_by_its_place_is_what_weights_takes(weights):
    fetched(weights, SET)
    Image.fromarray(noise_image()).save("a.png")
    listed = [
        name
        for name, line in by_name(weights("list", "--json")).items()
        if line["state"] == "cached"
    ]
    done = weights("a.png", "--weights", listed[0], command="denoise", HF_HUB_OFFLINE="1")
    assert done.code == 0, done.stderr


def test_a_set_whose_config_is_damaged_is_listed(weights, hub, cache):
    fetched(weights, SET)
    (snapshot(cache, hub) / "config.json").write_text("{")
    item = by_name(weights("list", "--json"))[SET]
    assert (item["state"], item["model"]) == ("cached", None)
    lines = weights("list").stdout.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith(f"{SET} "))
    assert lines[at + 1] == "    nothing is known of its use"


def test_a_repository_of_another_kind_leaves_nothing_behind(weights, hub, cache):
    hub.add(
        "someone/other", {"config.json": b'{"architecture": "vgg19"}', "model.safetensors": b"1"}
    )
    refused = weights("pull", "hf://someone/other")
    assert refused.code == 1
    assert "is no weight set of imgclean" in refused.stderr
    assert files_in(cache) == []


# What is verified


def test_what_is_sound_is_counted(weights):
    fetched(weights, SET, CHECKPOINT)
    done = weights("verify")
    listed = weights("list", "--json").lines
    here = sum(line["state"] in ("embedded", "cached") for line in listed)
    assert (done.code, done.stdout) == (0, "")
    assert done.stderr == f"{here} checked, 0 damaged\n"
    assert weights("verify", "--quiet").stderr == ""


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "README.md"])
def test_a_file_that_is_damaged_or_missing_is_named_and_pull_brings_it_back(
    weights, hub, cache, file
):
    path = snapshot(cache, hub) / file
    for harm, act in (("damaged", spoil), ("missing", Path.unlink)):
        fetched(weights, SET)
        assert path.read_bytes() == hub.files("someone/dncnn-small")[file]
        act(path)
        found = weights("verify", SET, "dncnn-gray-25", "--json")
        assert found.code == 1
        assert found.stderr.splitlines() == [
            f"error: {SET}: {path} is {harm}",
            f"       `imgclean weights pull {SET}` fetches it again",
        ]
        lines = {line["name"]: line for line in found.lines}
        assert set(lines) == {SET, "dncnn-gray-25"}
        assert lines[SET] == {
            "name": SET,
            "state": "cached",
            "place": str(snapshot(cache, hub)),
            "sound": False,
            "message": f"{path} is {harm}",
        }
        assert (lines["dncnn-gray-25"]["sound"], lines["dncnn-gray-25"]["message"]) == (True, None)
    fetched(weights, SET)
    assert path.read_bytes() == hub.files("someone/dncnn-small")[file]


def test_a_pinned_set_with_damaged_tensors_is_fetched_again_by_its_name(
    weights, hub, cache, catalogue
):
    assert weights("pin", SET).code == 0
    spoil(snapshot(cache, hub) / "model.safetensors")
    assert weights("verify", "dncnn-small").code == 1
    fetched(weights, "dncnn-small")
    assert weights("verify", "dncnn-small").code == 0


def test_verify_takes_places_by_branch_commit_and_file(weights, hub):
    fetched(weights, SET)
    commit = hub.head("someone/dncnn-small")
    for place in ("/", "@main", f"@{commit}/model.safetensors"):
        assert weights("verify", SET + place).stderr == "1 checked, 0 damaged\n"


@pytest.mark.parametrize("command", ["verify", "where", "rm"])
def test_a_name_that_is_not_known_or_not_here_is_a_usage_error(weights, catalogue, command):
    catalogue.write_text(PINNED)
    refused = weights(command, "dncnn-gray-26")
    assert (refused.code, refused.stdout) == (2, "")
    assert refused.stderr.splitlines()[0] == "error: nothing here is called dncnn-gray-26"
    assert "dncnn-gray-25" in refused.stderr.splitlines()[1]
    refused = weights(command, "dncnn-elsewhere")
    assert (refused.code, refused.stdout) == (2, "")
    assert "dncnn-elsewhere is not here" in refused.stderr
    refused = weights(command, "hf://nobody")
    assert (refused.code, len(refused.stderr.splitlines())) == (2, 2)


@pytest.mark.parametrize("command", ["verify", "where", "rm", "pin"])
def test_a_pasted_address_is_told_from_a_name(weights, command):
    refused = weights(command, "https://huggingface.co/someone/dncnn-small/tree/main")
    assert refused.code == 2
    assert refused.stderr.splitlines()[1].strip() == f"did you mean {SET}?"


# What is removed


def test_a_removed_set_leaves_nothing(weights, cache):
    fetched(weights, SET, CHECKPOINT)
    done = weights("rm", SET)
    assert (done.code, done.stdout) == (0, "")
    assert done.stderr.startswith(f"{SET}: removed, ")
    assert {file.partition("/")[0] for file in files_in(cache)} == {"models--someone--nets"}
    assert weights("rm", "--quiet", CHECKPOINT).stderr == ""
    assert [path.name for path in cache.iterdir()] == [".locks"]


def test_files_that_another_program_fetched_stay(weights, hub, cache, other_program):
    hub.add("someone/dncnn-small", {"notes.txt": b"of another program"})
    theirs = other_program("notes.txt")
    fetched(weights, SET)
    assert weights("rm", SET).code == 0
    assert theirs.read_bytes() == b"of another program"
    assert sorted(path.name for path in theirs.parent.iterdir()) == ["notes.txt"]
    assert len(list((cache / "models--someone--dncnn-small" / "blobs").iterdir())) == 1
    assert other_program("notes.txt", local_files_only=True) == theirs


def test_a_file_that_another_program_fetched_first_is_used_and_not_removed(
    weights, hub, cache, other_program
):
    theirs = [other_program(name) for name in hub.files("someone/dncnn-small")]
    before = files_in(cache)
    assert weights("pin", SET).code == 0  # which asks the Hub anew
    items = by_name(weights("list", "--json"))
    assert items["dncnn-small"]["state"] == "cached"
    assert weights("where", "dncnn-small").stdout == f"{snapshot(cache, hub)}\n"
    assert weights("verify", "dncnn-small").code == 0
    refused = weights("rm", "dncnn-small")
    assert refused.code == 2
    assert "dncnn-small was fetched by another program" in refused.stderr
    assert weights("rm", "--all").code == 0
    assert files_in(cache) == before
    assert all(path.exists() for path in theirs)


def test_a_blob_stays_as_long_as_a_commit_has_it(weights, hub, cache):
    first = hub.head("someone/dncnn-small")
    fetched(weights, SET)
    hub.add("someone/dncnn-small", {"README.md": b"another card"})
    fetched(weights, "--refresh", SET)
    blobs = cache / "models--someone--dncnn-small" / "blobs"
    assert len(list(blobs.iterdir())) == 4
    assert weights("rm", f"{SET}@{first}").code == 0
    assert len(list(blobs.iterdir())) == 3
    refs = cache / "models--someone--dncnn-small" / "refs"
    assert (refs / "main").read_text() == hub.head("someone/dncnn-small")
    assert weights("verify", SET).code == 0


def test_a_branch_goes_with_its_commit(weights, hub, cache, contents):
    hub.add("someone/dncnn-small", {"notes.txt": b"1"}, revision="try/one")
    fetched(weights, SET, f"{SET}@try%2Fone")
    refs = cache / "models--someone--dncnn-small" / "refs"
    assert files_in(refs) == ["main", "try/one"]
    assert by_name(weights("list", "--json")).keys() >= {SET, f"{SET}@try%2Fone"}
    assert weights("rm", f"{SET}@try%2Fone").code == 0
    assert files_in(refs) == ["main"]
    assert weights("verify", SET).code == 0


def test_an_embedded_set_is_not_removed(weights):
    fetched(weights, SET)
    refused = weights("rm", SET, "dncnn-gray-25")
    assert refused.code == 2
    assert "dncnn-gray-25 is embedded in a package" in refused.stderr
    assert weights("verify", SET, "dncnn-gray-25").code == 0


def test_all_that_was_fetched_is_removed_with_what_interrupted_transfers_left(
    weights, cache, catalogue
):
    catalogue.write_text(PINNED)
    fetched(weights, SET, CHECKPOINT)
    blobs = cache / "models--someone--large" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{'c' * 64}.imgclean.incomplete").write_bytes(b"half")
    (blobs / f"{'d' * 64}.incomplete").write_bytes(b"of another program")
    done = weights("rm", "--all")
    assert done.code == 0
    assert len(done.stderr.splitlines()) == 3
    assert files_in(cache) == [f"models--someone--large/blobs/{'d' * 64}.incomplete"]
    again = weights("rm", "--all")
    assert (again.code, again.stderr) == (0, "nothing here was fetched from the Hub\n")
    assert weights("rm").code == 2


def test_what_was_removed_by_hand_can_be_removed(weights, cache):
    fetched(weights, SET)
    for folder in ("snapshots", "blobs"):
        (cache / "models--someone--dncnn-small" / folder).rename(cache / folder)
    assert weights("verify", SET).code == 1
    assert weights("rm", "--all").code == 0
    assert not (cache / "models--someone--dncnn-small").exists()


# Where it is


def test_where_prints_the_cache_a_folder_or_a_file(weights, hub, cache):
    fetched(weights, SET, CHECKPOINT)
    assert weights("where").stdout == f"{cache}\n"
    place = snapshot(cache, hub, "someone/nets") / "dncnn_25.pth"
    assert weights("where", SET).stdout == f"{snapshot(cache, hub)}\n"
    assert weights("where", CHECKPOINT).stdout == f"{place}\n"
    embedded = Path(weights("where", "dncnn-gray-25").stdout.strip())
    assert (embedded / "model.safetensors").exists()


# What is pinned


def test_a_set_of_ours_is_pinned_under_its_name_and_used_by_it_offline(
    weights, hub, cache, catalogue
):
    catalogue.unlink()
    done = weights("pin", SET)
    commit = hub.head("someone/dncnn-small")
    assert done.code == 0
    assert done.stderr.startswith(f"dncnn-small: {SET}@{commit}, sha256 ")
    assert done.stderr.endswith(f", in {catalogue}\n")
    entry = tomllib.loads(catalogue.read_text())["dncnn-small"]
    assert (entry["repository"], entry["revision"]) == ("someone/dncnn-small", commit)
    assert by_name(weights("list", "--json"))["dncnn-small"]["state"] == "cached"
    Image.fromarray(noise_image()).save("a.png")
    run = ("a.png", "--overwrite", "--weights", "dncnn-small", "--json")
    before = len(hub.seen)
    online = weights(*run, command="denoise")
    offline = weights("--offline", *run, command="denoise", HF_ENDPOINT="http://127.0.0.1:1")
    for each in (online, offline):
        assert [line["weights"] for line in each.events("done")] == ["dncnn-small"], each.stderr
    assert len(hub.seen) == before
    again = weights("pin", SET)
    assert again.code == 2
    assert f"{catalogue} has dncnn-small already" in again.stderr


def test_a_checkpoint_from_elsewhere_is_pinned_under_a_name(weights, cache, catalogue):
    done = weights("pin", CHECKPOINT, "--name", "dncnn-theirs")
    assert done.code == 0, done.stderr
    item = by_name(weights("list", "--json"))["dncnn-theirs"]
    assert (item["state"], item["noise"], item["channels"]) == ("cached", "gaussian:25", 1)
    Image.fromarray(noise_image(channels=1)[..., 0]).save("a.png")
    run = ("a.png", "--overwrite", "--weights", "dncnn-theirs", "--json")
    for offline in ("0", "1"):
        done = weights(*run, command="denoise", HF_HUB_OFFLINE=offline)
        assert [line["weights"] for line in done.events("done")] == ["dncnn-theirs"], done.stderr
    assert weights("rm", "dncnn-theirs").code == 0
    assert files_in(cache) == []
    assert by_name(weights("list", "--json"))["dncnn-theirs"]["state"] == "available"


def test_an_unpinned_name_is_pinned_with_what_the_catalogue_says_of_it(weights, catalogue):
    catalogue.write_text("""
[dncnn-theirs]
repository = "someone/nets"
file = "dncnn_25.pth"
model = "dncnn"
noise = "gaussian:10-20"
channels = 1
licence = "BSD-3-Clause"
""")
    Image.fromarray(noise_image()).save("a.png")
    refused = weights("a.png", "--weights", "dncnn-theirs", command="denoise")
    assert refused.code == 1
    assert "`imgclean weights pin dncnn-theirs`" in refused.stderr
    fetched(weights, CHECKPOINT)
    assert by_name(weights("list", "--json"))["dncnn-theirs"]["state"] == "unpinned"
    shown = weights("pin", "dncnn-theirs", "--show")
    assert (shown.code, shown.stderr) == (0, "")
    entry = tomllib.loads(shown.stdout)["dncnn-theirs"]
    assert (entry["licence"], entry["noise"]) == ("BSD-3-Clause", "gaussian:10-20")
    assert weights("pin", "dncnn-theirs", "--name", "dncnn-mine").code == 2
    catalogue.write_text(shown.stdout)
    assert by_name(weights("list", "--json"))["dncnn-theirs"]["state"] == "cached"
    assert weights("a.png", "--weights", "dncnn-theirs", command="denoise").code == 0
    assert "is pinned already" in weights("pin", "dncnn-theirs").stderr


def test_shown_entries_are_not_written_down(weights, catalogue):
    shown = weights("pin", SET, "--show")
    assert shown.code == 0
    assert set(tomllib.loads(shown.stdout)) == {"dncnn-small"}
    assert catalogue.read_text() == ""


PIN_REFUSALS = {
    "an unknown name": (["dncnn-nowhere"], 2, "dncnn-nowhere is in no catalogue"),
    "a set under another name": ([SET, "--name", "mine"], 2, "is called dncnn-small"),
    "a name of no set": ([CHECKPOINT, "--name", "My Net"], 2, "My Net is no name"),
    "a name that is a path": ([CHECKPOINT, "--name", "mine.pth"], 2, "mine.pth is no name"),
    "an embedded name": ([CHECKPOINT, "--name", "dncnn-gray-25"], 2, "embedded in a package"),
    "no repository": (["hf://someone/absent"], 1, "the Hub has no such repository"),
    "no network": (["hf://someone/nets/notes.txt"], 1, "is no checkpoint"),
}


@pytest.mark.parametrize("kind", PIN_REFUSALS)
def test_what_cannot_be_pinned_is_refused_and_not_written_down(weights, hub, catalogue, kind):
    hub.add("someone/nets", {"notes.txt": b"notes"})
    arguments, code, message = PIN_REFUSALS[kind]
    refused = weights("pin", *arguments)
    assert (refused.code, refused.stdout) == (code, "")
    assert message in refused.stderr
    said = [line for line in refused.stderr.splitlines() if not line.endswith(", done")]
    assert len(said) <= 2
    assert catalogue.read_text() == ""


def test_what_the_hub_has_under_a_pinned_commit_is_refused_if_it_is_another(
    weights, hub, cache, contents
):
    assert weights("pin", SET).code == 0
    assert weights("rm", "--all", "--quiet").code == 0
    config = json.loads(contents[0]["config.json"]) | {"preference": 9}
    commit = hub.head("someone/dncnn-small")
    hub.replace_silently("someone/dncnn-small", commit, "config.json", json.dumps(config).encode())
    Image.fromarray(noise_image()).save("a.png")
    refused = weights("a.png", "--weights", "dncnn-small", command="denoise")
    assert refused.code == 1
    assert "its hash is" in refused.stderr
    assert not any(path.endswith("config.json") for path in files_in(cache))
    assert not Path("a-clean.png").exists()


# The user's catalogue


DAMAGE = {
    "no TOML": ("[dncnn-x\n", "not TOML"),
    "no table": ("dncnn-x = 1\n", "[dncnn-x] Input should be"),
    "no licence": ('[dncnn-x]\nrepository = "someone/nets"\npart = "vgg19"\n', "licence: Field"),
    "no owner": ('[dncnn-x]\nrepository = "nets"\nlicence = "MIT"\n', "repository: is not owner"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_catalogue_is_a_warning_and_stops_nothing(weights, catalogue, kind):
    text, message = DAMAGE[kind]
    catalogue.write_text(text)
    listed = weights("list", "--json")
    assert listed.code == 0
    assert len(listed.stderr.splitlines()) == 1
    assert listed.stderr.startswith(f"warning: {catalogue}: ")
    assert message in listed.stderr
    assert by_name(listed)["dncnn-gray-25"]["state"] == "embedded"


def test_a_damaged_catalogue_is_not_added_to_and_doctor_reports_it(weights, catalogue):
    catalogue.write_text("[dncnn-x\n")
    assert weights("verify", "dncnn-gray-25").code == 0
    fetched(weights, SET)
    refused = weights("pin", SET)
    assert (refused.code, catalogue.read_text()) == (1, "[dncnn-x\n")
    assert len(refused.stderr.splitlines()) == 2
    report = weights("--json", command="doctor")
    assert report.code == 1
    broken = [line["found"] for line in report.lines if not line["well"]]
    assert len(broken) == 1
    assert broken[0].startswith(f"{catalogue}: not TOML")


@pytest.mark.skipif(os.name != "posix", reason="a folder without permissions")
def test_doctor_cuts_no_path_short_in_80_columns(weights, catalogue):
    report = weights(command="doctor")
    assert "\N{HORIZONTAL ELLIPSIS}" not in report.stdout
    found = "".join(line[2:].strip() for line in report.stdout.splitlines())
    assert str(catalogue) in found


def test_a_catalogue_that_is_a_folder_is_a_warning(weights, catalogue):
    catalogue.unlink()
    catalogue.mkdir()
    listed = weights("list")
    assert (listed.code, listed.stderr.count("cannot be opened")) == (0, 1)
    refused = weights("pin", SET)
    assert (refused.code, len(refused.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize(
    "command", ["", "list", "pull", "verify", "rm", "where", "pin", "convert", "push"]
)
def test_every_help_has_a_sentence_and_an_example(weights, command):
    done = weights(*filter(None, [command]), "--help", COLUMNS="200")
    assert done.code == 0
    assert f"Example: imgclean weights {command}" in done.stdout
