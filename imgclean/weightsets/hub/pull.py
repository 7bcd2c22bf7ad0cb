"""A file of the Hub, or a weight set, to a verified place on this disk; from there if it is here.

The way of one file, top to bottom: cache, question, lock, download, hash, place.
"""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from imgclean.errors import FileNotOnHub, HubError, NotOnHub, WeightsCorrupt
from imgclean.weightsets.config import CARD_NAME, CONFIG_NAME, read_config
from imgclean.weightsets.hub import cache
from imgclean.weightsets.hub.client import is_offline, list_files, look_up
from imgclean.weightsets.hub.download import download, unwritable
from imgclean.weightsets.hub.hashes import file_sha256, has_etag, is_hash
from imgclean.weightsets.hub.reference import is_commit
from imgclean.weightsets.hub.transfers import Transfer, report

if TYPE_CHECKING:
    from pathlib import Path

    from imgclean.weightsets.hub.cache import CachedFile
    from imgclean.weightsets.hub.client import RemoteFile
    from imgclean.weightsets.hub.reference import HubReference

_ATTEMPTS = 2  # at content that does not have the hash that is stated of it
_TAMPERED = "a proxy may change files, or the file was replaced on the Hub; nothing of it is kept"


def pull_file(
    reference: HubReference, *, sha256: str | None = None, refresh: bool = False
) -> CachedFile:
    """Return a file of a repository, verified. Nobody is asked for one that is here and sound.

    Args:
        reference: names a file.
        sha256: that it must have; where it is None, what the Hub states is enough.
        refresh: ask what the branch is now, whatever is here.

    Raises:
        WeightsCorrupt: what the Hub has, or what comes, has another hash; nothing of it is kept.
        HubOffline: it is not here and nothing may be fetched.
        HubUnreachable, HubRefused, NotOnHub, CacheUnwritable: see there.
    """
    here = cache.find_cached(reference)
    if here and not (refresh and not is_commit(reference.revision)):
        if cache.is_sound(here, sha256):
            return here
        if is_offline():
            raise WeightsCorrupt(
                f"{reference}: the cached file is damaged", hint="pull it again without --offline"
            )
    remote = look_up(reference)
    _require_expected(remote, sha256)
    try:
        return _fetch(remote, sha256)
    except OSError as error:
        raise unwritable(cache.cache_folder(), error) from error


def pull_set(
    reference: HubReference,
    *,
    sha256: str | None = None,
    refresh: bool = False,
    repair: bool = False,
    explain: bool = True,
) -> Path:
    """Return the folder of a weight set in the cache: its config, its tensors and its card.

    Args:
        reference: a repository, or the config of a set in a folder of it.
        sha256: of the config, which has that of the tensors.
        refresh: as in `pull_file`.
        repair: fetch also a card again that is gone or damaged, which no denoiser needs.
        explain: where it is no weight set, ask what the repository has, for the hint.

    Raises:
        NotOnHub: the repository is no weight set.
        WeightsCorrupt, HubError, CacheUnwritable: as `pull_file`.
    """
    at = dataclasses.replace(reference, file=reference.file or CONFIG_NAME)
    try:
        config_file = pull_file(at, sha256=sha256, refresh=refresh)
    except FileNotOnHub as error:
        raise FileNotOnHub(
            f"{reference} is no weight set: it has no {at.file}",
            hint=_name_a_file(reference) if explain else "",
        ) from error
    folder = config_file.path.parent
    try:
        config = read_config(folder)
    except WeightsCorrupt as error:
        if config_file.sha256:  # it was fetched to be looked at
            cache.discard(config_file)
        message = f"{reference} is no weight set of imgclean: its {CONFIG_NAME} is another's"
        raise NotOnHub(message, hint=_name_a_file(reference) if explain else "") from error
    tensors = _beside(config_file.reference, config.file)
    card = _beside(config_file.reference, CARD_NAME)
    is_new = cache.find_cached(tensors) is None and not is_offline()
    if is_new or (repair and cache.is_recorded(card)):
        with suppress(FileNotOnHub):  # people want the card, a denoiser does not
            pull_file(card)
    pull_file(tensors, sha256=config.sha256)  # last: who has them is not asked for a card again
    return folder


def _beside(reference: HubReference, name: str) -> HubReference:
    """Return the reference to a file in the same folder and commit."""
    place = PurePosixPath(reference.file or CONFIG_NAME).with_name(name)
    return dataclasses.replace(reference, file=place.as_posix())


def _name_a_file(reference: HubReference) -> str:
    """Return a hint that names what the repository does hold."""
    hint = f"name a file of it, as {dataclasses.replace(reference, file='FILE')}"
    there = files_there(reference)
    return f"{hint}; {there}" if there else hint


def files_there(reference: HubReference) -> str:
    """Return what the repository has, in words; nothing if that cannot be known."""
    try:
        names = [name for name in list_files(reference) if not name.startswith(".git")]
    except HubError:
        return ""
    return f"it has {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}" if names else ""


def _require_expected(remote: RemoteFile, sha256: str | None) -> None:
    """Refuse what the Hub itself says is not what was asked for, before it is fetched."""
    reference = remote.reference
    if is_commit(reference.revision) and remote.commit != reference.revision:
        raise WeightsCorrupt(
            f"{reference}: the Hub answers with commit {remote.commit[:12]}", hint=_TAMPERED
        )
    is_sha256 = is_hash(remote.etag) and len(remote.etag) == len(sha256 or "")
    if sha256 is not None and is_sha256 and remote.etag != sha256:
        raise _other_content(remote, remote.etag, sha256)


def _fetch(remote: RemoteFile, sha256: str | None) -> CachedFile:
    """Fetch what is not here, unless another process does it first."""
    repository, etag = remote.reference.repository, remote.etag
    partial = cache.partial_of(repository, etag)
    blob = cache.blob_of(repository, etag)
    digest = ""
    with cache.sole_fetcher(remote.name, repository, etag):
        here = cache.find_cached(dataclasses.replace(remote.reference, revision=remote.commit))
        if here and _is_expected(here.path, remote, sha256):
            return cache.confirm(remote, here)
        if blob.exists() and _is_expected(blob, remote, sha256):
            return cache.keep(remote, file_sha256(blob))
        for _ in range(_ATTEMPTS):
            try:
                download(remote, partial)
            except BaseException:
                report(Transfer(file=remote.name, state="failed"))
                raise
            digest = file_sha256(partial)
            if _is_expected(partial, remote, sha256):
                partial.replace(blob)
                size = blob.stat().st_size
                report(Transfer(file=remote.name, done=size, total=size, state="finished"))
                return cache.keep(remote, digest)
            partial.unlink()
        report(Transfer(file=remote.name, state="failed"))
        if blob.exists() and not has_etag(blob, etag):
            blob.unlink()  # damaged since it was fetched
    raise _other_content(remote, digest, sha256 or etag)


def _is_expected(path: Path, remote: RemoteFile, sha256: str | None) -> bool:
    """Whether content is what the Hub states and what is pinned."""
    if is_hash(remote.etag):
        stated = has_etag(path, remote.etag)
    else:  # of a mirror, which some give no length
        stated = not remote.size or path.stat().st_size == remote.size
    return stated and (sha256 is None or file_sha256(path) == sha256)


def _other_content(remote: RemoteFile, found: str, expected: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        f"{remote.reference}: its hash is {found[:12]}..., not {expected[:12]}...", hint=_TAMPERED
    )
