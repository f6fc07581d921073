"""fence-producer: a stranger takes the transactional id, as a second deployment with the same settings does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck


@dataclass(frozen=True, slots=True)
class FenceProducer:
    """The producer is a zombie from one moment to the next: each of its requests is refused, and it should end."""

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Begin an epoch with the id that the victim has shown on the wire; without one there is nothing to take."""
        fenced = scene.fence()
        scene.settle("release")
        yield Struck(fenced)
