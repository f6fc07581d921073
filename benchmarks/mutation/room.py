"""The modules of one room against the room's own tests: each mutant lives in a process of its own, forked from collected tests.

A mutant is met by the tests alone that pass through its statement, the quickest first, until one fails. What was told
stays told as long as the module has the same text; survivors are tried again at the next call.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import resource
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, settings

from benchmarks.mutation.code import Mutant, live, mutants

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".stream-contracts" / "mutants"
MEMORY = 6 << 30
"""What a mutant may take before it is told."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is mutated, what tries it, and how long one test may take to be among them, in seconds."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()
    slowest_s: float = 0.5
    most_s: float = 1.5


@dataclass(slots=True)
class Tried:
    """One module: how its mutants ended."""

    name: str
    told: int = 0
    by_time: int = 0
    """Those of the told ones that did not end, or took too much memory."""
    survivors: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)
    """Those that no test of the room comes past."""

    @property
    def times(self) -> int:
        return self.told + len(self.survivors) + len(self.unreached)


@dataclass(slots=True)
class _Seen:
    """A test as it ran on the right code."""

    took_s: float
    lines: dict[str, set[int]]


class Trial:
    """A plugin of pytest that runs the collected tests on mutants instead of once."""

    def __init__(self, name: str, room: Room, tell: Callable[[Tried], None]) -> None:
        self.name, self.room, self.tell = name, room, tell
        self.lately: list[str] = []
        """The tests that told the last ones, which are the first to be asked of the next."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        settings.register_profile("mutants", database=None, derandomize=True, suppress_health_check=list(HealthCheck))
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = [each for each in session.items if not any(word in each.nodeid for word in self.room.without)]
        files = [ROOT / "harness" / "stream_contracts" / module for module in self.room.modules]
        seen = _watched(items, {str(file) for file in files})
        for file in files:
            self.tell(self._tried(file, items, seen))
        return True

    def _tried(self, file: Path, items: Sequence[pytest.Item], seen: dict[str, _Seen]) -> Tried:
        kept, sum_of = KEPT / f"{self.name}-{file.stem}.json", hashlib.sha256(file.read_bytes()).hexdigest()
        before = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
        told: dict[str, str] = before["told"] if before.get("text") == sum_of else {}
        found = Tried(str(file.relative_to(ROOT / "harness" / "stream_contracts")))
        kept.parent.mkdir(parents=True, exist_ok=True)
        held = live(file)
        for mutant in mutants(file):
            if mutant.change not in told:
                meet = self._meeting(str(file), mutant, items, seen)
                how, by = _met(held[mutant.place], mutant, meet, seen) if meet else ("", None)
                if by is not None:
                    self.lately = [by.nodeid, *(each for each in self.lately if each != by.nodeid)][:12]
                if how:
                    told[mutant.change] = how
                    kept.write_text(json.dumps({"text": sum_of, "told": told}, ensure_ascii=False, indent=0), "utf-8")
                else:
                    (found.survivors if meet else found.unreached).append(mutant.change)
                    continue
            found.told += 1
            found.by_time += told[mutant.change] == "time"
        return found

    def _meeting(
        self, file: str, mutant: Mutant, items: Sequence[pytest.Item], seen: dict[str, _Seen]
    ) -> list[pytest.Item]:
        lines = set(mutant.lines)
        passing = [each for each in items if each.nodeid in seen and lines & seen[each.nodeid].lines.get(file, set())]
        passing.sort(key=lambda each: (each.nodeid not in self.lately, seen[each.nodeid].took_s))
        meet, sum_s = [], 0.0
        for each in passing:
            sum_s += seen[each.nodeid].took_s
            if seen[each.nodeid].took_s <= self.room.slowest_s and (sum_s <= self.room.most_s or not meet):
                meet.append(each)
        return meet


def tried(name: str, room: Room, tell: Callable[[Tried], None]) -> int:
    """Try every mutant of a room's modules, and tell of each module; what pytest's run ended with."""
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:terminalreporter"]
    return int(pytest.main([*arguments, *(str(ROOT / test) for test in room.tests)], plugins=[Trial(name, room, tell)]))


def _watched(items: Sequence[pytest.Item], files: set[str]) -> dict[str, _Seen]:
    """Run every test once in another process, which leaves this one as it was: those that pass, and where they came past."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        folder = tempfile.mkdtemp(prefix="mutants-")
        try:
            seen = dict(_watch(items, files, Path(folder)))
            with os.fdopen(writing, "wb") as out:
                pickle.dump(seen, out)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as given:
        seen = pickle.load(given)
    os.waitpid(child, 0)
    failed = [each.nodeid for each in items if each.nodeid not in seen]
    print(f"{len(seen)} tests pass, {sum(each.took_s for each in seen.values()):.1f} s", flush=True)
    if failed:
        print(f"{len(failed)} tests do not pass and are left out: {', '.join(failed[:5])}", flush=True)
    return seen


def _watch(items: Sequence[pytest.Item], files: set[str], folder: Path) -> Iterator[tuple[str, _Seen]]:
    _quiet(items[0].config, folder)
    wanted: dict[CodeType, bool] = {}
    for item in items:
        lines: dict[str, set[int]] = {}

        def within(frame: FrameType, _event: str, _: Any, lines: dict[str, set[int]] = lines) -> Any:
            lines.setdefault(frame.f_code.co_filename, set()).add(frame.f_lineno)
            return within

        def entered(frame: FrameType, _event: str, _: Any, within: Any = within) -> Any:
            code = frame.f_code
            if code not in wanted:
                wanted[code] = code.co_filename in files
            return within(frame, "call", None) if wanted[code] else None

        began = _spent_s()
        threading.settrace(entered)
        sys.settrace(entered)
        try:
            passed = _passes(item)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
        if passed:
            yield item.nodeid, _Seen(_spent_s() - began, lines)


def _met(
    held: Sequence[FunctionType], mutant: Mutant, meet: Sequence[pytest.Item], seen: dict[str, _Seen]
) -> tuple[str, pytest.Item | None]:
    """How a mutant was told, "test" or "time", or "" where it was not; and by which test."""
    expected_s = sum(seen[each.nodeid].took_s for each in meet)
    folder = tempfile.mkdtemp(prefix="mutants-")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.setsid()
            _bounded(expected_s)
            _quiet(meet[0].config, Path(folder))
            for each in held:
                each.__code__ = mutant.code
            for place, item in enumerate(meet):
                if not _passes(item):
                    os.write(writing, str(place).encode())
                    os._exit(1)
            os._exit(0)
        os._exit(2)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
    told = os.read(reading, 9) if not os.WIFSIGNALED(status) else b""
    os.close(reading)
    by = meet[int(told)] if told else None
    return ("time" if os.WIFSIGNALED(status) else "test" if os.WEXITSTATUS(status) else ""), by


def _spent_s() -> float:
    """Processor time of this process and of those that it waited for: a busy machine does not change it."""
    return sum(os.times()[:4])


def _bounded(expected_s: float) -> None:
    for timer, most_s in ((signal.ITIMER_PROF, 3 + 4 * expected_s), (signal.ITIMER_REAL, 60 + 20 * expected_s)):
        signal.setitimer(timer, most_s)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _passes(item: pytest.Item) -> bool:
    with suppress(AttributeError):
        item._initrequest()  # type: ignore[attr-defined]
    return all(report.passed or report.skipped for report in runtestprotocol(item, log=False, nextitem=None))


def _quiet(config: pytest.Config, folder: Path) -> None:
    """What is printed is nobody's, and what is written lies in a folder that goes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    factory: Any = config._tmp_path_factory  # type: ignore[attr-defined]
    factory._basetemp = folder
