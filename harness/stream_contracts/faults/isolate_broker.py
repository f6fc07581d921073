"""isolate-broker: its peers do not reach a broker, nor it them; its clients do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.stack.capabilities import Isolatable

ALONE_S = 6.0


@dataclass(frozen=True, slots=True)
class IsolateBroker:
    """A partition of the network between brokers: whoever is cut off does not learn that it was replaced."""

    beyond: str = ""
    shared: bool = True

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Cut the broker that ``what`` names from its peers, and join them again on the way out."""
        service = scene.service(scene.broker(), can=Isolatable)
        service.isolate()
        scene.settle("release")
        try:
            yield Struck(effect=True, until=scene.passed(ALONE_S), limit_s=2 * ALONE_S)
        finally:
            service.rejoin()
            scene.whole()
