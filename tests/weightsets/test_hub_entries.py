"""The catalogues: whose entry counts, what of a damaged one is kept, and what is written down."""

import importlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from material import write_small_set

from imgclean.errors import ConfigurationInvalid, OutputExists
from imgclean.weightsets.catalogue import installed
from imgclean.weightsets.config import Measurement
from imgclean.weightsets.hub.entries import (
    VARIABLE,
    HubEntry,
    add_to_user_catalogue,
    as_toml,
    read_catalogues,
    user_catalogue,
)
from imgclean.weightsets.hub.reference import is_plain_path, is_repository

COMMIT, SHA256 = "a" * 40, "b" * 64


def entry(**other):
    said = {"repository": "someone/sets", "model": "dncnn", "noise": "gaussian:25", "channels": 1}
    return HubEntry(**said | {"licence": "MIT"} | other)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Where the user's catalogue is; it is not there yet."""
    file = tmp_path / "own" / "catalogue.toml"
    monkeypatch.setenv(VARIABLE, str(file))
    return file


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    return folder


def test_the_users_entry_counts_before_imgcleans_and_that_before_a_packages(own, package):
    core = read_catalogues([]).entries
    assert {"dncnn-deepinv-gray", "dncnn-deepinv-colour", "vgg19-imagenet"} <= set(core)
    theirs = entry(repository="of/package")
    (package / "catalogue.toml").write_text(
        "".join(as_toml(name, theirs) for name in ("dncnn-deepinv-gray", "vgg19-imagenet", "x"))
    )
    mine = entry(repository="of/user")
    assert add_to_user_catalogue("dncnn-deepinv-gray", mine) == own
    found = read_catalogues([package])
    assert found.broken == ()
    assert found.entries["dncnn-deepinv-gray"] == mine
    assert found.entries["vgg19-imagenet"] == core["vgg19-imagenet"]
    assert found.entries["x"] == theirs


BROKEN = {
    "an unknown key": 'repository = "a/b"\npart = "vgg19"\nlicence = "MIT"\nsurprise = 1',
    "no owner": 'repository = "b"\npart = "vgg19"\nlicence = "MIT"',
    "a short commit": 'repository = "a/b"\npart = "vgg19"\nlicence = "MIT"\nrevision = "abc"',
    "a path out of it": 'repository = "a/b"\npart = "vgg19"\nlicence = "MIT"\nfile = "../x"',
    "no model": 'repository = "a/b"\nlicence = "MIT"\nnoise = "gaussian:25"\nchannels = 1',
    "no such noise": 'repository = "a/b"\nlicence = "MIT"\nmodel = "m"\nnoise = "x"\nchannels = 1',
    "another kind": 'repository = "a/b"\npart = "vgg19"\nlicence = 3',
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_entry_that_is_not_valid_is_named_and_the_others_stay(own, kind):
    own.parent.mkdir()
    own.write_text(f"[bad]\n{BROKEN[kind]}\n\n{as_toml('good', entry())}")
    found = read_catalogues([])
    assert [line.startswith(f"{own}: [bad] ") for line in found.broken] == [True]
    assert found.entries["good"] == entry()
    assert "bad" not in found.entries


@pytest.mark.parametrize("name", ["My Net", "a/b", "../a", "", "-x"])
def test_a_name_that_no_set_can_have_is_not_valid(own, name):
    own.parent.mkdir()
    own.write_text(as_toml(name, entry()) + as_toml("good", entry()))
    found = read_catalogues([])
    assert len(found.broken) == 1
    assert "good" in found.entries
    assert name not in found.entries


@pytest.mark.parametrize(
    "content",
    [b"[good", b"\xff\xfe\0", b"a = " + b"[" * 100_000, None],
    ids=["no TOML", "no UTF-8", "too deep", "a folder"],
)
def test_a_catalogue_that_cannot_be_read_takes_no_other_with_it(own, package, content):
    if content is None:
        own.mkdir(parents=True)
    else:
        own.parent.mkdir()
        own.write_bytes(content)
    (package / "catalogue.toml").write_text(as_toml("x", entry()))
    found = read_catalogues([package])
    assert [line.startswith(f"{own}: ") for line in found.broken] == [True]
    assert {"x", "vgg19-imagenet"} <= set(found.entries)
    with pytest.raises(ConfigurationInvalid, match=r"catalogue\.toml"):
        add_to_user_catalogue("y", entry())


def test_a_named_catalogue_that_is_not_there_is_a_mistake_and_the_usual_one_is_none(
    own, tmp_path, monkeypatch
):
    assert [line.startswith(f"{own}: ") for line in read_catalogues([]).broken] == [True]
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_catalogue().name == "catalogue.toml"
    assert read_catalogues([tmp_path / "nowhere"]).broken == ()
    monkeypatch.setenv(VARIABLE, "")
    assert user_catalogue() is None
    with pytest.raises(ConfigurationInvalid, match=VARIABLE):
        add_to_user_catalogue("x", entry())


def test_an_entry_goes_after_what_the_user_has_written_and_no_name_twice(own):
    own.parent.mkdir()
    before = "# mine\n[a]\nrepository = 'a/b'\npart = 'vgg19'\nlicence = 'MIT'"
    own.write_text(before)
    add_to_user_catalogue("b", entry())
    add_to_user_catalogue("c-1.5", entry(channels=3))
    assert own.read_text().startswith(before)
    found = read_catalogues([])
    assert found.broken == ()
    assert (found.entries["b"].channels, found.entries["c-1.5"].channels) == (1, 3)
    with pytest.raises(OutputExists, match="has b already"):
        add_to_user_catalogue("b", entry())


def test_a_package_of_weight_sets_adds_its_catalogue_and_its_folders(tmp_path, monkeypatch, own):
    add_to_user_catalogue("mine", entry())
    site = tmp_path / "site"
    write_small_set(site / "imgclean_odd_sets" / "odd")
    (site / "imgclean_odd_sets" / "catalogue.toml").write_text(
        as_toml("dncnn-far", entry(repository="odd/far"))
    )
    info = site / "imgclean_odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: imgclean-odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[imgclean.weights]\nodd = imgclean_odd_sets\n")
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    catalogue = installed()
    assert catalogue.broken == ()
    assert catalogue.sets["dncnn-odd"].folder == site / "imgclean_odd_sets" / "odd"
    assert catalogue.available["dncnn-far"] == entry(repository="odd/far")
    assert "dncnn-far" not in catalogue.sets
    (site / "imgclean_odd_sets" / "catalogue.toml").write_text("[dncnn-far")
    catalogue = installed()
    assert len(catalogue.broken) == 1
    assert {"dncnn-odd", "dncnn-gray-25"} <= set(catalogue.sets)


word = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
number = st.floats(allow_nan=False)
hexadecimal = "0123456789abcdef"
results = st.builds(
    Measurement,
    set=word,
    degradation=word,
    images=st.integers(0, 10**9),
    psnr=number,
    ssim=number,
    input_psnr=number,
    input_ssim=number,
    published_psnr=st.none() | number,
    published_ssim=st.none(),
)
entries = st.builds(
    HubEntry,
    repository=st.from_regex(r"\A[a-z0-9]{1,4}/[a-z0-9._-]{1,6}\Z").filter(is_repository),
    revision=st.none() | st.text(hexadecimal, min_size=40, max_size=40),
    file=st.just("config.json") | word.filter(is_plain_path),
    sha256=st.none() | st.text(hexadecimal, min_size=64, max_size=64),
    part=st.none() | st.just("vgg19"),
    model=word,
    task=st.sampled_from(["denoise", "deblock", "upscale"]),
    noise=st.sampled_from(["gaussian:25", "jpeg:5-99", "gaussian:0-55|bicubic:2", "pairs"]),
    channels=st.sampled_from([1, 3]),
    licence=word,
    bytes=st.none() | st.integers(0, 2**40),
    results=st.lists(results, max_size=2),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,9}\Z"), entries)
def test_what_is_written_down_is_read_back(own, name, written):
    own.unlink(missing_ok=True)
    add_to_user_catalogue(name, written)
    found = read_catalogues([])
    assert (found.broken, found.entries[name]) == ((), written)


def test_what_an_entry_means():
    assert not entry().is_pinned
    assert not entry(revision=COMMIT).is_pinned
    pinned = entry(revision=COMMIT, sha256=SHA256)
    assert (pinned.is_pinned, pinned.is_ours) == (True, True)
    assert str(pinned.reference) == f"hf://someone/sets@{COMMIT}"
    assert str(entry(file="in/config.json").reference) == "hf://someone/sets/in/config.json"
    assert entry(file="in/config.json").is_ours
    assert not entry(file="net.pth").is_ours
    assert not HubEntry(repository="a/b", part="vgg19", licence="MIT").is_ours
    assert entry(noise="gaussian:0-55|jpeg:5-99").tasks == {"denoise", "deblock"}
