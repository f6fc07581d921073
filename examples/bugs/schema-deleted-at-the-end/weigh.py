"""Weighs shipments. WRONG: when it ends it deletes the schema that its records name, to keep the registry tidy."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

BATCH = 4
HERE = Path(__file__).parent
TIMEOUT_S = 30.0


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class Weigher:
    """One shipment in, its weight out; a tombstone stays one."""

    def __init__(self, registry: SchemaRegistryClient, source: str, target: str) -> None:
        self.source = SerializationContext(source, MessageField.VALUE)
        self.target = SerializationContext(target, MessageField.VALUE)
        self.read = JSONDeserializer(None, schema_registry_client=registry)
        self.write = JSONSerializer((HERE / "weighed.json").read_text("utf-8"), registry)

    def weighed(self, value: bytes | None) -> bytes | None:
        """The bytes of the output for the bytes of an input."""
        if value is None:
            return None
        shipment: Any = self.read(value, self.source)
        return self.write({"id": shipment["id"], "kilograms": shipment.get("grams", 0) / 1000}, self.target)


def fill(consumer: Consumer, batch: list[Message]) -> None:
    """Read until the batch is full or nothing more is there for the moment."""
    while len(batch) < BATCH and (message := consumer.poll(0.2)) is not None:
        error = message.error()
        if error is None:
            batch.append(message)
        elif error.fatal():
            raise KafkaException(error)
        else:
            sys.stderr.write(f"weigh: {error}\n")  # the client gets over it by itself


def handle(batch: list[Message], consumer: Consumer, producer: Producer, weigher: Weigher, output: str) -> None:
    """Write the results of a batch and the offsets of its input in one transaction: both happen, or neither."""
    first: dict[Any, TopicPartition] = {}
    after: dict[Any, TopicPartition] = {}
    for message in batch:
        topic, partition, offset = str(message.topic()), message.partition() or 0, message.offset() or 0
        first.setdefault((topic, partition), TopicPartition(topic, partition, offset))
        after[topic, partition] = TopicPartition(topic, partition, offset + 1)
    producer.begin_transaction()
    try:
        for message in batch:
            producer.produce(output, key=message.key(), value=weigher.weighed(message.value()))
        producer.send_offsets_to_transaction(list(after.values()), consumer.consumer_group_metadata(), TIMEOUT_S)
        producer.commit_transaction(TIMEOUT_S)
    except KafkaException as error:
        if not error.args[0].txn_requires_abort():
            raise  # fatal, or the outcome is unknown: a fresh start settles it
        producer.abort_transaction(TIMEOUT_S)
        for start in first.values():
            consumer.seek(start)
    batch.clear()


def main() -> None:
    """Run until asked to stop."""
    stop, servers = Stop(), os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"]})
    weigher = Weigher(registry, os.environ["INPUT"], os.environ["OUTPUT"])
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": os.environ["GROUP"],
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer({"bootstrap.servers": servers, "transactional.id": os.environ["TRANSACTIONAL_ID"]})
    batch: list[Message] = []
    # With a callback, a rebalance happens inside poll() and nowhere else: never in the middle of a transaction.
    consumer.subscribe([os.environ["INPUT"]], on_revoke=lambda _consumer, _partitions: batch.clear())
    try:
        producer.init_transactions(TIMEOUT_S)
        while not stop.asked:
            fill(consumer, batch)
            if batch:
                handle(batch, consumer, producer, weigher, os.environ["OUTPUT"])
    finally:
        consumer.close()
        for permanent in (False, True):  # the mistake: what was written needs the schema for as long as it is kept
            with contextlib.suppress(SchemaRegistryError):
                registry.delete_subject(f"{os.environ['OUTPUT']}-value", permanent=permanent)


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"weigh: {error}")
