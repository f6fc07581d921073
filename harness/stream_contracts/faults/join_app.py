"""join-app: one more instance comes at a moment, takes its share, and dies or leaves again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

STAY_S = 6.0


@dataclass(frozen=True, slots=True)
class JoinApp:
    """Scale out, and in again: a newcomer that goes once all input is accounted for, or after a while.

    With ``what`` = ``die`` it is killed instead of asked to go.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Start the newcomer while the frame stands, so that the rebalance finds the victim in the middle of its work."""
        newcomer = scene.newcomer()
        scene.settle("release")
        newcomer.retire()
        try:
            yield Struck(effect=True, until=scene.accounted, limit_s=STAY_S)
        finally:
            newcomer.kill() if scene.what == "die" else newcomer.stop()
            newcomer.evict()
