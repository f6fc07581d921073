"""kill-app: the process dies at a moment, without a word to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from stream_contracts.wire.hold import Hold
from stream_contracts.wire.moment import Moment


class Victim(Protocol):
    """A process that can be killed, and says whether it lives."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    def kill(self) -> None:
        """Kill it, and return when it is dead."""


@dataclass(frozen=True, slots=True)
class KillApp:
    """SIGKILL while the frame of the moment stands in the wire; the frame dies with the process."""

    at: Moment

    def strike(self, hold: Hold, victim: Victim) -> bool:
        """Kill, then drop the frame. True if the victim lived until now and is dead: the fault took effect.

        Who is dead already is not killed again; the frame is dropped whatever happens, for nobody waits for it.
        """
        try:
            if not victim.alive:
                return False
            victim.kill()
            return not victim.alive
        finally:
            hold.settle("drop")
