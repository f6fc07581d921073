"""drop-slot: a replication slot is dropped while its connector is away, and made anew: what was committed between is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

AWAY_S = 0.5
"""How long there is no slot: the table is changed meanwhile."""


@dataclass(frozen=True, slots=True)
class DropSlot:
    """What somebody does who needs the disk, or a failover to a server that does not have the slot.

    It lies beyond a connector that is told to trust its offset; one that checks it says so and stops, or takes a new
    snapshot.
    """

    beyond: str = "database"
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Stop the worker, drop the slot, let time pass, make the slot anew (``what`` = ``gone``: do not), start the worker."""
        scene.settle("drop")
        scene.victim.stop()
        dropped = False
        try:
            dropped = scene.drop_slot(again=False)
            yield Struck(dropped, until=scene.passed(AWAY_S), limit_s=AWAY_S)
        finally:
            if dropped and scene.what != "gone":
                scene.drop_slot(again=True)
            scene.victim.replace()
