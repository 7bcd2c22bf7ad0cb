"""A walk meets whatever stands in folders: links, pipes, names of any bytes."""

import os
import socket
from pathlib import Path

import pytest

from imgclean.images.walk import find_images

PNG = b"\x89PNG\r\n\x1a\n"

posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "photos"
    (path / "trip").mkdir(parents=True)
    for name in ("b.png", "a.JPG", "trip/c.tif", "scan"):
        (path / name).write_bytes(PNG)
    (path / "notes.txt").write_text("no image")
    return path


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_comes_before_those_in_it_and_each_is_sorted(folder):
    found = find_images(folder)
    assert names(found.images, folder) == ["a.JPG", "b.png", "scan", "trip/c.tif"]
    assert names(found.others, folder) == ["notes.txt"]


def test_dotfiles_and_dot_folders_are_passed_by(folder):
    (folder / ".hidden").mkdir()
    for name in (".a.png", "._b.png", ".hidden/c.png"):
        (folder / name).write_bytes(PNG)
    found = find_images(folder)
    assert len(found.images) == 4
    assert names(found.others, folder) == ["notes.txt"]


@posix
def test_links_to_folders_are_not_followed_so_that_a_loop_ends(folder, tmp_path):
    (folder / "trip" / "up").symlink_to(folder)
    (folder / "elsewhere").symlink_to(tmp_path)
    assert len(find_images(folder).images) == 4


@posix
def test_a_folder_that_is_named_by_a_link_is_walked(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert len(find_images(tmp_path / "link").images) == 4


@posix
def test_links_to_files_are_images_by_name_or_content(folder, tmp_path):
    (tmp_path / "target").write_bytes(PNG)
    (folder / "link").symlink_to(tmp_path / "target")
    (folder / "link.txt").symlink_to(folder / "notes.txt")
    found = find_images(folder)
    assert "link" in names(found.images, folder)
    assert "link.txt" in names(found.others, folder)


@posix
def test_a_broken_link_is_an_image_by_its_name_alone(folder):
    (folder / "gone.png").symlink_to("nowhere")
    (folder / "gone.txt").symlink_to("nowhere")
    (folder / "circle.png").symlink_to("circle.png")
    found = find_images(folder)
    assert {"gone.png", "circle.png"} <= set(names(found.images, folder))
    assert found.passed_by == 1


@posix
def test_pipes_sockets_and_links_to_devices_are_never_opened(folder):
    os.mkfifo(folder / "pipe.png")
    os.mkfifo(folder / "pipe")
    (folder / "null.png").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path may be no longer than 100 bytes
        server.bind("socket.png")
        os.chdir(here)
        found = find_images(folder)
    assert len(found.images) == 4
    assert found.passed_by == 4


@posix
def test_names_of_any_bytes_are_found(folder):
    odd = [b"line\nend.png", b"no\xffutf8.png", "größe \N{SNOWMAN}.png".encode(), b" .png"]
    for name in odd:
        (folder / os.fsdecode(name)).write_bytes(PNG)
    found = {os.fsencode(path.name) for path in find_images(folder).images}
    assert set(odd) <= found


def test_a_folder_that_cannot_be_listed_is_told_about(folder, monkeypatch):
    """As root nothing is forbidden, so the refusal is made up."""
    real = os.scandir

    def scandir(path):
        if Path(path).name == "trip":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = find_images(folder)
    assert found.unreadable == ((folder / "trip", "permission denied"),)
    assert len(found.images) == 3
