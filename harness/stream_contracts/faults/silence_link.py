"""silence-link: nothing passes for a while in either direction, and no connection ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck

SILENT_S = 4.0
"""Longer than a heartbeat, shorter than the timeouts of a client."""


@dataclass(frozen=True, slots=True)
class SilenceLink:
    """A firewall that forgot the connection, a cable that is out: what was sent arrives when it is over.

    With ``what`` = ``kafka``, ``postgres``, ``registry`` or ``connect`` it is only the way to that service.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Begin with the frame in the wire; it is over after a while."""
        lived = scene.victim.alive
        scene.blackhole(on=True)
        try:
            scene.settle("release")
            yield Struck(lived, until=scene.passed(SILENT_S), limit_s=2 * SILENT_S)
        finally:
            scene.blackhole(on=False)
