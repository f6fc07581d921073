"""Folds account events into states. It begins at its last snapshot, or where there is none at the first event."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

BATCH = 4
TIMEOUT_S = 30.0
# Whatever version wrote an event, it is read as this one: what has been renamed by its alias, what is new by its default.
EVENT = (Path(__file__).parent / "event.avsc").read_text("utf-8")


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


@dataclass
class Account:
    """What the events of an account come to."""

    version: int = 0
    balance: int = 0

    def apply(self, event: dict[str, Any]) -> None:
        """Fold one event."""
        self.version += 1
        self.balance += event["amount"] if event["direction"] == "IN" else -event["amount"]


@dataclass
class Shard:
    """One partition: its accounts, the offset behind the last event that is in them, and how old its snapshot is."""

    next: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    since_snapshot: int = 0

    def snapshot(self) -> bytes:
        """The accounts and the offset that belongs to them: one record, so that the two cannot drift apart."""
        accounts = {name: asdict(account) for name, account in self.accounts.items()}
        return json.dumps({"next": self.next, "accounts": accounts}).encode()


def restored(value: bytes) -> Shard:
    """A shard as its snapshot says."""
    told = json.loads(value)
    return Shard(told["next"], {name: Account(**account) for name, account in told["accounts"].items()})


def partitions(consumer: Consumer, topic: str) -> list[int]:
    """The partitions of a topic."""
    return sorted(consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions)


def snapshots(settings: dict[str, Any], topic: str) -> dict[int, Shard]:
    """The newest snapshot of each partition of the events.

    Who asks has been through `init_transactions`, so nobody else writes any more, and an end is an end.
    """
    found: dict[int, Shard] = {}
    consumer = Consumer({**settings, "enable.partition.eof": True})
    try:
        left = set(partitions(consumer, topic))
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in left])
        while left:
            message = consumer.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is None:
                found[int((message.key() or b"").decode())] = restored(message.value() or b"")
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition())
            elif error.fatal():
                raise KafkaException(error)
    finally:
        consumer.close()
    return found


def fill(consumer: Consumer) -> list[Message]:
    """Read until the batch is full or nothing more is there for the moment."""
    batch: list[Message] = []
    while len(batch) < BATCH and (message := consumer.poll(0.2)) is not None:
        error = message.error()
        if error is None:
            batch.append(message)
        elif error.fatal():
            raise KafkaException(error)
        else:
            sys.stderr.write(f"fold: {error}\n")  # the client gets over it by itself
    return batch


class Fold:
    """The shards, and what is written of them."""

    def __init__(self, producer: Producer, registry: SchemaRegistryClient, topic: str, every: int) -> None:
        self.producer, self.every = producer, every
        self.read = AvroDeserializer(registry, EVENT)
        self.context = SerializationContext(topic, MessageField.VALUE)
        self.shards: dict[int, Shard] = {}

    def handle(self, batch: list[Message]) -> None:
        """Fold a batch; write the new states, and the snapshots that are due, in one transaction.

        Whatever goes wrong ends the process: what it has folded by then nobody has seen, and a fresh start folds it anew.
        """
        touched: dict[str, Account] = {}
        for message in batch:
            shard, name = self.shards[message.partition() or 0], (message.key() or b"").decode()
            account = touched[name] = shard.accounts.setdefault(name, Account())
            event: Any = self.read(message.value(), self.context)
            account.apply(event)
            shard.next, shard.since_snapshot = (message.offset() or 0) + 1, shard.since_snapshot + 1
        self.producer.begin_transaction()
        for name, account in touched.items():
            self.producer.produce(os.environ["STATES"], key=name, value=json.dumps(asdict(account)))
        for number, shard in self.shards.items():
            if self.every and shard.since_snapshot >= self.every:
                self.producer.produce(os.environ["SNAPSHOTS"], key=str(number), value=shard.snapshot())
                shard.since_snapshot = 0
        self.producer.commit_transaction(TIMEOUT_S)


def main() -> None:
    """Run until asked to stop."""
    stop, servers, topic = Stop(), os.environ["KAFKA_BOOTSTRAP_SERVERS"], os.environ["INPUT"]
    registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"]})
    settings = {
        "bootstrap.servers": servers,
        "group.id": "none",  # the client wants one; nobody joins it
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
    }
    consumer = Consumer(settings)
    producer = Producer({"bootstrap.servers": servers, "transactional.id": os.environ["TRANSACTIONAL_ID"]})
    fold = Fold(producer, registry, topic, int(os.environ["SNAPSHOT_EVERY"]))
    try:
        producer.init_transactions(TIMEOUT_S)
        known = snapshots(settings, os.environ["SNAPSHOTS"]) if fold.every else {}
        fold.shards = {number: known.get(number, Shard()) for number in partitions(consumer, topic)}
        consumer.assign([TopicPartition(topic, number, shard.next) for number, shard in fold.shards.items()])
        while not stop.asked:
            batch = fill(consumer)
            if batch:
                fold.handle(batch)
    finally:
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"fold: {error}")
