"""A frame held in the wire at a moment, until somebody decides what becomes of it."""

from __future__ import annotations

import asyncio
import threading
from typing import Literal

from stream_contracts.errors import HarnessError
from stream_contracts.wire.moment import Moment

Fate = Literal["release", "drop"]


class Hold:
    """Wait at a moment: `hit` is set (and ``wake`` too) once the frame stands there; `settle` says what becomes of it.

    A frame that nobody settles within ``limit_s`` is dropped and fails the trial as a harness error.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, moment: Moment, wake: threading.Event, limit_s: float) -> None:
        self.moment = moment
        self.hit = threading.Event()
        self._loop = loop
        self._wake, self._limit_s = wake, limit_s
        self._fate: asyncio.Future[Fate] = loop.create_future()

    def settle(self, fate: Fate) -> None:
        """Let the frame pass, or drop it and its connection. The first word counts."""
        self._loop.call_soon_threadsafe(self._settle, fate)

    def _settle(self, fate: Fate) -> None:
        if not self._fate.done():
            self._fate.set_result(fate)

    async def stand(self) -> Fate:
        """Called on the loop, with the frame in hand: wait for the decision."""
        self.hit.set()
        self._wake.set()
        try:
            return await asyncio.wait_for(asyncio.shield(self._fate), self._limit_s)
        except TimeoutError:
            raise HarnessError(f"a frame held {self.moment} was not settled within {self._limit_s} s") from None
