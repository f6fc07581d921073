"""kill-app: the process dies at a moment, without a word to anybody, and is started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck


@dataclass(frozen=True, slots=True)
class KillApp:
    """SIGKILL while the frame of the moment stands in the wire; the frame dies with the process."""

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Kill, then drop the frame, for nobody waits for it. It took effect if the victim lived until now.

        Who is dead already is not killed again, and is for whoever looks after the instances to start.
        """
        lived = scene.victim.alive
        try:
            if lived:
                scene.victim.kill()
        finally:
            scene.settle("drop")
        try:
            yield Struck(lived and not scene.victim.alive)
        finally:
            if lived and not scene.victim.alive:
                scene.victim.replace()
