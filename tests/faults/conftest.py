"""A scene with real processes and no wire: what a fault did to it is written down in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stream_contracts.errors import StackError, UnsupportedError
from stream_contracts.wire.hold import Fate


class Actor:
    """A real process behind the words of an instance; ``hardy`` survives, ``stuck`` makes the kill raise."""

    def __init__(self, told: list[str], name: str) -> None:
        self.told, self.name = told, name
        self.hardy = self.stuck = False
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def state(self) -> str:
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2][0]

    def kill(self) -> None:
        self._tell("kill")
        if self.stuck:
            raise StackError("it survived SIGKILL")
        if not self.hardy:
            self.end()

    def stop(self) -> None:
        self._tell("stop")
        self.end()

    def pause(self) -> None:
        self._tell("pause")
        assert self.process is not None
        self.process.send_signal(19)

    def resume(self) -> None:
        self._tell("resume")
        assert self.process is not None
        self.process.send_signal(18)

    def retire(self) -> None:
        self._tell("retire")

    def evict(self) -> None:
        self._tell("evict")

    def replace(self) -> None:
        self._tell("replace")
        self.start()

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate(timeout=10)

    def _tell(self, what: str) -> None:
        self.told.append(f"{self.name} {what}")


class FakeBroker:
    """A broker that writes down what is done to it."""

    def __init__(self, told: list[str], name: str) -> None:
        self.told, self.name, self.up = told, name, True

    def kill(self) -> None:
        self._is("kill", up=False)

    def stop(self, timeout_s: float) -> int:
        assert timeout_s > 0
        self._is("stop", up=False)
        return 0

    def start(self) -> None:
        self._is("start", up=True)

    def pause(self) -> None:
        self._is("pause", up=True)

    def resume(self) -> None:
        self._is("resume", up=True)

    def isolate(self) -> None:
        self._is("isolate", up=True)

    def rejoin(self) -> None:
        self._is("rejoin", up=True)

    def _is(self, what: str, *, up: bool) -> None:
        self.told.append(f"{self.name} {what}")
        self.up = up


class Theatre:
    """The scene: a victim, whoever comes besides, and what was done, in order."""

    def __init__(self, what: str = "") -> None:
        self.what = what
        self.told: list[str] = []
        self.actors: list[Actor] = []
        self.all_read = False
        self.keeps_offsets = True
        self.knows = True
        self.api = "EndTxn"
        self.brokers = {name: FakeBroker(self.told, name) for name in ("broker-1", "broker-2", "broker-3", "postgres")}
        self.now = 0.0
        self.victim = self._enters("victim")

    def _enters(self, name: str) -> Actor:
        actor = Actor(self.told, name)
        self.actors.append(actor)
        return actor

    def settle(self, fate: Fate) -> bool:
        self.told.append(f"frame {fate}")  # a refusal tells its code
        return self.knows

    def cut(self) -> None:
        self.told.append("cut")

    def stand_in(self) -> Actor:
        self.told.append("stand-in comes")
        return self._enters("stand-in")

    def newcomer(self) -> Actor:
        self.told.append("newcomer comes")
        return self._enters("newcomer")

    def blackhole(self, *, on: bool) -> None:
        self.told.append(f"silent {on}")

    def refuse(self, *, on: bool) -> None:
        self.told.append(f"refused {on}")

    def slow(self, latency_s: float, bytes_per_s: float) -> None:
        self.told.append(f"slow {latency_s:g} {bytes_per_s:g}")

    def registry_answers(self, status: int) -> Callable[[], None]:
        self.told.append(f"registry answers {status}")
        return lambda: self.told.append("registry is well")

    def registry_mistakes(self) -> Callable[[], None] | None:
        self.told.append("registry mistakes")
        return lambda: self.told.append("registry is well")

    def detach(self) -> None:
        self.told.append("detached")

    def fence(self) -> bool:
        self.told.append("fence")
        return True

    def broker(self) -> str:
        return "broker-1"

    def others(self, broker: str) -> list[str]:
        return [name for name in self.brokers if name not in (broker, "postgres")]

    def service(self, name: str, *, can: type[object]) -> object:
        if not isinstance(self.brokers[name], can):
            raise UnsupportedError(f"{name} cannot do that")
        return self.brokers[name]

    def alive(self, service: str) -> bool:
        return self.brokers[service].up

    def drop_slot(self, *, again: bool) -> bool:
        self.told.append("slot made" if again else "slot dropped")
        return True

    def take_offsets(self, *, yes: bool) -> bool:
        self.told.append(f"offsets {yes}")
        return self.keeps_offsets

    def whole(self) -> None:
        self.told.append("whole")

    def wait(self, seconds: float) -> None:
        assert 0 < seconds < 3, "longer, and the followers would be out of sync"
        self.told.append("wait")

    def accounted(self) -> bool:
        return self.all_read

    def passed(self, seconds: float) -> Callable[[], bool]:
        until = self.now + seconds
        return lambda: self.now >= until


@pytest.fixture
def theatre() -> Iterator[Theatre]:
    scene = Theatre()
    yield scene
    for actor in scene.actors:
        actor.end()
