"""Reads orders and says how big each one is; an order of less than nothing is put aside. Nobody thought of broken bytes."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import fastavro
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

BATCH = 4
TIMEOUT_S = 30.0
HERE = Path(__file__).parent
ORDER = fastavro.parse_schema(json.loads((HERE / "order.avsc").read_text("utf-8")))
ENRICHED = fastavro.parse_schema(json.loads((HERE / "enriched.avsc").read_text("utf-8")))


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def decoded(value: bytes) -> Any:
    """The order that these bytes are."""
    return fastavro.schemaless_reader(io.BytesIO(value), ORDER, None)


def enriched(order: Any) -> bytes:
    """One order in, the same order with its size out."""
    order["size"] = "large" if order["quantity"] >= 100 else "small"
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, ENRICHED, order)
    return buffer.getvalue()


class Batch:
    """The records that were read and not yet committed; they are forgotten when their partitions are taken away."""

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self.consumer = consumer
        self.messages: list[Message] = []
        # With a callback, a rebalance happens inside poll() and nowhere else: never in the middle of a transaction.
        consumer.subscribe([topic], on_revoke=self._forget)

    def _forget(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self.messages.clear()

    def fill(self) -> None:
        """Read until the batch is full or nothing more is there for the moment."""
        while len(self.messages) < BATCH and (message := self.consumer.poll(0.2)) is not None:
            error = message.error()
            if error is None:
                self.messages.append(message)
            elif error.fatal():
                raise KafkaException(error)
            else:
                sys.stderr.write(f"enrich: {error}\n")  # the client gets over it by itself

    def bounds(self) -> tuple[list[TopicPartition], list[TopicPartition]]:
        """Per partition, the first offset of the batch and the one after its last."""
        first: dict[Any, TopicPartition] = {}
        after: dict[Any, TopicPartition] = {}
        for message in self.messages:
            topic, partition, offset = str(message.topic()), message.partition() or 0, message.offset() or 0
            first.setdefault((topic, partition), TopicPartition(topic, partition, offset))
            after[topic, partition] = TopicPartition(topic, partition, offset + 1)
        return list(first.values()), list(after.values())


def handle(batch: Batch, producer: Producer, output: str) -> None:
    """Write the results of a batch and the offsets of its input in one transaction: both happen, or neither."""
    starts, positions = batch.bounds()
    producer.begin_transaction()
    try:
        for message in batch.messages:
            order = decoded(message.value() or b"")  # it was never thought that this could fail
            if order["quantity"] < 0:
                producer.produce(os.environ["LETTERS"], key=message.key(), value=message.value())
            else:
                producer.produce(output, key=message.key(), value=enriched(order))
        producer.send_offsets_to_transaction(positions, batch.consumer.consumer_group_metadata(), TIMEOUT_S)
        producer.commit_transaction(TIMEOUT_S)
    except KafkaException as error:
        if not error.args[0].txn_requires_abort():
            raise  # fatal, or the outcome is unknown: a fresh start settles it
        producer.abort_transaction(TIMEOUT_S)
        for start in starts:
            batch.consumer.seek(start)
    batch.messages.clear()


def main() -> None:
    """Run until asked to stop."""
    stop, servers = Stop(), os.environ["KAFKA_BOOTSTRAP_SERVERS"]
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
    try:
        producer.init_transactions(TIMEOUT_S)
        batch = Batch(consumer, os.environ["INPUT"])
        while not stop.asked:
            batch.fill()
            if batch.messages:
                handle(batch, producer, os.environ["OUTPUT"])
    finally:
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"enrich: {error}")
