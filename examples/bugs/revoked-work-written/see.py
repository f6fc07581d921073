"""Passes scans of parcels on, as one of a group, wrongly: it does not hear of what a rebalance takes away."""

from __future__ import annotations

import os
import signal
import sys
from time import monotonic
from types import FrameType
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

BATCH = 50
LINGER_S = 1.5
TIMEOUT_S = 30.0


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def settings() -> dict[str, Any]:
    """Those of the consumer: how its group deals out partitions is told by the environment."""
    told: dict[str, Any] = {
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        "group.id": os.environ["GROUP"],
        "group.protocol": os.environ["PROTOCOL"],
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    }
    if told["group.protocol"] == "classic":  # in the other one the coordinator knows all of this
        told["partition.assignment.strategy"] = os.environ["ASSIGNOR"]
        told["heartbeat.interval.ms"] = 300
    if "MEMBER" in os.environ:
        told["group.instance.id"] = os.environ["MEMBER"]
    if "MAX_POLL_MS" in os.environ:
        told["max.poll.interval.ms"] = int(os.environ["MAX_POLL_MS"])
    return told


class Batch:
    """The records that were read and not yet committed."""

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self.consumer = consumer
        self.messages: list[Message] = []
        consumer.subscribe([topic])

    def fill(self) -> None:
        """Gather until the batch is full, or for a while."""
        until = monotonic() + LINGER_S
        while len(self.messages) < BATCH and (left := until - monotonic()) > 0:
            message = self.consumer.poll(left)
            if message is None:
                return
            error = message.error()
            if error is None:
                self.messages.append(message)
            elif error.fatal():
                raise KafkaException(error)
            else:
                sys.stderr.write(f"see: {error}\n")  # the client gets over it by itself, and joins again

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
    """Write a batch and its offsets in one transaction. The group's metadata lets the coordinator refuse a former member."""
    starts, positions = batch.bounds()
    producer.begin_transaction()
    try:
        for message in batch.messages:
            producer.produce(output, key=message.key(), value=message.value())
        producer.send_offsets_to_transaction(positions, batch.consumer.consumer_group_metadata(), TIMEOUT_S)
        producer.commit_transaction(TIMEOUT_S)
    except KafkaException as error:
        if not error.args[0].txn_requires_abort():
            raise  # fatal, or the outcome is unknown: a fresh start settles it
        producer.abort_transaction(TIMEOUT_S)
        held = {(each.topic, each.partition) for each in batch.consumer.assignment()}
        for start in starts:
            if (start.topic, start.partition) in held:
                batch.consumer.seek(start)
    batch.messages.clear()


def main() -> None:
    """Run until asked to stop."""
    stop = Stop()
    consumer = Consumer(settings())
    producer = Producer(
        {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "transactional.id": os.environ["TRANSACTIONAL_ID"],
        }
    )
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
        sys.exit(f"see: {error}")
