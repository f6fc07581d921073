"""kill-broker: a broker dies at a moment (SIGKILL), stays away for a while, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.stack.capabilities import Killable, Restartable

AWAY_S = 5.0
"""Longer than the brokers' own session timeout of 3 s: leaders have moved when it comes back."""


@dataclass(frozen=True, slots=True)
class KillBroker:
    """The process is gone at once, and every connection to it. What it had written is still there when it starts again."""

    beyond: str = ""
    shared: bool = True

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Kill the broker that ``what`` names, and the frame with it; start it again on the way out."""
        name = scene.broker()
        killed, started = scene.service(name, can=Killable), scene.service(name, can=Restartable)
        try:
            killed.kill()
        finally:
            scene.settle("drop")
        try:
            yield Struck(not scene.alive(name), until=scene.passed(AWAY_S), limit_s=2 * AWAY_S)
        finally:
            started.start()
            scene.whole()
