"""A bounded wait for what cannot be asked to tell us."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(holds: Callable[[], object], timeout_s: float = 20, pause_s: float = 0.01) -> bool:
    """Ask until it holds; tell whether it did in time."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_s)
    return True
