"""The cache of the Hub's client, which other programs share: what of it is ours, and sound.

Its layout is documented: `models--owner--name/` has `blobs/<etag>`, `snapshots/<commit>/<file>`,
which are links to them, or files where the system has no links, and `refs/<branch>`. A record of
our own beside them, `imgclean.json`, has the sha256 of each file that we fetched.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from huggingface_hub import constants, try_to_load_from_cache

from imgclean.atomic import remove_leftovers, replacing
from imgclean.weightsets.config import CONFIG_NAME
from imgclean.weightsets.hub.hashes import file_sha256, has_etag
from imgclean.weightsets.hub.record import RECORD_NAME, read_record, write_record
from imgclean.weightsets.hub.reference import HubReference
from imgclean.weightsets.hub.transfers import Transfer, report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imgclean.weightsets.hub.client import RemoteFile

_PARTIAL = ".imgclean.incomplete"
_LOOK_AGAIN_AFTER = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file of the Hub that is here.

    Attributes:
        reference: where it is from; its revision is a commit, its file never None.
        path: of the file, in the folder of its commit.
        sha256: that it had when it was fetched; None where another program fetched it.
    """

    reference: HubReference
    path: Path
    sha256: str | None


def cache_folder() -> Path:
    """Return the folder that holds all repositories."""
    return Path(constants.HF_HUB_CACHE)


def repository_folder(repository: str) -> Path:
    """Return a repository's folder; it need not exist."""
    return cache_folder() / f"models--{repository.replace('/', '--')}"


def place_in_cache(path: Path) -> tuple[str, str, str]:
    """Return the repository, the commit and the name in it of a file in the cache."""
    folder, _, commit, *file = path.relative_to(cache_folder()).parts
    return folder.removeprefix("models--").replace("--", "/", 1), commit, "/".join(file)


def find_cached(reference: HubReference) -> CachedFile | None:
    """Return a file that is here, whatever it holds. Asks nobody.

    A branch or a tag is the commit that it was when it was last asked for.
    """
    file = reference.file or CONFIG_NAME
    try:
        found = try_to_load_from_cache(reference.repository, file, revision=reference.revision)
    except (OSError, UnicodeError):  # what a branch was is damaged
        return None
    if not isinstance(found, str):
        return None
    path = Path(found)
    _, commit, _ = place_in_cache(path)
    known = read_record(repository_folder(reference.repository)).get(f"{commit}/{file}")
    return CachedFile(HubReference(reference.repository, commit, file), path, known)


def is_sound(cached: CachedFile, sha256: str | None) -> bool:
    """Whether a file has the hash that is asked for, or the one that it had when it was fetched.

    Of a file that another program fetched the name of its blob tells: the sha256, or git's hash.
    """
    expected = sha256 or cached.sha256
    try:
        if expected is not None:
            return file_sha256(cached.path) == expected
        return cached.path.is_symlink() and has_etag(cached.path, cached.path.readlink().name)
    except OSError:
        return False


def blob_of(repository: str, etag: str) -> Path:
    """Return where the content of that etag is, or would be."""
    return repository_folder(repository) / "blobs" / etag


def partial_of(repository: str, etag: str) -> Path:
    """Return where a file grows until it is whole."""
    return blob_of(repository, f"{etag}{_PARTIAL}")


@contextmanager
def sole_fetcher(name: str, repository: str, etag: str) -> Iterator[None]:
    """Wait until no other process fetches the file; on the lock that the Hub's client takes."""
    lock = _lock(repository_folder(repository), etag)
    waited = False
    while True:
        try:
            lock.acquire(timeout=_LOOK_AGAIN_AFTER)
        except Timeout:
            if not waited:
                report(Transfer(file=name, state="waiting"))
            waited = True
        else:
            break
    try:
        yield
    finally:
        lock.release()


def keep(remote: RemoteFile, sha256: str) -> CachedFile:
    """Give a whole, sound blob its place in the folder of its commit; note that it is ours."""
    cached = record(remote, sha256)  # first: what is noted and not there is fetched again
    cached.path.parent.mkdir(parents=True, exist_ok=True)
    _point(cached.path, blob_of(remote.reference.repository, remote.etag))
    return cached


def record(remote: RemoteFile, sha256: str) -> CachedFile:
    """Note that a file is sound and ours; and the branch's or tag's commit."""
    repository, commit, file = remote.reference.repository, remote.commit, remote.file
    folder = repository_folder(repository)
    with _lock(folder, RECORD_NAME):
        write_record(folder, read_record(folder) | {f"{commit}/{file}": sha256})
        _note_commit(remote)
    path = folder / "snapshots" / commit / file
    return CachedFile(HubReference(repository, commit, file), path, sha256)


def confirm(remote: RemoteFile, cached: CachedFile) -> CachedFile:
    """Note the branch's or tag's commit, of which a sound file is here; whose it is stays."""
    if cached.sha256:
        return record(remote, file_sha256(cached.path))
    with _lock(repository_folder(remote.reference.repository), RECORD_NAME):
        _note_commit(remote)
    return cached


def discard(cached: CachedFile) -> None:
    """Remove a file, its blob if no other commit has it, its record, and folders left empty."""
    folder = repository_folder(cached.reference.repository)
    with _lock(folder, RECORD_NAME):
        blob = _blob_of(cached.path)
        cached.path.unlink(missing_ok=True)
        if blob is not None and not any(
            _blob_of(other) == blob for other in (folder / "snapshots").rglob("*")
        ):
            blob.unlink(missing_ok=True)
        kept = read_record(folder)
        kept.pop(f"{cached.reference.revision}/{cached.reference.file}", None)
        write_record(folder, kept)
        _prune(folder, cached)


def discard_partial() -> int:
    """Remove what interrupted transfers have left, not what is on its way; return the bytes."""
    removed = 0
    for partial in cache_folder().glob(f"models--*/blobs/*{_PARTIAL}"):
        folder = partial.parents[1]
        try:
            with _lock(folder, partial.name.removesuffix(_PARTIAL)).acquire(timeout=0):
                removed += partial.stat().st_size
                partial.unlink()
                _prune_repository(folder)
        except (Timeout, FileNotFoundError):
            continue
    return removed


def recorded() -> list[CachedFile]:
    """Return every file that was fetched by imgclean and not removed since; it may be damaged."""
    found = []
    for path in sorted(cache_folder().glob(f"models--*/{RECORD_NAME}")):
        for name, sha256 in sorted(read_record(path.parent).items()):
            place = path.parent / "snapshots" / name
            found.append(CachedFile(HubReference(*place_in_cache(place)), place, sha256))
    return found


def is_recorded(reference: HubReference) -> bool:
    """Whether a file of a commit was fetched by imgclean and not removed by it since."""
    known = read_record(repository_folder(reference.repository))
    return f"{reference.revision}/{reference.file}" in known


def branches_of(repository: str, commit: str) -> list[str]:
    """Return the branches and tags that were a commit when they were last asked for."""
    refs = repository_folder(repository) / "refs"
    return sorted(
        ref.relative_to(refs).as_posix()
        for ref in refs.rglob("*")
        if not ref.name.startswith(".")  # which a kill has left: no branch begins so
        and ref.is_file()
        and ref.read_bytes() == commit.encode()
    )


def _lock(folder: Path, name: str) -> FileLock:
    """Return the lock of a repository's blob, or of our record."""
    locks = cache_folder() / ".locks" / folder.name
    locks.mkdir(parents=True, exist_ok=True)
    return FileLock(locks / f"{name}.lock")


def _note_commit(remote: RemoteFile) -> None:
    reference = remote.reference
    if reference.revision == remote.commit:
        return
    ref = repository_folder(reference.repository) / "refs" / reference.revision
    ref.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(ref.parent)
    with replacing(ref) as temporary:
        temporary.write_text(remote.commit)


def _point(pointer: Path, blob: Path) -> None:
    """Make a link to the blob, or move it where the system has no links."""
    pointer.unlink(missing_ok=True)
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        shutil.move(blob, pointer)


def _blob_of(pointer: Path) -> Path | None:
    """Return the blob that a link in a commit's folder leads to; it may be a link itself."""
    if not pointer.is_symlink():
        return None
    return Path(os.path.normpath(pointer.parent / pointer.readlink()))


def _prune(folder: Path, cached: CachedFile) -> None:
    """Remove what a removed file leaves empty, and the branches of a commit that is gone."""
    snapshots = folder / "snapshots"
    for parent in cached.path.parents:
        if parent == snapshots:
            break
        with suppress(OSError):
            parent.rmdir()
    if (snapshots / cached.reference.revision).exists():
        return
    for branch in branches_of(cached.reference.repository, cached.reference.revision):
        (folder / "refs" / branch).unlink(missing_ok=True)
    _prune_repository(folder)


def _prune_repository(folder: Path) -> None:
    """Remove a repository's folder if it holds no file any more."""
    if _is_empty(folder / "snapshots") and _is_empty(folder / "blobs"):
        shutil.rmtree(folder, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())
