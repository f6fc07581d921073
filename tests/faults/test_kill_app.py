"""kill-app on a real process: it strikes the living alone, says truly whether it did, and never keeps the frame."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from stream_contracts.errors import StackError, UsageError
from stream_contracts.faults import FAULTS, fault_named
from stream_contracts.faults.kill_app import KillApp
from stream_contracts.wire.hold import Fate, Hold
from stream_contracts.wire.moment import Moment

MOMENT = Moment("enrich-0", "producer", "EndTxn", 1, "before")


class Process:
    """A real process behind the three words of a victim; ``hardy`` survives, ``stuck`` makes the kill raise."""

    def __init__(self, *, hardy: bool = False, stuck: bool = False) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        self.hardy, self.stuck, self.kills = hardy, stuck, 0

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self.kills += 1
        if self.stuck:
            raise StackError("it survived SIGKILL")
        if not self.hardy:
            self.end()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def struck(loop: asyncio.AbstractEventLoop, process: Process) -> tuple[bool | None, Fate]:
    """Strike while a frame is held; what it says (None where it raised), and what became of the frame."""
    hold = Hold(loop, MOMENT, threading.Event(), limit_s=5)

    async def held() -> tuple[bool | None, Fate]:
        standing = asyncio.create_task(hold.stand())
        await asyncio.sleep(0)
        assert hold.hit.is_set()
        try:
            effect: bool | None = KillApp(MOMENT).strike(hold, process)
        except StackError:
            effect = None
        return effect, await standing

    return loop.run_until_complete(held())


def test_the_living_die_and_the_frame_with_them(loop: asyncio.AbstractEventLoop) -> None:
    process = Process()
    assert struck(loop, process) == (True, "drop")
    assert not process.alive


def test_who_is_dead_already_is_not_killed_again(loop: asyncio.AbstractEventLoop) -> None:
    process = Process()
    process.end()
    assert struck(loop, process) == (False, "drop")
    assert process.kills == 0


def test_who_survives_was_not_struck(loop: asyncio.AbstractEventLoop) -> None:
    process = Process(hardy=True)
    try:
        assert struck(loop, process) == (False, "drop")
        assert process.alive
    finally:
        process.end()


def test_the_frame_is_let_go_even_where_the_kill_fails(loop: asyncio.AbstractEventLoop) -> None:
    process = Process(stuck=True)
    try:
        assert struck(loop, process) == (None, "drop")
    finally:
        process.end()


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'kill-ap'; known: kill-app"):
        fault_named("kill-ap", MOMENT)


@pytest.mark.parametrize("name", FAULTS)
def test_every_row_makes_a_fault_at_its_moment(name: str) -> None:
    assert fault_named(name, MOMENT).at == MOMENT
