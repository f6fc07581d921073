"""One client connection through the tap: frames in both directions, held where a hold waits for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stream_contracts.errors import HarnessError
from stream_contracts.wire.hold import Fate, Hold
from stream_contracts.wire.kafka import (
    FETCH,
    PRODUCE,
    Address,
    Header,
    decode_request,
    encode_response,
    header_of,
    redirected,
)
from stream_contracts.wire.membership import errors_in
from stream_contracts.wire.moment import TELLING, Phase, role_of
from stream_contracts.wire.refusals import Refuse, spoilt
from stream_contracts.wire.refusals import answer as refused

MAX_FRAME = 256 * 1024 * 1024
"""Above this a length prefix is taken for garbage (a broker's own limit is 100 MB by default)."""
LATE_S = 5.0
"""How long a broker may take to answer a request that outlived its client, before its connection is closed."""
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
    transaction: int | None = None
    """The number of the transaction that it is part of, where it is part of one."""
    refusal: bytes | None = None
    """The frame with which we answer it ourselves: the broker has not seen it."""
    settled: bool = False
    """Whether the broker's answer came, or ours took its place."""

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

    def refused(self, exchange: Exchange) -> None:
        """We answered in the broker's place."""

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
        self._idle = asyncio.Event()
        self._idle.set()
        self.detached = False
        """Whether its client was cut off while a frame of it waits on."""

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
            await self._both(self._requests(reader, writer, upstream), self._responses(answers, writer))
            await asyncio.wait_for(asyncio.gather(_flushed(writer), _flushed(upstream)), LINGER_S)
        except (OSError, asyncio.CancelledError, _DroppedError):
            pass  # the other side sees a closed connection, as it would without us
        finally:
            for exchange in self._pending:
                if not exchange.settled:
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

    async def _requests(
        self, reader: asyncio.StreamReader, client: asyncio.StreamWriter, broker: asyncio.StreamWriter
    ) -> None:
        held = False
        while (frame := await _read_frame(reader)) is not None:
            header = header_of(frame)
            exchange = Exchange(self.number, header, role_of(header.api), self._lane.clock())
            if header.api in _WATCHED and header.api_key != FETCH:
                exchange.request = decode_request(header, frame)
                if header.api_key == PRODUCE:
                    exchange.request = replace(exchange.request, topic_data=())  # the records need not stay here
            hold = self._lane.reached(exchange, "before")
            held = held or hold is not None
            fate = "release" if hold is None else await self._stand(hold, client)
            if fate == "swallow":
                continue
            if isinstance(fate, Refuse):
                await self._refuse(exchange, frame, fate, client)
                continue
            if header.api_key == PRODUCE and exchange.request.acks == 0:
                self._lane.record(exchange, None)  # acks=0: the broker never answers this one
            else:
                self._await(exchange)
                self._lane.asked(exchange)
            await _write_frame(broker, frame)
        if held:  # what was held may have outlived its client: the broker is to have the time to work on it
            with suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), LATE_S)

    def _await(self, exchange: Exchange) -> None:
        self._pending.append(exchange)
        self._idle.clear()

    async def _stand(self, hold: Hold, client: asyncio.StreamWriter) -> Fate:
        """Wait for the decision upon a frame in hand; raises `_DroppedError` where the connection goes with it."""

        def cut() -> None:
            self.detached = True
            client.transport.abort()

        fate = await hold.stand(cut)
        if fate == "late":
            cut()
        elif fate == "drop" or (self.detached and fate != "release"):
            raise _DroppedError
        return fate

    async def _responses(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (frame := await _read_frame(reader)) is not None:
            if not self._pending:
                raise HarnessError(f"the broker at {self._broker} answered what nobody had asked")
            exchange = self._pending[0]
            if frame[:4] != exchange.header.correlation_id.to_bytes(4, "big", signed=True):
                raise HarnessError(f"the broker at {self._broker} answered {exchange.header.api} out of order")
            decode = exchange.header.api in _WATCHED
            frame, exchange.response = redirected(exchange.header, frame, self._lane.door, decode=decode)
            hold = self._lane.reached(exchange, "after")
            exchange.settled = True
            self._lane.answered(exchange)
            answer: bytes | None = frame
            if hold is not None:
                answer = await self._decided(exchange, hold, frame, writer)
            exchange.response = None
            self._pending.popleft()
            if answer is not None:
                await self._tell(writer, answer)
            await self._tell_refused(writer)

    async def _decided(
        self, exchange: Exchange, hold: Hold, frame: bytes, client: asyncio.StreamWriter
    ) -> bytes | None:
        """The frame that takes the place of a held answer; None for none."""
        keep = exchange.response if exchange.header.api_key in (PRODUCE, FETCH) else None
        exchange.response = None
        fate = await self._stand(hold, client)
        if isinstance(fate, Refuse):
            body = spoilt(keep, fate) if keep is not None else refused(exchange.header, exchange.request, fate)
            return encode_response(exchange.header.correlation_id, body)
        return None if fate == "swallow" else frame

    async def _refuse(self, exchange: Exchange, frame: bytes, refusal: Refuse, client: asyncio.StreamWriter) -> None:
        """Answer in the broker's place, when all that was asked before is answered."""
        header = exchange.header
        if header.api_key == PRODUCE and exchange.request.acks == 0:
            return  # nobody waits for an answer to that
        exchange.response = refused(header, decode_request(header, frame), refusal)
        exchange.refusal = encode_response(header.correlation_id, exchange.response)
        exchange.settled = True
        self._await(exchange)
        self._lane.refused(exchange)
        if self._pending[0] is exchange:
            await self._tell_refused(client)

    async def _tell_refused(self, client: asyncio.StreamWriter) -> None:
        while self._pending and (refusal := self._pending[0].refusal) is not None:
            self._pending.popleft()
            await self._tell(client, refusal)
        if not self._pending:
            self._idle.set()

    async def _tell(self, client: asyncio.StreamWriter, frame: bytes) -> None:
        if not self.detached:
            await _write_frame(client, frame)


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
