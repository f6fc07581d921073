"""One client's connection to a registry or to Kafka Connect: request, answer, and the next request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from stream_contracts.wire.connection import Connection
from stream_contracts.wire.door import Door
from stream_contracts.wire.http import CONTINUE, Message, refusal
from stream_contracts.wire.http_moments import Exchange, HttpMoments
from stream_contracts.wire.refusals import Refuse
from stream_contracts.wire.stream import Data, Stream


async def nowhere(_: Data) -> None:
    """Let it go."""


class HttpConnection(Connection):
    """One exchange after the other: a client that sends its next request early is read when this one is answered."""

    def __init__(self, number: int, moments: HttpMoments, door: Door, client: Stream) -> None:
        super().__init__(number, moments.ledger, door, client)
        self._moments = moments
        self._exchange: Exchange | None = None
        self._early = b""
        """What the client sent behind its request."""

    def ways(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """All in one: HTTP/1.1 takes turns. Between two turns, the service may end the connection."""
        return self._exchanges(), self._hung_up()

    def abandon(self) -> None:
        """Give up what the service has not answered."""
        if self._exchange is not None:
            self._moments.sent(self._exchange, -1)
            self._moments.record(self._exchange, None)

    async def _hung_up(self) -> None:
        """Return when the service has ended the connection between two turns."""
        while True:
            server = self.server
            await server.ended.wait()
            await self.idle.wait()
            if self.server is server:
                return

    async def _exchanges(self) -> None:
        while True:
            asked = Message()
            if not await self._read(self.client, asked):
                return
            exchange = self._moments.asked(self.number, self.door.service, asked)
            self.idle.clear()
            hold = self._moments.reached(exchange, "before")
            fate = "release" if hold is None else await self.stand(hold)
            if fate != "swallow":
                ours = self._ours(exchange, fate if isinstance(fate, Refuse) else None)
                if ours is None:
                    if not await self._answered(exchange):
                        return
                elif not await self._rest(self.client, asked):
                    return
                else:
                    await self.tell(ours)
            elif not await self._rest(self.client, asked):
                return
            self.idle.set()

    def _ours(self, exchange: Exchange, refuse: Refuse | None) -> bytes | None:
        """The answer that we give in the service's place, if we do."""
        found: bytes | None = None
        if refuse is not None:
            found = refusal(exchange.role, exchange.message.method, int(refuse.code), refuse.body)
        for rule in self._moments.rules:
            found = found or rule.hit(rule.answers(exchange))
        if found is not None:
            self._moments.record(exchange, int(found[9:12]))
        return found

    async def _answered(self, exchange: Exchange) -> bool:
        """Let the service answer; False where it ends instead."""
        asked = exchange.message
        question: Data | None = None
        for rule in self._moments.rules:
            question = rule.hit(rule.aims(exchange)) or question
        kept = asked.take()
        self._exchange = exchange
        self._moments.sent(exchange)
        if self.server.ended.is_set():  # a kept connection that timed out while the request was held is not its end
            await self.connect()
        await self.ask(question or kept)
        if not await self._rest(self.client, asked, self.ask):
            return False
        answer = Message(asked)
        if not await self._read(self.server, answer):
            return False
        self._exchange = None
        self._moments.sent(exchange, -1)
        self._moments.record(exchange, answer.status)
        hold = self._moments.reached(exchange, "after")
        fate = "release" if hold is None else await self.stand(hold)
        told: Data | None = None
        if answer.whole and not answer.switched:
            for rule in self._moments.rules:
                told = rule.hit(rule.changes(exchange, answer)) or told
        if isinstance(fate, Refuse):
            told = refusal(exchange.role, asked.method, int(fate.code), fate.body)
        kept = answer.take()
        if fate == "swallow" or told is not None:
            passed = await self._rest(self.server, answer)
            if passed and told is not None and fate != "swallow":
                await self.tell(told)
            return passed and not answer.switched
        await self.tell(kept)
        if answer.switched:
            await self._switched(answer.rest)
            return False
        return await self._rest(self.server, answer, self.tell)

    async def _rest(
        self, stream: Stream, message: Message, pass_on: Callable[[Data], Awaitable[None]] = nowhere
    ) -> bool:
        """Pass on what comes of a large message as it comes; False where the stream ends before."""
        while not message.whole:
            data = await stream.some()
            if not data and stream is self.client:
                return False
            whole = message.feed(data)
            await pass_on(message.take())
            if not data and not whole:
                return False
            if whole and stream is self.client:
                self._early = message.rest
        return True

    async def _switched(self, came: bytes) -> None:
        """Both have agreed on another protocol: from here on, every byte passes as it is."""
        early, self._early = self._early, b""
        await self._first_of(self._all(came, self.server, self.tell), self._all(early, self.client, self.ask))

    async def _all(self, came: bytes, stream: Stream, pass_on: Callable[[Data], Awaitable[None]]) -> None:
        data = came or await stream.some()
        while data:
            await pass_on(data)
            data = await stream.some()

    async def _read(self, stream: Stream, message: Message) -> bool:
        """The whole of a message, or the beginning of a large one; False where the stream ends before."""
        done = bool(self._early) and stream is self.client and message.feed(self._early)
        told = False
        while not done and not message.large:
            if message.waits and not told:
                await self.tell(CONTINUE)
                told = True
            data = await stream.some()
            if not data and (stream is self.client or message.head is None):
                return False
            done = message.feed(data)
            if not data and not done:
                return False
        if done and stream is self.client:
            self._early = message.rest
        return True
