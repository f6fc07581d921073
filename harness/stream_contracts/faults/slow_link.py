"""slow-link: for a while everything takes longer, and little passes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

SLOW_S = 4.0
LATENCY_S = 0.2
BYTES_PER_S = 65536.0


@dataclass(frozen=True, slots=True)
class SlowLink:
    """A congested line: 200 ms each way, and 64 KiB a second.

    With ``what`` = ``kafka``, ``postgres``, ``registry`` or ``connect`` it is only the way to that service.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Begin with the frame in the wire; it is over after a while."""
        lived = scene.victim.alive
        scene.slow(LATENCY_S, BYTES_PER_S)
        try:
            scene.settle("release")
            yield Struck(lived, until=scene.passed(SLOW_S), limit_s=2 * SLOW_S)
        finally:
            scene.slow(0.0, 0.0)
