"""One child process: whatever it does, it is ours to kill, pause, stop and read."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_contracts.errors import StackError
from stream_contracts.stack.capabilities import Killable, Pausable, Restartable
from stream_contracts.stack.service import SERVICE_TAG, Service, first_to_end
from stream_contracts.stack.warden import RUN_TAG, tagged
from tests.waiting import until

COUNT = "import time\nfor n in range(10**9):\n    print(n, flush=True)\n    time.sleep(0.005)"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(600)"
POLITE = (
    "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
    "print('polite', flush=True)\ntime.sleep(600)"
)


class Started:
    """Makes services and kills them after the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.services = folder, list[Service]()

    def __call__(self, *command: str) -> Service:
        service = Service(
            f"service-{len(self.services)}",
            command,
            cwd=self.folder,
            env=dict(os.environ),
            log_path=self.folder / f"log-{len(self.services)}",
            run_id=f"test-{os.getpid()}-{id(self)}",
        )
        self.services.append(service)
        service.start()
        return service


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    made = Started(tmp_path)
    yield made
    for service in made.services:
        service.kill()


def test_a_service_has_every_capability(started: Started) -> None:
    service = started("sleep", "600")
    assert isinstance(service, Killable)
    assert isinstance(service, Pausable)
    assert isinstance(service, Restartable)


def test_kill_also_reaches_what_left_the_group(started: Started) -> None:
    service = started("sh", "-c", "setsid sleep 600 & sleep 600 & wait")
    assert until(lambda: len(tagged(SERVICE_TAG, service.tag)) == 3)
    service.kill()
    assert not service.alive
    assert service.exit_status == -9
    assert tagged(SERVICE_TAG, service.tag) == []


def test_killing_one_service_leaves_its_neighbour(started: Started) -> None:
    victim, neighbour = started("sleep", "600"), started("sleep", "600")
    victim.kill()
    assert neighbour.alive
    assert tagged(RUN_TAG, neighbour.run_id) == [neighbour.pid]


def test_a_paused_service_does_nothing_until_it_is_resumed(started: Started) -> None:
    service = started(sys.executable, "-c", COUNT)
    assert until(lambda: service.log_tail(1))
    service.pause()
    frozen = service.log_path.stat().st_size
    time.sleep(0.1)
    assert service.log_path.stat().st_size == frozen
    assert service.alive
    service.resume()
    assert until(lambda: service.log_path.stat().st_size > frozen)


def test_a_paused_service_can_be_killed(started: Started) -> None:
    service = started("sleep", "600")
    service.pause()
    service.kill()
    assert not service.alive


def test_pausing_what_does_not_run_is_an_error(started: Started) -> None:
    service = started("true")
    service.wait(5)
    with pytest.raises(StackError, match=r"cannot be paused.*exit status 0"):
        service.pause()


def test_stop_asks_first(started: Started) -> None:
    service = started(sys.executable, "-c", POLITE)
    assert until(lambda: "polite" in service.log_tail())
    assert service.stop(5) == 7


def test_stop_kills_what_does_not_listen(started: Started) -> None:
    service = started(sys.executable, "-c", DEAF)
    assert until(lambda: "deaf" in service.log_tail())
    assert service.stop(0.2) == -9


def test_a_restart_continues_the_log(started: Started) -> None:
    service = started("sh", "-c", "echo once; exec sleep 600")
    assert until(lambda: service.log_tail() == "once")
    service.kill()
    service.start()
    assert until(lambda: service.log_tail() == "once\nonce")
    assert service.incarnation == 2
    with pytest.raises(StackError, match="running already"):
        service.start()


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    service = Service("x", ["/no/such/command"], cwd=tmp_path, env={}, log_path=tmp_path / "log", run_id="r")
    with pytest.raises(StackError, match=r"x cannot be started: No such file.*/no/such/command"):
        service.start()


def test_the_tail_of_a_long_log_is_cheap_and_exact(started: Started) -> None:
    service = started("sh", "-c", "seq 100000")
    service.wait(10)
    assert service.log_tail(3).splitlines() == ["99998", "99999", "100000"]


def test_the_wait_to_poll_with_notices_a_death_at_once(started: Started) -> None:
    lasting, short = started("sleep", "600"), started("sleep", "0.2")
    begin = time.monotonic()
    assert first_to_end((lasting, short), 30) is short
    assert time.monotonic() - begin < 5
    assert first_to_end((lasting,), 0.05) is None
