"""A converted set is on disk whole or not at all."""

import errno
import hashlib

import pytest
from foreign_material import numbered, random_stack, save
from imgclean_dncnn import DNCNN

from imgclean.errors import OutputExists, SetupError
from imgclean.weightsets import store
from imgclean.weightsets.config import read_config
from imgclean.weightsets.foreign.recognition import read_foreign
from imgclean.weightsets.placing import place, require_place


@pytest.fixture
def converted(tmp_path):
    def make(seed):
        path = save(tmp_path / "a.pth", numbered(random_stack(seed=seed), "model."))
        return read_foreign(path, [DNCNN])

    return make


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("file", ["model.safetensors", "README.md", "config.json"])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, converted, file, there):
    folder = tmp_path / "set"
    if there:
        place(converted(1), folder)
    before = {path: path.read_bytes() for path in folder.glob("*")}
    write = store._write

    def fail(path, content):
        if path.name == file:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    monkeypatch.setattr(store, "_write", fail)
    with pytest.raises(SetupError, match="no space left"):
        place(converted(2), folder)
    assert {path: path.read_bytes() for path in folder.glob("*")} == before
    assert names(tmp_path) == ["a.pth", "set"] if there else ["a.pth"]


def test_a_set_that_is_replaced_is_sound(tmp_path, converted):
    folder = tmp_path / "set"
    for seed in (1, 2):
        place(converted(seed), folder)
        content = (folder / "model.safetensors").read_bytes()
        assert read_config(folder).sha256 == hashlib.sha256(content).hexdigest()


def test_an_empty_folder_and_a_set_may_be_replaced_and_nothing_else(tmp_path, converted):
    folder = tmp_path / "set"
    require_place(folder, overwrite=False)
    folder.mkdir()
    require_place(folder, overwrite=True)
    (folder / "notes.txt").write_text("mine")
    for target in (folder, folder / "notes.txt"):
        with pytest.raises(OutputExists, match="is no weight set"):
            require_place(target, overwrite=True)
    place(converted(1), folder)
    require_place(folder, overwrite=True)
    with pytest.raises(OutputExists, match="exists"):
        require_place(folder, overwrite=False)
