"""restart-database: PostgreSQL is stopped at a moment, or killed, and started again: every transaction is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.stack.capabilities import Killable, Restartable

NAME = "postgres"
POLITE_S = 20.0


@dataclass(frozen=True, slots=True)
class RestartDatabase:
    """A fast shutdown, which ends every session; with ``what`` = ``kill``, SIGKILL and recovery from the log."""

    beyond: str = ""
    shared: bool = True

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Stop it with the frame in the wire, which is lost with its connection; start it again at once."""
        service = scene.service(NAME, can=Restartable)
        if scene.what == "kill":
            scene.service(NAME, can=Killable).kill()
        else:
            service.stop(POLITE_S)
        scene.settle("drop")
        try:
            yield Struck(not scene.alive(NAME))
        finally:
            service.start()
            scene.whole()
