"""What a lane has seen: its moments, who waits for one of them, what is unanswered, and the rows of its history."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

from stream_contracts.errors import HarnessError
from stream_contracts.history.model import Row
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.moment import Moment, Phase

HOLD_LIMIT_S = 60.0


class Ledger:
    """One for a lane, shared by its protocols. All on the tap's loop; ``moments`` may be read from anywhere.

    ``changed`` is set whenever something happened that a waiting trial may want to look at; ``failure`` is the first
    thing that was not understood, and then the trial has no verdict.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        instance: str,
        observe: Callable[[Row], None],
        clock: Callable[[], float],
        changed: threading.Event,
    ) -> None:
        self.instance, self.write, self.clock, self.changed = instance, observe, clock, changed
        self.failure: HarnessError | None = None
        self.moments: list[Moment] = []
        self.in_flight = 0
        self._loop = loop
        self._holds: dict[Moment, Hold] = {}

    def arm(self, moment: Moment, limit_s: float) -> Hold:
        """Hold the frame of this moment when it comes; ``nth`` 0 means the next of its kind."""
        hold = self._holds[moment] = Hold(self._loop, moment, self.changed, limit_s)
        return hold

    def reached(self, role: str, api: str, nth: int, phase: Phase) -> Hold | None:
        """Write a moment down; the hold that waits for it, if one does."""
        moment = Moment(self.instance, role, api, nth, phase)
        self.moments.append(moment)
        if not self._holds:
            return None
        hold = self._holds.pop(moment, None) or self._holds.pop(replace(moment, nth=0), None)
        if hold is not None:
            hold.moment = moment
        return hold

    def waits_for(self, api: str) -> bool:
        """Whether a hold may take a frame of this API."""
        return any(moment.api == api for moment in self._holds)

    def failed(self, error: HarnessError) -> None:
        """Something was not understood; the first counts."""
        self.failure = self.failure or error
        self.changed.set()
