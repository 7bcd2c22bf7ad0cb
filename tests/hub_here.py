"""This process with a Hub on loopback and a cache of its own, for tests of functions."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from huggingface_hub import constants, hf_hub_download
from huggingface_hub.utils import close_session
from loopback_hub import LoopbackHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


@contextmanager
def hub_here(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[LoopbackHub]:
    """Run a Hub; what this process fetches from it lies in `folder / "hub"`."""
    with LoopbackHub() as hub:
        settings = {
            "ENDPOINT": hub.endpoint,
            "HUGGINGFACE_CO_URL_TEMPLATE": hub.endpoint
            + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_CACHE": str(folder / "hub"),
            "HF_TOKEN_PATH": str(folder / "token"),
            "HF_HUB_DISABLE_XET": True,
            "HF_HUB_OFFLINE": False,
        }
        for name, value in settings.items():
            monkeypatch.setattr(constants, name, value)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("IMGCLEAN_CATALOGUE", "")
        close_session()
        yield hub
        close_session()


def fetch_as_others_do(repository: str, name: str) -> Path:
    """Have the Hub's own client put a file into the cache, as another program does."""
    from pathlib import Path

    path = hf_hub_download(
        repository, name, token=False, cache_dir=constants.HF_HUB_CACHE, endpoint=constants.ENDPOINT
    )
    return Path(path)


def bodies(hub: LoopbackHub) -> int:
    """How many contents of files were asked for so far."""
    return sum(seen.method == "GET" and "/api/" not in seen.path for seen in hub.seen)
