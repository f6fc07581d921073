"""refuse-link: for a while nobody listens where the servers were: an outage, as the process sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

AWAY_S = 3.0


@dataclass(frozen=True, slots=True)
class RefuseLink:
    """Connections are reset and new ones refused, until it is over.

    With ``what`` = ``kafka``, ``postgres``, ``registry`` or ``connect`` it is only the way to that service.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Begin with the frame in the wire; it is over after a while."""
        lived = scene.victim.alive
        scene.refuse(on=True)
        try:
            scene.settle("drop")
            yield Struck(lived, until=scene.passed(AWAY_S), limit_s=2 * AWAY_S)
        finally:
            scene.refuse(on=False)
