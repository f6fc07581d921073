"""hold-frame: a request, or its answer, is late: longer than a heartbeat, shorter than a timeout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

LATE_S = 1.5


@dataclass(frozen=True, slots=True)
class HoldFrame:
    """The frame stands in the wire for a while, and everything behind it on its connection, and then goes on."""

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Do nothing but wait; let it go on the way out."""
        try:
            yield Struck(scene.victim.alive, until=scene.passed(LATE_S), limit_s=2 * LATE_S)
        finally:
            scene.settle("release")
