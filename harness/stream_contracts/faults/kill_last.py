"""kill-last: the followers have gone, the leader acknowledges alone, and dies; they come back without what it had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.stack.capabilities import Killable, Restartable

POLITE_S = 20.0
ANSWER_S = 0.4
"""Time for the leader to answer, if it may do so as the only replica in sync."""
AWAY_S = 8.0
"""How long it is away: the others start, take it for dead (3 s), and one of them leads, if it may."""


@dataclass(frozen=True, slots=True)
class KillLast:
    """The other brokers are stopped politely, so that the leader is the whole ISR; it gets the request, and is killed.

    A topic that wants two replicas in sync refuses the request; one without unclean elections waits for the dead leader. Only
    where neither holds is an acknowledged record gone.
    """

    beyond: str = ""
    shared: bool = True

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Stop the others, let the frame go, kill, start the others; the dead one is started last."""
        name = scene.broker()
        killed, started = scene.service(name, can=Killable), scene.service(name, can=Restartable)
        with ExitStack() as back:
            back.callback(scene.whole)
            back.callback(started.start)
            with ExitStack() as gone:
                for other in scene.others(name):
                    follower = scene.service(other, can=Restartable)
                    gone.callback(follower.start)
                    follower.stop(POLITE_S)
                scene.settle("release")
                scene.wait(ANSWER_S)
                killed.kill()
            yield Struck(bool(scene.others(name)), until=scene.passed(AWAY_S), limit_s=2 * AWAY_S)
