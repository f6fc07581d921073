"""kill-ahead: a leader dies before its followers have fetched what it has just acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.stack.capabilities import Killable, Pausable, Restartable

DRAINED_S = 0.7
"""A fetch that a follower had asked before it froze would still bring it the record: it is over by then (0.5 s)."""
ANSWER_S = 0.4
"""Time for the leader to answer alone; far less than the session timeout that would take the followers out of sync."""
AWAY_S = 5.0


@dataclass(frozen=True, slots=True)
class KillAhead:
    """The followers are frozen, the leader gets the request, and answers it if it may do so alone; then it dies.

    A follower that is still in sync, and has not the record, is elected. With acks=all the leader does not answer alone.
    """

    beyond: str = ""
    shared: bool = True

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Freeze, let the frame go, kill, thaw; the dead one is started again once another has led for a while."""
        name = scene.broker()
        killed, started = scene.service(name, can=Killable), scene.service(name, can=Restartable)
        with ExitStack() as frozen:
            for other in scene.others(name):
                follower = scene.service(other, can=Pausable)
                frozen.callback(follower.resume)
                follower.pause()
            scene.wait(DRAINED_S)
            scene.settle("release")
            scene.wait(ANSWER_S)
            killed.kill()
        try:
            yield Struck(bool(scene.others(name)), until=scene.passed(AWAY_S), limit_s=2 * AWAY_S)
        finally:
            started.start()
            scene.whole()
