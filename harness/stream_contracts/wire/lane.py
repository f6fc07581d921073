"""One pipeline instance's way through the tap: its doors, its connections, the condition of its links."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from stream_contracts.errors import HarnessError, UsageError
from stream_contracts.history.model import Row
from stream_contracts.wire import membership
from stream_contracts.wire.connection import Connection
from stream_contracts.wire.door import Door
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.http_connection import HttpConnection
from stream_contracts.wire.http_moments import HttpMoments, HttpRule, answering, mistaking
from stream_contracts.wire.kafka import Address
from stream_contracts.wire.kafka_connection import KafkaConnection
from stream_contracts.wire.kafka_moments import KafkaMoments
from stream_contracts.wire.ledger import HOLD_LIMIT_S, Ledger
from stream_contracts.wire.moment import Moment, Phase
from stream_contracts.wire.postgres_connection import PostgresConnection
from stream_contracts.wire.postgres_moments import PostgresMoments
from stream_contracts.wire.refusals import HTTP_ROLES
from stream_contracts.wire.stream import Stream

Only = Address | str | None
"""What a condition is for: one server's address, one service (kafka, postgres, registry, connect), or, with None, everything."""
T = TypeVar("T")


class Lane:
    """The private entrance of one instance. `open`, `shut` and `door` are called on the tap's loop; the rest anywhere else.

    The condition of a link (`blackhole`, `refuse`, `slow`) lasts until it is taken back, and holds for brokers that the
    instance meets later as well, unless it was for one address.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        instance: str,
        servers: Sequence[tuple[str, Address]],
        observe: Callable[[Row], None],
        clock: Callable[[], float],
        changed: threading.Event,
    ) -> None:
        self.instance = instance
        self.clock = clock
        self.changed = changed
        self._loop, self._servers = loop, tuple(servers)
        self._ledger = Ledger(loop, instance, observe, clock, changed)
        self._kafka = KafkaMoments(self._ledger)
        self._postgres = PostgresMoments(self._ledger)
        self._http = HttpMoments(self._ledger)
        self._doors: dict[Address, Door] = {}
        self._conditions: dict[tuple[str, Only], Callable[[Door], None]] = {}
        self._openings: set[asyncio.Task[None]] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._shut = False
        self._connections: set[Connection] = set()
        self._numbers = itertools.count(1)

    # ---- what it leads to, and what it has seen

    @property
    def bootstrap(self) -> str:
        """What the pipeline gets as ``bootstrap.servers``."""
        found = (self._doors[server].address for service, server in self._servers if service == "kafka")
        return ",".join("{}:{}".format(*address) for address in found)

    @property
    def postgres_address(self) -> Address | None:
        """Our door for the database; None where the lane has none."""
        return self._address("postgres")

    @property
    def registry_address(self) -> Address | None:
        """Our door for the schema registry; None where the lane has none."""
        return self._address("registry")

    @property
    def connect_address(self) -> Address | None:
        """Our door for Kafka Connect's REST interface; None where the lane has none."""
        return self._address("connect")

    def _address(self, service: str) -> Address | None:
        return next((self._doors[server].address for each, server in self._servers if each == service), None)

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._connections)

    @property
    def failure(self) -> HarnessError | None:
        """The first thing on the wire that was not understood; then the trial has no verdict."""
        return self._ledger.failure

    @property
    def moments(self) -> list[Moment]:
        """The moments that have come, in their order."""
        return self._ledger.moments

    @property
    def in_flight(self) -> int:
        """How many requests that change something are unanswered."""
        return self._ledger.in_flight

    @property
    def members(self) -> dict[str, membership.Member]:
        """The members of groups that the instance is, by their ids."""
        return self._kafka.members

    @property
    def groups(self) -> set[str]:
        """The groups that it joined or committed in."""
        return self._kafka.groups

    @property
    def transactional_ids(self) -> set[str]:
        """The transactional ids that it began an epoch with."""
        return self._kafka.transactional_ids

    @property
    def appends(self) -> dict[tuple[str, int], dict[int, float]]:
        """Where its Produces put records: (topic, partition) -> first offset -> when that was asked."""
        return self._kafka.offsets.appends

    # ---- what can be done to it

    def arm(self, moment: Moment, limit_s: float = HOLD_LIMIT_S) -> Hold:
        """Hold the frame of this moment when it comes, for ``limit_s`` at most.

        At any time: a moment that has gone by does not come again. For "the next one" there is `arm_next`.
        """
        return self._on_loop(self._arm(moment, limit_s))

    def arm_next(self, role: str, api: str, phase: Phase, limit_s: float = HOLD_LIMIT_S) -> Hold:
        """Hold the next moment of this role, API and phase; the hold's ``moment`` gets its number when it comes."""
        return self.arm(Moment(self.instance, role, api, 0, phase), limit_s)

    async def _arm(self, moment: Moment, limit_s: float) -> Hold:
        return self._ledger.arm(moment, limit_s)

    def cut(self, *, only: Only = None) -> None:
        """Close every connection of the instance; new ones are let in. A frame that was detached waits on."""
        self._on_loop(self._cut(only))

    def blackhole(self, on: bool, *, only: Only = None) -> None:
        """Connections stay, and nothing passes in either direction; who connects is let in and hears nothing.

        What was sent meanwhile passes when it is over, like what TCP sends again.
        """
        self._on_loop(self._condition("blackhole", only, lambda door: door.link.blackhole(on)))

    def refuse(self, on: bool, *, only: Only = None) -> None:
        """Connections are cut and new ones refused, as by a host on which nobody listens."""
        self._on_loop(self._refuse(on, only))

    def slow(self, latency_s: float = 0.0, bytes_per_s: float = 0.0, *, only: Only = None) -> None:
        """Each direction of a connection takes so much longer, and carries so much at most; zeros are back to normal."""
        if latency_s < 0 or bytes_per_s < 0:
            raise UsageError(f"a link cannot be slowed by {latency_s} s and to {bytes_per_s} bytes/s: give 0 or more")

        def slowed(door: Door) -> None:
            door.link.latency_s, door.link.bytes_per_s = latency_s, bytes_per_s

        self._on_loop(self._condition("slow", only, slowed))

    def http_answer(self, match: str, status: int, body: str = "") -> HttpRule:
        """Answer what matches in the service's place, until the rule is healed: ``GET /schemas/ids/{id}``, ``* /subjects/*``.

        ``match`` is an endpoint without the names in it, or a shell pattern of method and target. Answers of 2xx are let
        through as they are asked for: what a wrong registry says is not for us to judge.
        """
        if not 200 <= status <= 599:
            raise UsageError(f"{status} is not the status of an HTTP answer: give one from 200 to 599")
        return self._http.add(answering(match, status, body))

    def http_wrong_id(self, asked: int, told: int) -> HttpRule:
        """Let the registry mistake one schema id for another, until the rule is healed.

        ``GET /schemas/ids/<asked>`` brings the schema of ``told``; who registers or looks up and is given ``asked``
        hears ``told``.
        """
        return self._http.add(mistaking(asked, told))

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(HOLD_LIMIT_S)

    def _matching(self, only: Only) -> list[Door]:
        """The doors that a condition is for; an address to which no door leads is a `UsageError`."""
        found = [door for door in self._doors.values() if door.matches(only)]
        if not found and only is not None:
            known = ", ".join(sorted({f"{door.service} {door.server}" for door in self._doors.values()}))
            raise UsageError(f"the lane of {self.instance} does not lead to {only!r}; it leads to: {known}")
        return found

    async def _condition(self, what: str, only: Only, apply: Callable[[Door], None]) -> None:
        for door in self._matching(only):
            apply(door)
        if not isinstance(only, tuple):
            self._conditions.pop((what, only), None)  # the last word counts, also for who comes later
            self._conditions[what, only] = apply

    async def _refuse(self, on: bool, only: Only) -> None:
        def refusing(door: Door) -> None:
            door.refusing = on

        await self._condition("refuse", only, refusing)
        for door in self._matching(only):
            await door.set()
        if on:
            await self._cut(only)

    async def _cut(self, only: Only = None, *, detached: bool = False) -> None:
        self._matching(only)
        await asyncio.sleep(0)  # who was let in just now is to be cut as well
        connections = [
            each for each in self._connections if each.door.matches(only) and (detached or not each.detached)
        ]
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*(connection.ended.wait() for connection in connections))

    # ---- on the loop

    async def open(self) -> None:
        """Listen for each server known so far."""
        for service, address in self._servers:
            self._door(service, address)
        await asyncio.gather(*self._openings)

    async def shut(self) -> None:
        """Stop listening and close every connection."""
        self._shut = True
        await asyncio.gather(*self._openings)
        for door in self._doors.values():
            door.remove()
        await self._cut(detached=True)
        self._kafka.offsets.close()
        await asyncio.gather(*self._carriers)

    def door(self, broker: Address) -> Address:
        """Our address for a broker's; a broker met for the first time gets a door on the spot."""
        return self._door("kafka", broker).address

    def _door(self, service: str, server: Address) -> Door:
        if server not in self._doors:
            door = self._doors[server] = Door(service, server, self._enter)
            for (_, only), apply in self._conditions.items():
                if door.matches(only):
                    apply(door)
            self._openings.add(self._loop.create_task(door.set()))
        return self._doors[server]

    def _enter(self, door: Door, client: Stream) -> None:
        if self._shut:  # it was let in while the doors were being closed
            client.abort()
            return
        connection = self._connection(next(self._numbers), door, client)
        self._connections.add(connection)
        task = self._loop.create_task(self._carry(connection))
        self._carriers.add(task)
        task.add_done_callback(self._carriers.discard)

    def _connection(self, number: int, door: Door, client: Stream) -> Connection:
        if door.service == "postgres":
            return PostgresConnection(number, self._postgres, door, client)
        if door.service in HTTP_ROLES:
            return HttpConnection(number, self._http, door, client)
        return KafkaConnection(number, self._kafka, door, client, self.door)

    async def _carry(self, connection: Connection) -> None:
        try:
            await connection.carry()
        except HarnessError as error:
            self._ledger.failed(error)
        except Exception as error:
            # asyncio would only print it: the trial would go on with a wire that nobody watches.
            self._ledger.failed(HarnessError(f"the tap broke on connection {connection.number}: {error!r}"))
        finally:
            self._connections.discard(connection)
            self.changed.set()
