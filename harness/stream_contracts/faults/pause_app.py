"""pause-app: the process is frozen past its session, somebody takes its place, and then it goes on: a zombie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

CATCH_UP_S = 6.0
"""How long the stand-in may take; it may wait for what the frozen one holds, a row lock for example."""


@dataclass(frozen=True, slots=True)
class PauseApp:
    """SIGSTOP with the frame in the wire, a stand-in until it has caught up, then the frame and SIGCONT.

    A long collection of garbage, a laptop lid, a live migration: the process never learns that time has passed. Its session
    does not run out by waiting: its groups are told that it is gone.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Freeze, evict, replace; thaw once the stand-in has done all the work, or cannot for a while."""
        victim = scene.victim
        if not victim.alive:
            scene.settle("drop")
            yield Struck(effect=False)
            return
        victim.pause()
        try:
            victim.retire()
            victim.evict()
            scene.stand_in()
            yield Struck(effect=True, until=scene.accounted, limit_s=CATCH_UP_S)
        finally:
            victim.resume()
            scene.settle("release")  # it stood in the buffers of the frozen process, on the one side or the other
