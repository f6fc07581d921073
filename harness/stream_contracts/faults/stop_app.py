"""stop-app: the process is asked to end at a moment, as at each deployment, and is started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck


@dataclass(frozen=True, slots=True)
class StopApp:
    """SIGTERM; the frame goes on its way, so that the process can say goodbye. Whoever does not end is killed."""

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Ask, and start anew once it has ended."""
        lived = scene.victim.alive
        scene.settle("release")
        if lived:
            scene.victim.stop()
        try:
            yield Struck(lived)
        finally:
            if lived:
                scene.victim.replace()
