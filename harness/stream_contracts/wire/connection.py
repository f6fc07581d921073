"""One client connection through the tap: frames in both directions, held where a hold waits for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stream_contracts.errors import HarnessError
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.kafka import FETCH, PRODUCE, Address, Header, decode_request, header_of, redirected
from stream_contracts.wire.membership import errors_in
from stream_contracts.wire.moment import TELLING, Phase, role_of

MAX_FRAME = 256 * 1024 * 1024
"""Above this a length prefix is taken for garbage (a broker's own limit is 100 MB by default)."""
LINGER_S = 1.0
"""How long what is on its way may take to leave after one side has ended; the kernel of a real host would see to it."""
_WATCHED = TELLING | {"LeaveGroup", "ConsumerGroupHeartbeat"}


@dataclass(slots=True)
class Exchange:
    """A request on its way, and later its answer. ``nth`` is 0 as long as it is no moment."""

    connection: int
    header: Header
    role: str
    at: float
    request: Any = None
    response: Any = None
    nth: int = 0

    @property
    def error(self) -> int | None:
        """The first error code of the answer, 0 for none, None where there is no answer."""
        return None if self.response is None else errors_in(self.response)


BUFFER_BYTES = 1024 * 1024
"""What each side of a connection may pile up unread; the default of asyncio, 64 KiB, stops and starts big frames often."""


class Watcher(Protocol):
    """Whom a connection tells what passes, and asks what to hold: its lane."""

    clock: Callable[[], float]

    def door(self, address: Address) -> Address:
        """The address that a client is to use instead of a broker's."""

    def reached(self, exchange: Exchange, phase: Phase) -> Hold | None:
        """A frame came by; is it to be held?"""

    def asked(self, exchange: Exchange) -> None:
        """A request goes on to the broker."""

    def answered(self, exchange: Exchange) -> None:
        """The broker answered."""

    def lost(self, exchange: Exchange) -> None:
        """The connection ended without the answer."""

    def record(self, exchange: Exchange, answered_at: float | None) -> None:
        """Write the exchange into the history."""


class _DroppedError(Exception):
    """The frame in hand was dropped, and the connection goes with it."""


class Connection:
    """Carry frames between one client and one broker until either side ends, or the lane cuts it."""

    def __init__(self, number: int, lane: Watcher, broker: Address) -> None:
        self.number = number
        self.ended = asyncio.Event()
        self._lane, self._broker = lane, broker
        self._pending: deque[Exchange] = deque()
        self._task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        """End the connection now."""
        if self._task is not None:
            self._task.cancel()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Run until the end; raises `HarnessError` where a frame was not understood."""
        self._task = asyncio.current_task()
        upstream: asyncio.StreamWriter | None = None
        try:
            answers, upstream = await asyncio.open_connection(*self._broker, limit=BUFFER_BYTES)
            await self._both(self._requests(reader, upstream), self._responses(answers, writer))
            await asyncio.wait_for(asyncio.gather(_flushed(writer), _flushed(upstream)), LINGER_S)
        except (OSError, asyncio.CancelledError, _DroppedError):
            pass  # the other side sees a closed connection, as it would without us
        finally:
            for exchange in self._pending:
                self._lane.lost(exchange)
            for side in (writer, upstream):
                if side is not None:
                    side.transport.abort()
            self.ended.set()

    async def _both(self, *ways: Any) -> None:
        """Run the two directions; when one ends, end the other, and raise what either raised: our own errors first."""
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [end for end in ends if isinstance(end, Exception)]
        for error in sorted(errors, key=lambda error: isinstance(error, OSError | _DroppedError)):
            raise error

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (frame := await _read_frame(reader)) is not None:
            header = header_of(frame)
            exchange = Exchange(self.number, header, role_of(header.api), self._lane.clock())
            if header.api in _WATCHED and header.api_key != FETCH:
                exchange.request = decode_request(header, frame)
                if header.api_key == PRODUCE:
                    exchange.request = replace(exchange.request, topic_data=())  # the records need not stay here
            await self._hold(exchange, "before")
            if header.api_key == PRODUCE and exchange.request.acks == 0:
                self._lane.record(exchange, None)  # acks=0: the broker never answers this one
            else:
                self._pending.append(exchange)
                self._lane.asked(exchange)
            await _write_frame(writer, frame)

    async def _responses(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (frame := await _read_frame(reader)) is not None:
            if not self._pending:
                raise HarnessError(f"the broker at {self._broker} answered what nobody had asked")
            exchange = self._pending.popleft()
            if frame[:4] != exchange.header.correlation_id.to_bytes(4, "big", signed=True):
                raise HarnessError(f"the broker at {self._broker} answered {exchange.header.api} out of order")
            frame, exchange.response = redirected(
                exchange.header, frame, self._lane.door, decode=exchange.header.api in _WATCHED
            )
            if exchange.header.api_key == FETCH:
                await self._hold_fetch(exchange)
            else:
                self._lane.answered(exchange)
                await self._hold(exchange, "after")
            await _write_frame(writer, frame)

    async def _hold_fetch(self, exchange: Exchange) -> None:
        """A Fetch becomes a moment, and a row, only once we know that it brought records."""
        hold = self._lane.reached(exchange, "after")
        self._lane.answered(exchange)
        exchange.response = None  # the records need not stay in memory while a frame is held
        if hold is not None and await hold.stand() == "drop":
            raise _DroppedError

    async def _hold(self, exchange: Exchange, phase: Phase) -> None:
        hold = self._lane.reached(exchange, phase)
        if hold is not None and await hold.stand() == "drop":
            raise _DroppedError


async def _read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next frame, or None at the end of the stream; a torn frame is an end as well."""
    try:
        size = int.from_bytes(await reader.readexactly(4), "big", signed=True)
        if not 0 < size <= MAX_FRAME:
            raise HarnessError(f"a frame that claims {size} bytes is not Kafka's (the limit is {MAX_FRAME})")
        return await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        return None


async def _flushed(writer: asyncio.StreamWriter) -> None:
    """Close, once everything that was written has left."""
    writer.close()
    await writer.wait_closed()


async def _write_frame(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(len(frame).to_bytes(4, "big"))
    writer.write(frame)
    await writer.drain()
