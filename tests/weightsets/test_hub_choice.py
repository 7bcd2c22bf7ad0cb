"""Which sets of the catalogue are chosen where no package embeds one."""

import json

import numpy as np
import pytest
from hub_here import hub_here
from material import noise_image, write_small_set

import imgclean
from imgclean.api import _selection
from imgclean.errors import NoModelInstalled, SetupError, UnknownWeightSet
from imgclean.extension.loader import load_plugins
from imgclean.weightsets.catalogue import find, installed
from imgclean.weightsets.hub import cache
from imgclean.weightsets.hub.entries import add_to_user_catalogue
from imgclean.weightsets.hub.pinning import entry_of_set, pin
from imgclean.weightsets.hub.reference import parse_hub_reference
from imgclean.weightsets.hub.sets import pull_entry, pull_reference

HERE = {"device": "cpu", "precision": "fp32"}
IMAGE = noise_image()


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub with sets for colour and gray; no package has any, and the catalogue is empty."""
    with hub_here(monkeypatch, tmp_path) as running:
        monkeypatch.setenv("IMGCLEAN_CATALOGUE", str(tmp_path / "catalogue.toml"))
        (tmp_path / "catalogue.toml").write_text("")
        monkeypatch.setattr("imgclean.weightsets.catalogue.entry_points", lambda **_: ())
        for name, channels in (("colour", 3), ("gray", 1)):
            folder = write_small_set(tmp_path / name, channels=channels)
            files = {path.name: path.read_bytes() for path in folder.iterdir()}
            running.add(f"someone/dncnn-{name}", files)
        assert installed().sets == {}
        _selection.cache_clear()
        yield running
        _selection.cache_clear()


def catalogued(hub, tmp_path, *names):
    """Write pinned entries into the user's catalogue; nothing is fetched."""
    for name in names:
        place = f"someone/dncnn-{name}"
        entry = entry_of_set(tmp_path / name, place, hub.head(place))
        add_to_user_catalogue(f"dncnn-{name}", entry)


def test_a_set_that_was_pulled_by_its_name_is_chosen_and_gives_its_pixels(hub, tmp_path):
    catalogued(hub, tmp_path, "colour", "gray")
    for name, entry in installed().available.items():
        if entry.is_pinned:
            pull_entry(name, entry)
    assert set(installed().sets) == {"dncnn-colour", "dncnn-gray"}
    before = len(hub.seen)
    for name, image in (("colour", IMAGE), ("gray", IMAGE[..., 0])):
        chosen = imgclean.denoise(image, model="dncnn", **HERE)
        named = imgclean.denoise(image, weights=f"dncnn-{name}", **HERE)
        of_folder = imgclean.denoise(image, weights=str(tmp_path / name), **HERE)
        assert np.array_equal(chosen, of_folder)
        assert np.array_equal(named, of_folder)
    assert len(hub.seen) == before


def test_a_set_that_is_only_available_is_named_in_the_hint_and_not_fetched(hub, tmp_path):
    catalogued(hub, tmp_path, "colour")
    with pytest.raises(NoModelInstalled) as caught:
        imgclean.denoise(IMAGE, model="dncnn", **HERE)
    assert caught.value.hint == "`imgclean weights pull dncnn-colour` fetches one"
    assert hub.seen == []
    with pytest.raises(NoModelInstalled) as caught:
        imgclean.denoise(IMAGE, model="gradnet", **HERE)
    assert "dncnn-colour" not in caught.value.hint


def test_a_set_that_was_pulled_by_its_place_alone_has_no_name_and_is_not_chosen(hub):
    pull_reference(parse_hub_reference("hf://someone/dncnn-colour"))
    assert installed().sets == {}
    with pytest.raises(UnknownWeightSet):
        find("dncnn-colour", installed(), ())
    with pytest.raises(NoModelInstalled):
        imgclean.denoise(IMAGE, model="dncnn", **HERE)


def test_a_pinned_set_whose_config_is_damaged_is_not_chosen_and_fetched_again_by_its_name(
    hub, tmp_path
):
    name, entry = pin("hf://someone/dncnn-colour", {}, load_plugins().infos())
    add_to_user_catalogue(name, entry)
    folder = installed().sets[name].folder
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"preference": 99}))
    assert installed().sets == {}
    found = find(name, installed(), ())
    assert (found.folder, found.config.preference) == (folder, 0)
    assert set(installed().sets) == {name}


def test_a_catalogued_name_is_fetched_where_it_is_named_and_no_other_name_is_asked_for(
    hub, tmp_path
):
    catalogued(hub, tmp_path, "colour")
    with pytest.raises(UnknownWeightSet) as caught:
        find("dncnn-color", installed(), ())
    assert hub.seen == []
    assert caught.value.hint.startswith("did you mean dncnn-colour or ")
    assert find("dncnn-colour", installed(), ()).config.channels == 3
    assert len(cache.recorded()) == 3


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("hf:/someone/dncnn-gray", "did you mean hf://someone/dncnn-gray?"),
        ("https://huggingface.co/someone/dncnn-gray", "did you mean hf://someone/dncnn-gray?"),
        (
            "someone/dncnn-gray",
            "name a weight set, its folder or its file; on the Hub it is hf://someone/dncnn-gray",
        ),
        ("./gone/dncnn-gray", "name a weight set, its folder or its file"),
    ],
)
def test_a_path_that_leads_nowhere_may_have_been_meant_for_the_hub(hub, written, hint):
    with pytest.raises(UnknownWeightSet) as caught:
        find(written, installed(), ())
    assert caught.value.hint == hint
    assert hub.seen == []


def test_a_name_that_is_not_pinned_is_never_fetched(hub):
    with pytest.raises(SetupError) as caught:
        find("dncnn-deepinv-gray", installed(), load_plugins().infos())
    assert "`imgclean weights pin dncnn-deepinv-gray`" in caught.value.hint
    assert hub.seen == []


def test_what_is_catalogued_under_anothers_name_is_refused(hub, tmp_path):
    place = "someone/dncnn-gray"
    entry = entry_of_set(tmp_path / "gray", place, hub.head(place))
    add_to_user_catalogue("dncnn-mine", entry)
    with pytest.raises(SetupError, match="what is catalogued as dncnn-mine is dncnn-gray"):
        find("dncnn-mine", installed(), ())
    assert installed().sets == {}
