"""Many things at once: processes for what is computed, threads for what a registry is asked."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, TypeVar

MANY = 40
"""Things from which on a second process pays for its start."""
_ASKERS = 8
_Item = TypeVar("_Item")
_Done = TypeVar("_Done")
_work: tuple[Callable[[Any], Any], Sequence[Any]] = (str, ())
"""What the processes do; they are forked, so that neither the function nor its items have to be sent to them."""


def each(work: Callable[[_Item], _Done], items: Sequence[_Item], *, waits: bool = False) -> list[_Done]:
    """Do it with every item, in order; ``waits`` says that the time goes into waiting, so threads will do.

    An exception comes through. What is done with an item must not depend on what was done with another one.
    """
    if waits and len(items) > 1:
        with ThreadPoolExecutor(_ASKERS) as threads:
            return list(threads.map(work, items))
    crew = _processors()
    if crew < 2 or len(items) < MANY or not sys.platform.startswith("linux"):
        return [work(item) for item in items]
    return _forked(work, items, crew)


def _forked(work: Callable[[_Item], _Done], items: Sequence[_Item], crew: int) -> list[_Done]:
    global _work
    _work = work, items
    share = max(1, len(items) // (crew * 4))
    starts = range(0, len(items), share)
    # Schemas are freed by counting; a search for cycles among all that is loaded would take a third of the time.
    gc.freeze()
    try:
        with ProcessPoolExecutor(crew, multiprocessing.get_context("fork"), initializer=gc.disable) as pool:
            return [done for part in pool.map(_part, starts, [share] * len(starts)) for done in part]
    finally:
        _work = str, ()
        gc.unfreeze()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _part(start: int, count: int) -> list[Any]:
    work, items = _work
    return [work(item) for item in items[start : start + count]]
