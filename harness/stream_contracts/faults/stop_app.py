"""stop-app: the process is asked to end at a moment, as at each deployment, and is started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck


@dataclass(frozen=True, slots=True)
class StopApp:
    """SIGTERM; the frame goes on its way, so that the process can say goodbye. Whoever does not end is killed.

    With ``what`` = ``postgres`` or ``kafka``, that server is away meanwhile: what is still in a buffer cannot be written.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Ask, and start anew once it has ended."""
        lived = scene.victim.alive
        if scene.what:
            scene.refuse(on=True)
        try:
            scene.settle("drop" if scene.what else "release")
            if lived:
                scene.victim.stop()
            yield Struck(lived)
        finally:
            if scene.what:
                scene.refuse(on=False)
            if lived:
                scene.victim.replace()
