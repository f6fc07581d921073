"""A stack that another process of ours keeps, seen from this one: shared with other workers, or left by an earlier run."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from stream_contracts import __version__
from stream_contracts.stack import kept
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.brokers import brokers_of
from stream_contracts.stack.external import opened
from stream_contracts.stack.external_file import Elsewhere
from stream_contracts.stack.health import out_of_sync
from stream_contracts.stack.home import cache_home
from stream_contracts.stack.model import Stack

REUSED = "reused-"
"""Begins the name of a stack that is kept for the next run, and of what such a run makes on it."""

MEND_S = 15.0
POLL_S = 0.1


@contextmanager
def attached(found: kept.Kept, blueprint: Blueprint, namespace: str, progress: Progress, why: str) -> Iterator[Stack]:
    """Yield the kept stack as one that is not ours: what is made on it begins with the namespace, and is removed again.

    Nobody may break what others use: every capability is unsupported on it. Its services' logs can be read.
    """
    bootstrap, registry, postgres, connect = (found.addresses.get(name, "") for name, _ in kept.ADDRESSES.values())
    elsewhere = Elsewhere(namespace, bootstrap, registry, postgres, connect)
    with opened(elsewhere, blueprint, run_dir=None, progress=progress, keep=False, why=why, logs=found.logs) as stack:
        yield stack


@contextmanager
def reused(backend: str, blueprint: Blueprint, progress: Progress) -> Iterator[Stack]:
    """Yield the stack that an earlier run with the same configuration left, or a new one; leave it for the next run.

    One that has lost a service, or whose replicas do not come into sync, is taken down, and another is started.
    """
    name = f"{REUSED}{configuration(backend, blueprint)}"
    before = kept.read(name)
    if before is not None and not before.error and (broken := _broken(before, time.monotonic() + MEND_S)):
        progress(f"the stack that was kept is not whole ({broken}); starting another one")
        kept.down(name)
        before = None
    found = kept.shared(name, backend, blueprint, None, progress)
    why = "kept by an earlier run" if before is not None and before.token == found.token else "kept for the next run"
    with attached(found, blueprint, REUSED, progress, f"{why}: {found.description}") as stack:
        yield stack


def configuration(backend: str, blueprint: Blueprint) -> str:
    """Return a name for all that makes two stacks differ: backend, blueprint, our version, this Python, and the cache."""
    told = [__version__, sys.prefix, str(cache_home()), backend, asdict(blueprint)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _broken(found: kept.Kept, deadline: float) -> str:
    """Say what the stack lacks; a replica that is out of sync is given the time to come back."""
    while True:
        dead = [name for name, alive in found.alive.items() if not alive]
        if dead:
            return f"{', '.join(dead)} has died"
        addresses = found.addresses.get(kept.ADDRESSES["brokers"][0], "")
        missing = (out_of_sync(brokers_of(addresses)) or "") if addresses else ""
        if not missing or time.monotonic() > deadline:
            return missing
        time.sleep(POLL_S)
