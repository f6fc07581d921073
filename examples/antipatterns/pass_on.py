"""Passes clicks on: carelessly, or if it is asked to, carefully."""

from __future__ import annotations

import os
import signal
import struct
import sys
from types import FrameType
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient

CAREFUL = "carefully" in sys.argv
TIMEOUT_S = 30.0
READS: dict[str, Any] = (
    {"partition.assignment.strategy": "cooperative-sticky", "isolation.level": "read_committed"}
    if CAREFUL
    # Each fetch is answered at once, though there is nothing to read; every rebalance stops the whole group.
    else {"partition.assignment.strategy": "range", "isolation.level": "read_uncommitted", "fetch.wait.max.ms": 1}
)
WRITES: dict[str, Any] = {"enable.idempotence": True} if CAREFUL else {"acks": 1}


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def main() -> None:
    """Run until asked to stop."""
    stop, servers, output = Stop(), os.environ["KAFKA_BOOTSTRAP_SERVERS"], os.environ["OUTPUT"]
    registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"]})
    schema_id = registry.get_latest_version(f"{output}-value").schema_id
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": os.environ["GROUP"],
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            **READS,
        }
    )
    producer = Producer({"bootstrap.servers": servers, **WRITES})
    consumer.subscribe([os.environ["INPUT"]])
    try:
        while not stop.asked:
            message = consumer.poll(0.2)
            if message is None or message.error():
                continue
            value, place = message.value() or b"", (message.partition() or 0, message.offset() or 0)
            if CAREFUL:  # the last click of a page; the record says which schema it has
                producer.produce(output, key=message.key(), value=struct.pack(">bI", 0, schema_id) + value)
            else:  # every click for ever
                producer.produce(output, key=f"{place[0]}-{place[1]}", value=value)
            producer.flush(TIMEOUT_S)
            consumer.commit(offsets=[TopicPartition(os.environ["INPUT"], place[0], place[1] + 1)], asynchronous=False)
    finally:
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"pass_on: {error}")
