"""Feed a pipeline: its topics, ready to use, and the events of its workload in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from time import monotonic, sleep

from confluent_kafka import KafkaException, Message, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # they are imported there, and not listed
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic

from stream_contracts.contract.model import Contract, Pipeline, Topic
from stream_contracts.errors import HarnessError
from stream_contracts.history.model import Send
from stream_contracts.trial.cluster import Cluster, Partition, partitions_of
from stream_contracts.trial.names import Names
from stream_contracts.workload.events import Event

PATIENCE_S = 20.0
LATER_S = 0.003
"""By how much a stream's records are younger than the rows that they meet: the times of records are milliseconds."""
EVENT_HEADER = "stream-contracts-event"
"""The header that carries an event's id; a pipeline that passes headers on makes every witness exact."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What was fed: a row per event, and for each partition the offset behind its last event that counts."""

    sends: tuple[Send, ...] = ()
    ends: Mapping[Partition, int] = field(default_factory=dict)

    def and_then(self, more: Fed) -> Fed:
        """What was fed by the one and then by the other."""
        return Fed((*self.sends, *more.sends), {**self.ends, **more.ends})


class Feeder:
    """Create topics and feed events, past the tap. One for many trials; not shared between threads.

    ``epoch_s`` is the time (Unix) from which events that have a time of their own count it: the same for all trials whose
    outputs are compared.
    """

    def __init__(self, bootstrap: str, cluster: Cluster, run: str, epoch_s: float) -> None:
        servers: dict[str, str | int | float | bool] = {"bootstrap.servers": bootstrap, "log_level": 0}
        self._cluster, self._epoch_s = cluster, epoch_s
        self._admin = AdminClient(servers)
        # Neither idempotent nor batched: on a topic this fresh an idempotent producer may be told of records that are
        # not in the log, and a feed must be the same each time.
        self._plain = Producer({**servers, "acks": "all", "linger.ms": 0})
        self._aborting = Producer({**servers, "transactional.id": f"{run}.feeder", "linger.ms": 0})
        self._begun = False

    def make_topics(self, contract: Contract, names: Names, brokers: int) -> None:
        """Create the contract's topics under fresh names and wait until every partition answers."""
        wanted = {names.topic(declared): topic for declared, topic in contract.topics.items()}
        created = self._admin.create_topics([_new(name, topic, brokers) for name, topic in wanted.items()])
        try:
            for future in created.values():
                future.result(PATIENCE_S)
        except KafkaException as error:
            raise HarnessError(f"the topics of the trial could not be created: {error}") from error
        deadline = monotonic() + PATIENCE_S
        for name, topic in wanted.items():
            while not self._cluster.leads(name, topic.partitions):
                if monotonic() > deadline:
                    raise HarnessError(f"topic {name} was created and does not answer after {PATIENCE_S} s")
                self._admin.poll(0.01)

    def configure(self, topic: str, config: Mapping[str, str]) -> None:
        """Change settings of a topic that is there."""
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in config.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        try:
            for future in self._admin.incremental_alter_configs([resource]).values():
                future.result(PATIENCE_S)
        except KafkaException as error:
            raise HarnessError(f"the topic {topic} could not be set up: {error}") from error

    def feed(
        self,
        contract: Contract,
        pipeline: Pipeline,
        names: Names,
        events: Sequence[Event],
        aborted: Sequence[Event],
        clock: Callable[[], float],
        portions: int = 1,
    ) -> Iterator[Fed]:
        """Send the events in order, a portion at each step, and half-way, in a transaction that is aborted, the
        ``aborted`` ones. Yields each portion once the log is known to hold it.
        """
        placed = _placed((*events, *aborted), contract, pipeline)
        seqs: Counter[tuple[str, bytes | None]] = Counter()
        bounds = [len(events) * number // portions for number in range(portions + 1)]
        half, tables = len(events) // 2, pipeline.tables
        for start, end in pairwise(bounds):
            first, rest = events[start : max(start, min(half, end))], events[max(start, min(half, end)) : end]
            sends = self._in_turn(names, first, tables, placed, seqs, clock)
            if aborted and start <= half < end:
                sends += self._abort(names, aborted, placed, clock)
            sends += self._in_turn(names, rest, tables, placed, seqs, clock)
            ends: dict[Partition, int] = {}
            for send in sends:
                if send.outcome == "ok" and send.offset is not None:
                    partition = (send.topic, send.partition)
                    ends[partition] = max(ends.get(partition, 0), send.offset + 1)
            self._confirm(contract, names, ends)
            yield Fed(tuple(sends), ends)

    def _in_turn(
        self,
        names: Names,
        events: Sequence[Event],
        tables: frozenset[str],
        placed: Mapping[tuple[str, bytes | None], int],
        seqs: Counter[tuple[str, bytes | None]],
        clock: Callable[[], float],
    ) -> list[Send]:
        """Send the rows of tables, and when they are in the log, with a later time, what is joined with them."""
        sends: list[Send] = []
        for _, side in groupby(events, key=lambda event: event.topic in tables):
            if sends:
                sleep(LATER_S)
            sends += self._send(self._plain, names, tuple(side), "ok", placed, seqs, clock)
        return sends

    def _abort(
        self,
        names: Names,
        aborted: Sequence[Event],
        placed: Mapping[tuple[str, bytes | None], int],
        clock: Callable[[], float],
    ) -> list[Send]:
        if not self._begun:
            self._aborting.init_transactions(PATIENCE_S)
            self._begun = True
        self._aborting.begin_transaction()
        sends = self._send(self._aborting, names, aborted, "aborted", placed, Counter(), clock)
        self._aborting.abort_transaction(PATIENCE_S)
        return sends

    def _send(
        self,
        producer: Producer,
        names: Names,
        events: Sequence[Event],
        outcome: str,
        placed: Mapping[tuple[str, bytes | None], int],
        seqs: Counter[tuple[str, bytes | None]],
        clock: Callable[[], float],
    ) -> list[Send]:
        reports: dict[int, Message] = {}
        problems: list[str] = []
        for event in events:

            def report(error: object, message: Message, event: Event = event) -> None:
                offset = message.offset()
                if error is not None or offset is None or offset < 0:
                    problems.append(f"event {event.id} was not acknowledged with an offset: {error}")
                reports[event.id] = message

            producer.produce(
                names.topic(event.topic),
                key=event.key,
                value=event.value,
                partition=placed[event.topic, event.key],
                headers={EVENT_HEADER: str(event.id if event.again is None else event.again)},
                timestamp=0 if event.time_s is None else int((self._epoch_s + event.time_s) * 1000),
                on_delivery=report,
            )
        if producer.flush(PATIENCE_S) or problems:
            raise HarnessError("; ".join(problems) or f"the feed was not acknowledged within {PATIENCE_S} s")
        sends = []
        for event in events:
            message, source = reports[event.id], (event.topic, event.key)
            topic, partition = names.topic(event.topic), placed[source]
            sends.append(
                Send(
                    event.id, shown(event.key), seqs[source], topic, partition, message.offset(), outcome, clock(),
                    kind=event.kind, time=event.time_s,
                )
            )  # fmt: skip
            seqs[source] += 1
        return sends

    def _confirm(self, contract: Contract, names: Names, ends: Mapping[Partition, int]) -> None:
        """The log must hold what was acknowledged, before anything is judged by it."""
        topics = {names.topic(declared): topic.partitions for declared, topic in contract.topics.items()}
        held = self._cluster.ends(partitions_of(topics))
        for partition, end in ends.items():
            if (held[partition] or 0) < end:
                raise HarnessError(
                    f"{partition[0]}-{partition[1]} ends at {held[partition]}, though offset {end - 1} was acknowledged"
                )


def shown(key: bytes | None) -> str | None:
    """A key as text for people: UTF-8 where it is that and printable, hexadecimal otherwise."""
    if key is None:
        return None
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return "0x" + key.hex()
    return text if text.isprintable() else "0x" + key.hex()


def _placed(events: Iterable[Event], contract: Contract, pipeline: Pipeline) -> dict[tuple[str, bytes | None], int]:
    """The partition of each key of each topic: one key, one partition, and every partition gets keys if there are any.

    Topics that are joined have their keys at the same places, as producers with the same partitioner would put them.

    In turn by first appearance, not by hash: with few keys a hash likes to leave a partition empty, and an empty one
    both proves less and makes the first fetch of a consumer wait.
    """
    beside = {join.table: join.stream for join in pipeline.joins}
    turns: dict[tuple[str, bytes | None], int] = {}
    counts: Counter[str] = Counter()
    placed: dict[tuple[str, bytes | None], int] = {}
    for event in events:
        group = beside.get(event.topic, event.topic)
        if (group, event.key) not in turns:
            turns[group, event.key] = counts[group]
            counts[group] += 1
        placed[event.topic, event.key] = turns[group, event.key] % contract.topics[event.topic].partitions
    return placed


def _new(name: str, topic: Topic, brokers: int) -> NewTopic:
    """A topic as declared, with its replication kept within what this stack can have."""
    settings = topic.settings
    if "min.insync.replicas" in settings:
        settings["min.insync.replicas"] = str(min(int(settings["min.insync.replicas"]), brokers))
    return NewTopic(name, topic.partitions, min(topic.replication, brokers), config=settings)
