"""One client's connection to a Kafka broker: frames in both directions, held where a hold waits for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from stream_contracts.errors import HarnessError
from stream_contracts.wire.connection import Connection
from stream_contracts.wire.door import Door
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.kafka import (
    FETCH,
    PRODUCE,
    Address,
    Frame,
    decode_request,
    decode_response,
    encode_response,
    header_of,
    redirected,
)
from stream_contracts.wire.kafka_fetch import Found, asked, look
from stream_contracts.wire.kafka_moments import Exchange, KafkaMoments
from stream_contracts.wire.kafka_produce import without_records
from stream_contracts.wire.membership import errors_in
from stream_contracts.wire.moment import TELLING, role_of
from stream_contracts.wire.pipe import Pipe, pipe
from stream_contracts.wire.refusals import Refuse, spoilt
from stream_contracts.wire.refusals import answer as refused
from stream_contracts.wire.stream import READ_BYTES, Data, Stream

MAX_FRAME = 256 * 1024 * 1024
"""Above this a length prefix is taken for garbage (a broker's own limit is 100 MB by default)."""
_WATCHED = (TELLING | {"LeaveGroup", "ConsumerGroupHeartbeat"}) - {"Fetch"}
"""The APIs whose bodies are decoded; of a Fetch there is `look`."""


class KafkaConnection(Connection):
    """Frames pass in their order; the broker's addresses in them become those of our doors."""

    AHEAD = 16 * 1024
    """Little: what is long has a way of its own, and is read past us."""

    def __init__(
        self, number: int, moments: KafkaMoments, door: Door, client: Stream, rewrite: Callable[[Address], Address]
    ) -> None:
        super().__init__(number, moments.ledger, door, client)
        self._moments, self._rewrite = moments, rewrite
        self._broker = "{}:{}".format(*door.server)
        self._pending: deque[Exchange] = deque()
        self._pipe: Pipe | None = None

    def ways(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """Requests, and answers."""
        return self._requests(), self._responses()

    def abandon(self) -> None:
        """Give up what the broker has not answered."""
        for exchange in self._pending:
            if not exchange.settled:
                self._moments.lost(exchange)
        if self._pipe is not None:
            self._pipe.close()

    async def _requests(self) -> None:
        while (whole := await _frame(self.client)) is not None:
            frame = memoryview(whole)[4:]
            header = header_of(frame)
            exchange = Exchange(self.number, header, role_of(header.api), self.ledger.clock())
            if header.api in _WATCHED:
                read = without_records if header.api_key == PRODUCE else decode_request
                exchange.request = read(header, frame)
            elif header.api_key == FETCH:
                exchange.request = asked(header, frame)
            hold = self._moments.reached(exchange, "before")
            fate = "release" if hold is None else await self.stand(hold, header.version)
            if isinstance(fate, Refuse):
                await self._refuse(exchange, frame, fate)
            elif fate != "swallow":
                if header.api_key == PRODUCE and exchange.request.acks == 0:
                    self._moments.record(exchange, None)  # acks=0: the broker never answers this one
                else:
                    self._await(exchange)
                    self._moments.asked(exchange)
                await self.ask(whole)
        await self.outlived()

    def _await(self, exchange: Exchange) -> None:
        self._pending.append(exchange)
        self.idle.clear()

    async def _refuse(self, exchange: Exchange, frame: Frame, refusal: Refuse) -> None:
        """Answer in the broker's place, when all that was asked before is answered."""
        header = exchange.header
        if header.api_key == PRODUCE and exchange.request.acks == 0:
            return  # nobody waits for an answer to that
        body = refused(header, decode_request(header, frame), refusal)
        exchange.error, exchange.settled = errors_in(body), True
        exchange.refusal = _framed(encode_response(header.correlation_id, body))
        self._await(exchange)
        self._moments.refused(exchange)
        if self._pending[0] is exchange:
            await self._tell_refused()

    async def _tell_refused(self) -> None:
        while self._pending and (refusal := self._pending[0].refusal) is not None:
            self._pending.popleft()
            await self.tell(refusal)
        if not self._pending:
            self.idle.set()

    async def _responses(self) -> None:
        while (head := await self.server.peek(4)) is not None:
            size = _size(head)
            head = await self.server.peek(4 + min(size, 4))
            if head is None:
                return
            if not self._pending:
                raise HarnessError(f"the broker at {self._broker} answered what nobody had asked")
            exchange = self._pending[0]
            if head[4:] != exchange.header.correlation_id.to_bytes(4, "big", signed=True):
                raise HarnessError(f"the broker at {self._broker} answered {exchange.header.api} out of order")
            done = await (self._fetched(exchange, size) if exchange.header.api_key == FETCH else self._answer(exchange))
            if not done:
                return
            self._pending.popleft()
            await self._tell_refused()

    async def _answer(self, exchange: Exchange) -> bool:
        whole = await _frame(self.server)
        if whole is None:
            return False
        frame = memoryview(whole)[4:]
        decode = exchange.header.api in _WATCHED
        passed, exchange.response = redirected(exchange.header, frame, self._rewrite, decode=decode)
        if exchange.response is not None:
            exchange.error = errors_in(exchange.response)
        await self._after(exchange, whole if passed is frame else _framed(passed))
        return True

    async def _after(self, exchange: Exchange, whole: Data) -> None:
        """The broker's work is done: count it, hold its answer where a hold waits, and pass it on."""
        hold = self._moments.reached(exchange, "after")
        exchange.settled = True
        self._moments.answered(exchange)
        answer = whole if hold is None else await self._decided(exchange, hold, whole)
        exchange.response = None
        if answer is not None:
            await self.tell(answer)

    async def _decided(self, exchange: Exchange, hold: Hold, whole: Data) -> Data | None:
        """What takes the place of a held answer; None for nothing."""
        exchange.response, header = None, exchange.header
        self._moments.unheard(exchange)
        fate = await self.stand(hold, header.version)
        self._moments.unheard(exchange, heard=fate == "release" and not self.detached)
        if not isinstance(fate, Refuse):
            return None if fate == "swallow" else whole
        if header.api_key in (PRODUCE, FETCH):
            body = spoilt(decode_response(header, memoryview(whole)[4:]), fate)
        else:
            body = refused(header, exchange.request, fate)
        return _framed(encode_response(header.correlation_id, body))

    async def _fetched(self, exchange: Exchange, size: int) -> bool:
        """A Fetch becomes a moment only where it brought records; a large one passes while it comes."""
        if size > READ_BYTES and not self.ledger.waits_for("Fetch"):
            await self.server.peek(HEAD_BYTES)
            found = look(exchange.header, self.server.ahead[4:], size)
            if found is not None:
                return await self._stream(exchange, found, size)
        whole = await _frame(self.server)
        if whole is None:
            return False
        frame = memoryview(whole)[4:]
        seen = look(exchange.header, frame, size)
        assert seen is not None  # it is all there
        exchange.brought, exchange.error = seen.brought, seen.error
        if seen.addresses:
            passed, _ = redirected(exchange.header, frame, self._rewrite, decode=False)
            whole = _framed(passed)
        await self._after(exchange, whole)
        return True

    async def _stream(self, exchange: Exchange, found: Found, size: int) -> bool:
        exchange.brought, exchange.error = found.brought, found.error
        self._moments.reached(exchange, "after")
        exchange.settled = True
        self._moments.answered(exchange)
        self._pipe = self._pipe or pipe()
        left = 4 + size
        while left:
            done = await self._some(left)
            if not done and self.server.ended.is_set():
                return False
            left -= done
        return True

    async def _some(self, most: int) -> int:
        """Pass on the next bytes of an answer; how many. 0 only where it ends, or the link has just been closed to it."""
        if await self.client.sent() and self._passes() and self._pipe is not None:
            return await self._piped(self._pipe, most)
        if self.server.ahead or self.detached or not self.to_client.direct:
            piece = await self.server.exactly(min(most, len(self.server.ahead) or READ_BYTES))
            if piece is None:
                return 0
            await self.tell(piece)
            return len(piece)
        done = await self.server.relay(most, self.to_client.put)
        await self.to_client.room()
        return done

    async def _piped(self, through: Pipe, most: int) -> int:
        first = through.put(self.server.ahead[:most])
        self.server.take(first)
        more = 0 if self.server.ahead else most - first
        return first + await through.carry(more, self.server, self.client, self._passes)

    def _passes(self) -> bool:
        return self.to_client.direct and not self.detached


HEAD_BYTES = 1024
"""How much of a large answer is looked at to tell what it brings."""


def _size(head: Data) -> int:
    size = int.from_bytes(head[:4], "big", signed=True)
    if not 0 < size <= MAX_FRAME:
        raise HarnessError(f"a frame that claims {size} bytes is not Kafka's (the limit is {MAX_FRAME})")
    return size


async def _frame(stream: Stream) -> Data | None:
    """The next frame with its length, or None at the end of the stream; a torn frame is an end as well."""
    head = await stream.peek(4)
    return None if head is None else await stream.exactly(4 + _size(head))


def _framed(frame: Frame) -> bytes:
    return len(frame).to_bytes(4, "big") + frame
