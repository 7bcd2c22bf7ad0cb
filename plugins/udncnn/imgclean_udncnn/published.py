"""The paper's figures."""

from __future__ import annotations

PUBLISHED = ()
