"""A frame held in the wire at a moment, until somebody decides what becomes of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Literal

from stream_contracts.errors import HarnessError, UsageError
from stream_contracts.wire.moment import Moment
from stream_contracts.wire.refusals import Refuse, check, knows

Fate = Literal["release", "drop", "swallow", "late"] | Refuse
"""What becomes of a held frame.

* ``release``: it passes on; settled later, that is a delay.
* ``drop``: it is lost, and its connection is cut.
* ``swallow``: it is lost, and the connection goes on: that request is never answered. Kafka answers in order, and a
  client may rely upon it: librdkafka does not, Java's takes the next answer for broken. Where that matters, drop.
* ``late``: its client's connection is cut, and the frame reaches the server all the same (an answer reaches nobody).
* `Refuse`: its client is answered with an error. Before: in place of the server's work. After: in place of its answer.
"""
FATES: tuple[str, ...] = ("release", "drop", "swallow", "late")


class Hold:
    """Wait at a moment: `hit` is set (and ``wake`` too) once the frame stands there; `settle` says what becomes of it.

    A frame that nobody settles within ``limit_s`` is dropped and fails the trial as a harness error.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, moment: Moment, wake: threading.Event, limit_s: float) -> None:
        self.moment = moment
        """Which moment. ``nth`` is 0 for "the next one", until that has come."""
        self.server: tuple[str, int] | None = None
        """The server that the frame is for, or comes from, once it stands here."""
        self.version: int | None = None
        """The version of the request, once it stands here, where its protocol has versions."""
        self.hit = threading.Event()
        self._loop = loop
        self._wake, self._limit_s = wake, limit_s
        self._fate: asyncio.Future[Fate] = loop.create_future()
        self._cut_client: Callable[[], None] | None = None
        self._detached = False

    def settle(self, fate: Fate) -> bool:
        """Say what becomes of the frame. The first word counts. False where an answer is not known to its client.

        Then, for its request is of an older version than the error, the frame passes on.

        Raises `UsageError`, and settles nothing, for a fate that there is not and for an answer that no server could
        give to this request: the message lists what there is.
        """
        if isinstance(fate, Refuse):
            check(self.moment, fate)
        elif fate not in FATES:
            raise UsageError(f"a held frame cannot be settled as {fate!r}; known: {', '.join(FATES)}, Refuse(code)")
        known = not isinstance(fate, Refuse) or knows(self.moment.api, self.version, fate)
        self._loop.call_soon_threadsafe(self._settle, fate if known else "release")
        return known

    def _settle(self, fate: Fate) -> None:
        if not self._fate.done():
            self._fate.set_result(fate)

    def detach(self) -> None:
        """Cut the client's connection and keep the frame: it waits on, for longer than its client does.

        A detached frame stands until it is settled, whatever else is cut: ``release`` and ``late`` deliver it to the
        server, on the connection on which it would have gone; every other fate drops it. After ``settle`` this does
        nothing; before the frame has come, it cuts as soon as it comes.
        """
        self._loop.call_soon_threadsafe(self._detach)

    def _detach(self) -> None:
        self._detached = True
        if self._cut_client is not None and not self._fate.done():
            self._cut_client()

    async def stand(self, cut_client: Callable[[], None] | None = None) -> Fate:
        """Called on the loop, with the frame in hand: wait for the decision. ``cut_client`` is for `detach`."""
        self._cut_client = cut_client
        if self._detached:
            self._detach()
        self.hit.set()
        self._wake.set()
        try:
            return await asyncio.wait_for(asyncio.shield(self._fate), self._limit_s)
        except TimeoutError:
            raise HarnessError(f"a frame held {self.moment} was not settled within {self._limit_s} s") from None
        finally:
            self._cut_client = None
