"""Where what is kept from run to run lies: one folder a user."""

from __future__ import annotations

import os
from pathlib import Path


def cache_home() -> Path:
    """Return the user's cache folder: ``$STREAM_CONTRACTS_CACHE``, or ``stream-contracts`` in the XDG cache."""
    own = os.environ.get("STREAM_CONTRACTS_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "stream-contracts"
