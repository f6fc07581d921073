"""offsets-behind: the topic of a connector's offsets takes nothing for a while, and then its worker dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

BEHIND_S = 0.8
"""How long records are written and offsets are not."""


@dataclass(frozen=True, slots=True)
class OffsetsBehind:
    """What a quota, an ACL or a full disk does: whoever starts next goes on from an offset that is older than the topic.

    Where offsets and records come in one transaction, neither comes.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Close the topic of the offsets, let time pass, kill the worker, open the topic, start the worker."""
        closed = scene.victim.alive and scene.take_offsets(yes=False)
        scene.settle("release")
        if not closed:
            yield Struck(effect=False)
            return
        try:
            yield Struck(effect=True, until=scene.passed(BEHIND_S), limit_s=BEHIND_S)
        finally:
            scene.victim.kill()
            scene.take_offsets(yes=True)
            scene.victim.replace()
