"""One pipeline instance's way through the tap: its listeners, its connections, its moments."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from stream_contracts.errors import HarnessError
from stream_contracts.history.model import Commit, Request, Row
from stream_contracts.wire import membership
from stream_contracts.wire.connection import BUFFER_BYTES, Connection, Exchange
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.kafka import Address
from stream_contracts.wire.moment import ONLY_AFTER, TELLING, Moment, Phase
from stream_contracts.wire.transactions import Transactions

HOLD_LIMIT_S = 60.0
_TELLS = (
    "transactional_id",
    "group_id",
    "generation_id_or_member_epoch",
    "producer_id",
    "producer_epoch",
    "committed",
    "acks",
)
"""The fields of a request that a reader of the history wants to see."""


class Lane:
    """The private entrance of one instance. Everything here but `arm` and `cut` is called on the tap's loop.

    ``changed`` is set whenever something happened that a waiting trial may want to look at; ``failure`` is the first
    frame that could not be understood, and then the trial has no verdict.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        instance: str,
        brokers: Sequence[Address],
        observe: Callable[[Row], None],
        clock: Callable[[], float],
        changed: threading.Event,
    ) -> None:
        self.instance = instance
        self.clock = clock
        self.changed = changed
        self.failure: HarnessError | None = None
        self.moments: list[Moment] = []
        self.members: dict[str, membership.Member] = {}
        self.groups: set[str] = set()
        self.transactional_ids: set[str] = set()
        self.in_flight = 0
        self._loop, self._brokers, self._observe = loop, tuple(brokers), observe
        self._counts: Counter[tuple[str, str]] = Counter()
        self._put_off: set[tuple[str, str]] = set()
        self._transactions = Transactions()
        self._holds: dict[Moment, Hold] = {}
        self._doors: dict[Address, socket.socket] = {}
        self._servers: list[asyncio.Server] = []
        self._openings: set[asyncio.Task[None]] = set()
        self._shut = False
        self._connections: set[Connection] = set()
        self._numbers = itertools.count(1)

    @property
    def bootstrap(self) -> str:
        """What the pipeline gets as ``bootstrap.servers``."""
        return ",".join("{}:{}".format(*self._doors[address].getsockname()[:2]) for address in self._brokers)

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._connections)

    def arm(self, moment: Moment, limit_s: float = HOLD_LIMIT_S) -> Hold:
        """Hold the frame of this moment when it comes, for ``limit_s`` at most.

        At any time: a moment that has gone by does not come again. For "the next one" there is `arm_next`.
        """
        return asyncio.run_coroutine_threadsafe(self._arm(moment, limit_s), self._loop).result(HOLD_LIMIT_S)

    def arm_next(self, role: str, api: str, phase: Phase, limit_s: float = HOLD_LIMIT_S) -> Hold:
        """Hold the next moment of this role, API and phase; the hold's ``moment`` gets its number when it comes."""
        return self.arm(Moment(self.instance, role, api, 0, phase), limit_s)

    async def _arm(self, moment: Moment, limit_s: float) -> Hold:
        hold = self._holds[moment] = Hold(self._loop, moment, self.changed, limit_s)
        return hold

    def cut(self) -> None:
        """Close every connection of the instance; new ones are let in. A frame that was detached waits on."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(HOLD_LIMIT_S)

    async def _cut(self, *, detached: bool = False) -> None:
        connections = tuple(each for each in self._connections if detached or not each.detached)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*(connection.ended.wait() for connection in connections))

    async def open(self) -> None:
        """Listen for each broker known so far."""
        for address in self._brokers:
            self.door(address)
        await asyncio.gather(*self._openings)

    async def shut(self) -> None:
        """Stop listening and close every connection."""
        self._shut = True
        await asyncio.gather(*self._openings)
        for server in self._servers:
            server.close()
        await self._cut(detached=True)

    def door(self, address: Address) -> Address:
        """Our address for a broker's; a broker met for the first time gets a listener on the spot."""
        if address not in self._doors:
            listener = self._doors[address] = _listener(address)
            self._openings.add(self._loop.create_task(self._serve(address, listener)))
        host, port = self._doors[address].getsockname()[:2]
        return host, port

    async def _serve(self, address: Address, listener: socket.socket) -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self._shut:  # it was let in while the doors were being closed
                writer.transport.abort()
                return
            connection = Connection(next(self._numbers), self, address)
            self._connections.add(connection)
            try:
                await connection.carry(reader, writer)
            except HarnessError as error:
                self.failure = self.failure or error
            except Exception as error:
                # asyncio would only print it: the trial would go on with a wire that nobody watches.
                self.failure = self.failure or HarnessError(
                    f"the tap broke on connection {connection.number}: {error!r}"
                )
            finally:
                self._connections.discard(connection)
                self.changed.set()

        self._servers.append(await asyncio.start_server(accept, sock=listener, limit=BUFFER_BYTES))

    def reached(self, exchange: Exchange, phase: Phase) -> Hold | None:
        """Count a moment; the hold that waits for it, if one does.

        The count must not depend on timing. So a request that only repeats one which the broker put off (`PUT_OFF`) is
        the same moment, and within a transaction only the first request of an API is one (how many partitions a client
        adds, or writes, at once is chance): there, the count is that of the transaction.
        """
        api, role = exchange.header.api, exchange.role
        if api not in TELLING or (phase == "before" and api in ONLY_AFTER):
            return None
        if phase == "before":
            exchange.transaction = self._transactions.number(exchange.request)
        if phase == "before" and (role, api) in self._put_off:
            self._put_off.discard((role, api))
            exchange.nth = self._counts[role, api]
            return None
        if phase == "after" and exchange.error in PUT_OFF:
            if exchange.nth:  # what was no moment of its own is none when it is asked again
                self._put_off.add((role, api))
            return None
        if phase == "before" or api in ONLY_AFTER:
            exchange.nth = self._next(exchange)
        if not exchange.nth:
            return None
        moment = Moment(self.instance, role, api, exchange.nth, phase)
        self.moments.append(moment)
        hold = self._holds.pop(moment, None) or self._holds.pop(replace(moment, nth=0), None)
        if hold is not None:
            hold.moment = moment
        return hold

    def _next(self, exchange: Exchange) -> int:
        """The number of this request among those of its role and API; 0 where it is no moment of its own."""
        kind = (exchange.role, exchange.header.api)
        if exchange.header.api == "Fetch" and not _brought_records(exchange.response):
            return 0
        transaction = exchange.transaction
        if transaction is None:
            self._counts[kind] += 1
            return self._counts[kind]
        if self._counts[kind] >= transaction:
            return 0
        self._counts[kind] = transaction
        return transaction

    def asked(self, exchange: Exchange) -> None:
        """A request passed towards the broker."""
        if exchange.header.api in TELLING and exchange.header.api not in ONLY_AFTER:
            self.in_flight += 1
            self.changed.set()

    def answered(self, exchange: Exchange) -> None:
        """The broker answered: keep what the exchange tells, whether or not the client will hear of it."""
        api, request, response = exchange.header.api, exchange.request, exchange.response
        if api in TELLING and api not in ONLY_AFTER:
            self.in_flight -= 1
        if api == "EndTxn" and exchange.error not in PUT_OFF:
            self._transactions.end(request, exchange.transaction)
        if api == "InitProducerId" and getattr(request, "transactional_id", None):
            self.transactional_ids.add(str(request.transactional_id))
        if request is not None and response is not None:
            member = membership.joined(api, request, response)
            if member is not None:
                self.members[member.member_id] = member
                self.groups.add(member.group)
            for member_id in membership.left(api, request):
                self.members.pop(member_id, None)
        if exchange.nth or (api in TELLING and api not in ONLY_AFTER):
            self.record(exchange, self.clock())
        self.changed.set()

    def refused(self, exchange: Exchange) -> None:
        """We answered in the broker's place: its client asks again, and that is the same moment where it would be."""
        if exchange.nth and exchange.error in PUT_OFF:
            self._put_off.add((exchange.role, exchange.header.api))
        self.record(exchange, self.clock())
        self.changed.set()

    def lost(self, exchange: Exchange) -> None:
        """The connection ended before the broker's answer came."""
        if exchange.header.api in TELLING and exchange.header.api not in ONLY_AFTER:
            self.in_flight -= 1
            self.record(exchange, None)

    def record(self, exchange: Exchange, answered_at: float | None) -> None:
        """Write the exchange into the history."""
        header, request = exchange.header, exchange.request
        self._observe(
            Request(
                self.instance, exchange.connection, exchange.role, header.client_id, header.api, header.version,
                exchange.nth, exchange.at, answered_at, exchange.error, json.dumps(_detail(request)),
            )
        )  # fmt: skip
        if header.api in ("OffsetCommit", "TxnOffsetCommit") and request is not None:
            self.groups.add(str(request.group_id))  # a lost answer may have been a yes: the group counts either way
            for group, topic, partition, offset in membership.committed(request, exchange.response):
                self._observe(Commit(group, topic, partition, offset, header.api, exchange.at))


def _listener(address: Address) -> socket.socket:
    """A socket of ours that listens for those who want to go to this address; `HarnessError` where none is to be had."""
    listener = socket.socket()
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        listener.settimeout(0)
    except OSError as error:
        listener.close()
        raise HarnessError("no door for the broker at {}:{}: {}".format(*address, error)) from error
    return listener


PUT_OFF = frozenset({14, 15, 16, 51})
"""A coordinator says "ask again": it is loading, not available, not the one, or busy with another transaction."""


def _brought_records(response: Any) -> bool:
    return response is not None and any(
        part.records for topic in response.responses or () for part in topic.partitions or ()
    )


def _detail(request: Any) -> dict[str, Any]:
    found = ((name, getattr(request, name, None)) for name in _TELLS)
    return {name: value if isinstance(value, str) else int(value) for name, value in found if value is not None}
