"""cut-link: the connections of a living process are reset at a moment; it has to find out what became of its request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck


@dataclass(frozen=True, slots=True)
class CutLink:
    """The frame is lost with its connection: a request that never arrived, or an acknowledgement that never came."""

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Drop the frame and every connection; new ones are let in at once."""
        lived = scene.victim.alive
        scene.settle("drop")
        scene.cut()
        yield Struck(lived)
