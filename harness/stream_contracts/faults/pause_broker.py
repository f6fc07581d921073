"""pause-broker: a broker keeps its sockets and answers nothing, until the others have replaced it and it comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.stack.capabilities import Pausable

FROZEN_S = 6.0


@dataclass(frozen=True, slots=True)
class PauseBroker:
    """SIGSTOP: a long collection of garbage, or a host that swaps. Thawed, it still believes that it leads."""

    beyond: str = ""
    shared: bool = True

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Freeze the broker that ``what`` names, with the frame in its buffers; thaw it on the way out."""
        service = scene.service(scene.broker(), can=Pausable)
        service.pause()
        scene.settle("release")
        try:
            yield Struck(effect=True, until=scene.passed(FROZEN_S), limit_s=2 * FROZEN_S)
        finally:
            service.resume()
            scene.whole()
