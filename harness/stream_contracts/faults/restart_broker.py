"""restart-broker: a broker is stopped politely at a moment, as for an upgrade, and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.stack.capabilities import Restartable

POLITE_S = 30.0


@dataclass(frozen=True, slots=True)
class RestartBroker:
    """SIGTERM: it hands its leaders over first, which is another thing than to die."""

    beyond: str = ""
    shared: bool = True

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Stop the broker that ``what`` names, with the frame on its way; start it again at once."""
        name = scene.broker()
        service = scene.service(name, can=Restartable)
        scene.settle("release")
        service.stop(POLITE_S)
        try:
            yield Struck(not scene.alive(name))
        finally:
            service.start()
            scene.whole()
