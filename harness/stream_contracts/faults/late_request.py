"""late-request: a request arrives after its client has given it up, reconnected and gone on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

LATE_S = 3.0


@dataclass(frozen=True, slots=True)
class LateRequest:
    """The client's connection is cut, and the frame is delivered later, in the middle of what came after it.

    Beyond what clients promise: on Kafka 4.3.1 a held EndTxn commits the next transaction of a producer that speaks
    transaction version 1 (KIP-890), as librdkafka does.
    """

    beyond: str = "client"
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Cut, keep the frame, deliver it on the way out."""
        lived = scene.victim.alive
        scene.detach()
        try:
            yield Struck(lived, until=scene.passed(LATE_S), limit_s=2 * LATE_S)
        finally:
            scene.settle("late")
