"""Many subjects at once: processes for the comparing, threads for asking a registry."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from stream_contracts.errors import SchemaError
from stream_contracts.findings import Judgement, Place
from stream_contracts.gate.baseline import Baseline, Versions
from stream_contracts.gate.compare import Task, judge
from stream_contracts.gate.rules import finding
from stream_contracts.gate.subjects import Held
from stream_contracts.schema import format_named

MANY = 1500
"""Comparisons from which on a second process pays for its start."""
_ASKERS = 8
_tasks: Sequence[Task] = ()
"""What the processes work on; they are forked, so that nothing has to be sent to them."""


def look_up(baseline: Baseline, held: Sequence[Held]) -> list[Versions]:
    """The former versions of every subject; a registry is asked by several threads."""
    if baseline.remote is None or len(held) < 2:
        return [baseline.versions(each) for each in held]
    with ThreadPoolExecutor(_ASKERS) as pool:
        return list(pool.map(baseline.versions, held))


def judge_all(tasks: Sequence[Task]) -> list[Judgement]:
    """Judge every task, in order; a schema that cannot be read is a finding of its own."""
    global _tasks
    crew = _processors()
    if crew < 2 or sum(len(task.versions.known) for task in tasks) < MANY or not sys.platform.startswith("linux"):
        return [_judged(task) for task in tasks]
    for name in {task.form for task in tasks}:
        format_named(name)  # imported once, here, instead of in every process
    _tasks = tasks
    share = max(1, len(tasks) // (crew * 4))
    starts = range(0, len(tasks), share)
    try:
        with ProcessPoolExecutor(crew, mp_context=multiprocessing.get_context("fork")) as pool:
            parts = pool.map(_part, starts, [share] * len(starts))
            return [judgement for part in parts for judgement in part]
    finally:
        _tasks = ()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _part(start: int, count: int) -> list[Judgement]:
    return [_judged(task) for task in _tasks[start : start + count]]


def _judged(task: Task) -> Judgement:
    try:
        return judge(task)
    except SchemaError as error:
        at = f" at {error.pointer}" if error.pointer else ""
        place = Place(task.source.called, 1)
        return Judgement.of([finding("schema-unreadable", f"{error.why}{at}", place, task.subject)])
