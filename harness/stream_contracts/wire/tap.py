"""The tap: one event loop in a thread of its own that stands between pipelines and their brokers.

Every pipeline instance gets a `Lane`: a bootstrap address of its own, behind which each broker address that the client
learns is a listener of ours. So all of an instance's traffic passes here, and each connection is known to belong to it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import uvloop

from stream_contracts.errors import HarnessError
from stream_contracts.history.model import Row
from stream_contracts.wire.kafka import Address
from stream_contracts.wire.lane import Lane

T = TypeVar("T")
PATIENCE_S = 10.0
"""How long a call into the loop may take before we say that the tap is stuck."""


class Tap:
    """Start the loop; open and close lanes on it. Safe to call from any thread but the loop's own."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._lanes: list[Lane] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="stream-contracts-tap", daemon=True)
        self._thread.start()

    def open_lane(
        self,
        instance: str,
        brokers: Sequence[Address],
        observe: Callable[[Row], None],
        clock: Callable[[], float],
        changed: threading.Event,
        *,
        postgres: Address | None = None,
        registry: Address | None = None,
        connect: Address | None = None,
    ) -> Lane:
        """A private entrance to these servers for one instance; ``observe`` gets its rows, timed by ``clock``.

        ``changed`` is set whenever something passes that a waiting trial may want to look at.
        """
        if self._closed:
            raise HarnessError(f"no lane for {instance}: the tap is closed")
        services = {"postgres": postgres, "registry": registry, "connect": connect}
        servers = [("kafka", broker) for broker in brokers]
        servers += [(service, address) for service, address in services.items() if address is not None]
        lane = Lane(self._loop, instance, servers, observe, clock, changed)
        self._lanes.append(lane)
        self._call(lane.open())
        return lane

    def close_lane(self, lane: Lane) -> None:
        """Close the entrance and every connection through it."""
        if lane in self._lanes:
            self._lanes.remove(lane)
            self._call(lane.shut())

    def close(self) -> None:
        """Close every lane and end the loop; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            for lane in tuple(self._lanes):
                self.close_lane(lane)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(PATIENCE_S)

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)
        except TimeoutError as error:
            raise HarnessError(f"the tap did not answer within {PATIENCE_S:g} s: its loop is stuck") from error

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
