"""Reads meters and writes what was used; what nobody can read goes to a topic of its own, in the same transaction."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

BATCH = 4
TIMEOUT_S = 30.0
NOT_FOUND = 404


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class UnreadableError(Exception):
    """A record that will never be read, however often it is tried."""


class Meter:
    """One reading in, what was used out."""

    def __init__(self, registry: SchemaRegistryClient, source: str, target: str) -> None:
        self.source = SerializationContext(source, MessageField.VALUE)
        self.target = SerializationContext(target, MessageField.VALUE)
        self.deserialize = AvroDeserializer(registry)
        written = registry.get_latest_version(f"{target}-value").schema
        settings = {"auto.register.schemas": False, "use.latest.version": True}
        self.serialize = AvroSerializer(registry, written, conf=settings)

    def read(self, value: bytes | None) -> Any:
        """The reading; `UnreadableError` where the record is to blame, and whatever it is where the registry is."""
        try:
            return self.deserialize(value, self.source)
        except SchemaRegistryError as error:
            if error.http_status_code != NOT_FOUND:
                raise  # an outage: the record is as good as the others, and has to wait
            raise UnreadableError(str(error)) from error
        except Exception as error:  # fastavro answers broken bytes with whatever goes wrong first
            raise UnreadableError(repr(error)) from error

    def used(self, reading: Any) -> bytes | None:
        """The bytes of the output for a reading."""
        return self.serialize({"meter": reading["meter"], "kilowatt_hours": reading["watt_hours"] / 1000}, self.target)


def fill(consumer: Consumer, batch: list[Message]) -> None:
    """Read until the batch is full or nothing more is there for the moment."""
    while len(batch) < BATCH and (message := consumer.poll(0.2)) is not None:
        error = message.error()
        if error is None:
            batch.append(message)
        elif error.fatal():
            raise KafkaException(error)
        else:
            sys.stderr.write(f"measure: {error}\n")  # the client gets over it by itself


def write(message: Message, producer: Producer, meter: Meter) -> None:
    """Write the effect of a record, or the record itself as a letter with the reason: one of the two."""
    try:
        reading = meter.read(message.value())
    except UnreadableError as error:
        place = f"{message.topic()}-{message.partition()}@{message.offset()}"
        headers = [
            *(message.headers() or []),
            ("letter-reason", str(error).encode()),
            ("letter-source", place.encode()),
        ]
        producer.produce(os.environ["LETTERS"], key=message.key(), value=message.value(), headers=headers)
    else:
        producer.produce(os.environ["OUTPUT"], key=message.key(), value=meter.used(reading))


def handle(batch: list[Message], consumer: Consumer, producer: Producer, meter: Meter) -> None:
    """Write effects, letters and the offsets of their input in one transaction: all of them, or none."""
    first: dict[Any, TopicPartition] = {}
    after: dict[Any, TopicPartition] = {}
    for message in batch:
        topic, partition, offset = str(message.topic()), message.partition() or 0, message.offset() or 0
        first.setdefault((topic, partition), TopicPartition(topic, partition, offset))
        after[topic, partition] = TopicPartition(topic, partition, offset + 1)
    producer.begin_transaction()
    try:
        for message in batch:
            write(message, producer, meter)
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
    meter = Meter(registry, os.environ["INPUT"], os.environ["OUTPUT"])
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
                handle(batch, consumer, producer, meter)
    finally:
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except (KafkaException, SchemaRegistryError) as error:
        sys.exit(f"measure: {error}")
