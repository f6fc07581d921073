"""Is a cluster as good as new? Every replica in sync, no transaction open, nothing hidden from its readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from kio.schema.describe_producers.v0.request import DescribeProducersRequest, TopicRequest
from kio.schema.list_offsets.v7.request import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from kio.schema.list_transactions.v0.request import ListTransactionsRequest
from kio.schema.metadata.v12.request import MetadataRequest
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i8, i32, i64

from stream_contracts.errors import HarnessError
from stream_contracts.stack.client import Connection
from stream_contracts.stack.model import Broker, Stack
from stream_contracts.stack.quorum import incomplete
from stream_contracts.stack.readiness import Question, await_answer

OPEN_STATES = ("Ongoing", "PrepareCommit", "PrepareAbort")
"""States of a transaction that has no end yet on the partitions it wrote to (KIP-98)."""

LATEST = -1
UNCOMMITTED, COMMITTED = 0, 1
ASK_S = 5.0
HEALTHY_S = 90.0
"""A marker that was on its way to a broker that is gone is sent again after the brokers' request timeout, 30 s."""

REMEDY = (
    "a replica that stays out of sync or a marker that does not come means a broker that its peers do not reach; a "
    "transaction that stays open belongs to a producer that neither ended it nor came back: end it, or take a fresh cluster"
)

Partition = tuple[str, int]
Wanted = Callable[[str], bool]


def unhealthy(brokers: Sequence[Broker], *, prefix: str = "", away: Collection[int] = ()) -> str | None:
    """Say what keeps a cluster from being as good as new; None where nothing does. Takes some 10 ms.

    Healthy: every broker answers and sees all the others; the controllers have a leader and follow it; every partition, the
    internal ones too, has a leader and all its replicas in sync, as every broker sees it; no transaction is open, also not
    one whose markers are still being written; the last stable offset of every partition is its high watermark, so that
    readers of committed records see all there is. ``prefix`` leaves aside what does not begin with it: on a shared
    cluster other people's transactions are none of ours. ``away`` are node ids that are known to be gone: not asked, and
    not missed. Nothing is raised: a broker that does not answer is unhealthy.
    """
    try:
        with ExitStack() as leaving:
            view = _View(brokers, away, leaving, lambda name: name.startswith(prefix))
            return next(view.complaints(), None) if view.asked else None
    except HarnessError as error:
        return str(error)


def out_of_sync(brokers: Sequence[Broker], *, prefix: str = "", away: Collection[int] = ()) -> str | None:
    """Say which replica is not in sync, or which partition has no leader: the first part of `unhealthy` alone."""
    try:
        with ExitStack() as leaving:
            view = _View(brokers, away, leaving, lambda name: name.startswith(prefix))
            return next(view.replication(), None) if view.asked else None
    except HarnessError as error:
        return str(error)


def await_healthy(stack: Stack, timeout_s: float = HEALTHY_S, *, prefix: str = "") -> None:
    """Wait until `unhealthy` has nothing to say. StackError, with what it said last, after ``timeout_s``."""
    what = "the cluster is healthy: replicas in sync, no open transaction, all visible"
    _await(stack, what, lambda: unhealthy(stack.brokers, prefix=prefix) or "", timeout_s)


def await_in_sync(stack: Stack, timeout_s: float = HEALTHY_S) -> None:
    """Wait until every replica is in sync. StackError, with the one that is not, after ``timeout_s``."""
    what = "every replica of every partition is in sync"
    _await(stack, what, lambda: out_of_sync(stack.brokers) or "", timeout_s)


def _await(stack: Stack, what: str, ask: Callable[[], str], timeout_s: float) -> None:
    services: Any = [
        part for part in stack.services.values() if part.name.startswith("broker-") and hasattr(part, "ending")
    ]
    await_answer(Question(what, ask), services, timeout_s=timeout_s, where=stack.bootstrap, remedy=REMEDY)


class _View:
    """What the brokers say at this moment; a connection to each is held until ``leaving`` closes."""

    def __init__(self, brokers: Sequence[Broker], away: Collection[int], leaving: ExitStack, wanted: Wanted) -> None:
        self._away, self._wanted = set(away), wanted
        self._expected = {broker.node_id for broker in brokers} - self._away
        self._connections = {
            broker.node_id: leaving.enter_context(Connection(broker.host, broker.port, timeout_s=ASK_S))
            for broker in brokers
            if broker.node_id not in self._away
        }
        self.asked = bool(self._connections)
        self._metadata = {node: connection.ask(_METADATA) for node, connection in self._connections.items()}

    def complaints(self) -> Iterator[str]:
        """Everything that is not as it should be, the gravest first."""
        yield from self.replication()
        if missing := incomplete(next(iter(self._connections.values())), away=self._away):
            yield missing
        open_ones = self._open_transactions()
        yield from self._hidden(open_ones)
        for producer, (name, state) in sorted(open_ones.items()):
            yield f"transaction {name!r} of producer {producer} is open ({state})"

    def replication(self) -> Iterator[str]:
        """Brokers that are missed, partitions without a leader, replicas that are not in sync."""
        for node, answer in self._metadata.items():
            seen = {int(each.node_id) for each in answer.brokers}
            if missed := self._expected - seen:
                yield f"broker {node} does not see broker {', '.join(map(str, sorted(missed)))}"
            for name, part in self._partitions(answer):
                isr = {int(each) for each in part.isr_nodes}
                replicas = {int(each) for each in part.replica_nodes} - self._away
                where = f"{name}-{int(part.partition_index)}, as broker {node} sees it,"
                if int(part.leader_id) not in isr:
                    yield f"{where} has no leader"
                elif isr != replicas:
                    yield f"{where} has replicas {sorted(isr)} in sync, not {sorted(replicas)}"

    def _hidden(self, open_ones: Mapping[int, tuple[str, str]]) -> Iterator[str]:
        """Partitions that end later than readers of committed records see, and because of whom."""
        for node, led in self._led().items():
            ends, stable = (self._ends(node, led, isolation) for isolation in (UNCOMMITTED, COMMITTED))
            for name, number in led:
                end, seen = ends.get((name, number)), stable.get((name, number))
                if end is None or seen is None:
                    yield f"{name}-{number} does not say where it ends"
                elif seen < end:
                    who = "; ".join(self._holders(node, (name, number), open_ones)) or "nobody whom its leader knows"
                    yield f"{name}-{number} hides offsets {seen} to {end - 1} from readers of committed records: {who}"

    def _holders(self, node: int, at: Partition, open_ones: Mapping[int, tuple[str, str]]) -> Iterator[str]:
        """Whose transaction is open on that partition."""
        asked = TopicRequest(name=TopicName(at[0]), partition_indexes=(i32(at[1]),))
        answer = self._connections[node].ask(DescribeProducersRequest(topics=(asked,)))
        for row in answer.topics[0].partitions[0].active_producers:
            if (begin := int(row.current_txn_start_offset)) >= 0:
                name, state = open_ones.get(int(row.producer_id), ("", ""))
                told = f"transaction {name!r} ({state})" if name else "a transaction that no coordinator knows as open"
                yield f"producer {int(row.producer_id)} has {told} from offset {begin}"

    def _open_transactions(self) -> dict[int, tuple[str, str]]:
        """Producer id -> transactional id and state, of those that are open, from every coordinator."""
        found: dict[int, tuple[str, str]] = {}
        for connection in self._connections.values():
            answer = connection.ask(_TRANSACTIONS)
            if answer.error_code:
                raise HarnessError(f"{connection.address} does not list its transactions: {answer.error_code.name}")
            for row in answer.transaction_states:
                if self._wanted(str(row.transactional_id)):
                    found[int(row.producer_id)] = (str(row.transactional_id), str(row.transaction_state))
        return found

    def _led(self) -> dict[int, list[Partition]]:
        """Broker -> the partitions it leads."""
        led: dict[int, list[Partition]] = {}
        for name, part in self._partitions(next(iter(self._metadata.values()))):
            led.setdefault(int(part.leader_id), []).append((name, int(part.partition_index)))
        return led

    def _ends(self, node: int, partitions: Iterable[Partition], isolation: int) -> dict[Partition, int]:
        """The high watermark of each, or the last stable offset; without those that do not say."""
        topics: dict[str, list[ListOffsetsPartition]] = {}
        for name, number in partitions:
            part = ListOffsetsPartition(partition_index=i32(number), timestamp=i64(LATEST))
            topics.setdefault(name, []).append(part)
        asked = tuple(ListOffsetsTopic(name=TopicName(name), partitions=tuple(rows)) for name, rows in topics.items())
        request = ListOffsetsRequest(replica_id=BrokerId(-1), isolation_level=i8(isolation), topics=asked)
        answer = self._connections[node].ask(request)
        rows = ((str(topic.name), row) for topic in answer.topics for row in topic.partitions)
        return {(name, int(row.partition_index)): int(row.offset) for name, row in rows if not row.error_code}

    def _partitions(self, answer: Any) -> Iterator[tuple[str, Any]]:
        for topic in answer.topics:
            if topic.is_internal or self._wanted(str(topic.name)):
                for part in topic.partitions:
                    yield str(topic.name), part


_METADATA = MetadataRequest(topics=None, allow_auto_topic_creation=False, include_topic_authorized_operations=False)
_TRANSACTIONS = ListTransactionsRequest(state_filters=OPEN_STATES, producer_id_filters=())
