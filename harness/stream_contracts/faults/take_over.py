"""take-over: another process of the group is there when the first dies, takes its work up, and gives it back later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

TAKES_S = 8.0
"""How long the newcomer may take to catch up: it learns of the death when a session is over."""

ZOMBIE_S = 1.0
"""How long a thawed one goes on beside the newcomer."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """A newcomer joins, and then the first is killed at its moment; it comes back once the newcomer has caught up.

    With ``what`` = ``pause`` the first is frozen instead, and thaws while the newcomer has its work: a zombie, which is
    stopped a second later, as whoever watches over it would.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Let the newcomer join while the frame stands, then strike. In the end the newcomer goes, as at a deployment."""
        victim, frozen = scene.victim, scene.what == "pause"
        lived = victim.alive
        if not lived:
            scene.settle("drop")
            yield Struck(effect=False)
            return
        newcomer = scene.newcomer()
        newcomer.retire()
        with ExitStack() as healing:  # the last that is named here comes first
            healing.callback(victim.replace)
            healing.callback(newcomer.stop)
            if frozen:
                healing.callback(victim.stop)
                healing.callback(scene.wait, ZOMBIE_S)
            healing.callback(scene.settle, "release" if frozen else "drop")
            if frozen:
                healing.callback(victim.resume)
            victim.pause() if frozen else victim.kill()
            victim.evict()
            yield Struck(frozen or not victim.alive, until=scene.accounted, limit_s=TAKES_S)
