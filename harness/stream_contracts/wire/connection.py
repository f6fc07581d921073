"""One client connection through the tap, in whatever protocol: two streams, two ways, and how they end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from stream_contracts.wire.door import Door
from stream_contracts.wire.hold import Fate, Hold
from stream_contracts.wire.ledger import Ledger
from stream_contracts.wire.link import Exit
from stream_contracts.wire.stream import READ_BYTES, Data, Stream

LATE_S = 5.0
"""How long a server may take to answer a request that outlived its client, before its connection is closed."""
LINGER_S = 1.0
"""How long what is on its way may take to leave after one side has ended; the kernel of a real host would see to it."""


class DroppedError(Exception):
    """The frame in hand was dropped, and the connection goes with it."""


class Connection(ABC):
    """Carry what passes between one client and one server until either side ends, or the lane cuts it."""

    AHEAD = READ_BYTES
    """How much of what the server says is read ahead."""

    def __init__(self, number: int, ledger: Ledger, door: Door, client: Stream) -> None:
        self.number, self.door = number, door
        self.ended = asyncio.Event()
        self.detached = False
        """Whether its client was cut off while a frame of it waits on."""
        self.idle = asyncio.Event()
        """Set while nothing that was asked is unanswered."""
        self.idle.set()
        self.ledger, self.client, self.server = ledger, client, Stream(read_bytes=self.AHEAD)
        self.to_client, self.to_server = Exit(door.link, client), Exit(door.link, self.server)
        self._outlived = False
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    def ways(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """What carries the bytes; the connection ends when the first of them does."""

    @abstractmethod
    def abandon(self) -> None:
        """The connection is over: give up what is unanswered."""

    def cancel(self) -> None:
        """End the connection now."""
        if self._task is not None:
            self._task.cancel()

    async def carry(self) -> None:
        """Run until the end; raises `HarnessError` where something was not understood."""
        self._task = asyncio.current_task()
        try:
            await self.connect()
            await self._first_of(*self.ways())
            if not self.detached:
                await self.to_client.empty()
            await self.to_server.empty()
            await asyncio.wait_for(asyncio.gather(self.client.close(), self.server.close()), LINGER_S)
        except (OSError, asyncio.CancelledError, DroppedError):
            pass  # the other side sees a closed connection, as it would without us
        finally:
            self.abandon()
            for way in (self.to_client, self.to_server):
                way.stop()
            for side in (self.client, self.server):
                side.abort()
            self.ended.set()

    async def connect(self) -> None:
        """Reach the server; once more where it has ended the connection, and the protocol does not mind. OSError if not."""
        await self.door.link.passable()
        if self.server.ended.is_set():
            self.server.abort()
            self.server = Stream(read_bytes=self.AHEAD)
            self.to_server = Exit(self.door.link, self.server)
        await asyncio.get_running_loop().create_connection(lambda: self.server, *self.door.server)

    async def _first_of(self, *ways: Coroutine[Any, Any, None]) -> None:
        """Run the ways; when one ends, end the others, and raise what either raised: our own errors first."""
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [end for end in ends if isinstance(end, Exception)]
        for error in sorted(errors, key=lambda error: isinstance(error, OSError | DroppedError)):
            raise error

    async def stand(self, hold: Hold, version: int | None = None) -> Fate:
        """Wait for the decision upon a frame in hand; raises `DroppedError` where the connection goes with it."""
        hold.server, hold.version = self.door.server, version
        fate = await hold.stand(self._detach)
        if fate == "late":
            self._detach()
        elif fate == "drop" or (self.detached and fate != "release"):
            raise DroppedError
        self._outlived = self._outlived or self.detached or self.client.ended.is_set()
        return fate

    def _detach(self) -> None:
        self.detached = True
        self.client.abort()

    async def outlived(self) -> None:
        """The client has ended: where what was held outlived it, let the server work on it and answer."""
        if self._outlived:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.idle.wait(), LATE_S)

    async def tell(self, data: Data) -> None:
        """Pass something on to the client, where there is one."""
        if not self.detached:
            await self.to_client.send(data)

    async def ask(self, data: Data) -> None:
        """Pass something on to the server."""
        await self.to_server.send(data)
