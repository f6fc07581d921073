"""Counts the visits of each page in windows of ten minutes by event time; who comes too late for its window is put aside."""

from __future__ import annotations

import json
import os
import signal
import sys
from types import FrameType
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

BATCH = 4
TIMEOUT_S = 30.0
WINDOW_MS = 10 * 60_000
ALLOWED_MS = 5 * 60_000
"""By how much a visit may be older than the newest one of its partition."""


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class Windows:
    """The open windows of one partition, and the newest time that was seen in it: its watermark, and all of its state."""

    def __init__(self) -> None:
        self.newest = 0
        self.counts: dict[tuple[str, int], int] = {}

    def is_late(self, at: int) -> bool:
        """Whether a visit of that time comes too late to be counted."""
        return self.newest - at > ALLOWED_MS

    def set(self, page: str, window: int, visits: int, newest: int) -> None:
        """Know this of a window; those that nobody in time can fall into any more are forgotten."""
        self.counts[page, window] = visits
        self.newest = max(self.newest, newest)
        for old in [each for each in self.counts if each[1] + WINDOW_MS + ALLOWED_MS < self.newest]:
            del self.counts[old]

    def count(self, page: str, at: int) -> dict[str, int]:
        """One visit more: the new state of its window, as it is written."""
        window = at - at % WINDOW_MS
        visits, newest = self.counts.get((page, window), 0) + 1, max(self.newest, at)
        self.set(page, window, visits, newest)
        return {"window": window, "visits": visits, "newest": newest}


class Input:
    """What was read and is not committed yet, and the windows of each partition that this process has.

    The output is the state: partition n of the input is counted in partition n of the output, which says all that a
    successor has to know. So state, output and offsets are committed together, in one transaction.
    """

    def __init__(self, servers: str, group: str, topic: str, output: str) -> None:
        settings: dict[str, Any] = {
            "bootstrap.servers": servers,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "group.id": group,
        }
        self.consumer = Consumer(settings)
        self._state = Consumer({**settings, "group.id": f"{group}.state", "enable.partition.eof": True})
        self._output = output
        self.messages: list[Message] = []
        self.windows: dict[int, Windows] = {}
        # With callbacks, a rebalance happens inside poll() and nowhere else: never in the middle of a transaction.
        self.consumer.subscribe([topic], on_assign=self._assigned, on_revoke=self._revoked)

    def _assigned(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.consumer.assign(self._restored(partitions))

    def _revoked(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self.messages.clear()
        self.windows.clear()

    def rewind(self) -> None:
        """Begin again at what is committed, offsets and windows."""
        self.messages.clear()
        for position in self._restored(self.consumer.assignment()):
            self.consumer.seek(position)

    def _restored(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """Restore the windows of these partitions; where each of them goes on.

        The offsets first: the broker tells them only when no transaction on them is pending. What its predecessor was
        about to commit is then in the output, or never will be.
        """
        committed = self.consumer.committed(partitions, TIMEOUT_S)
        for each in committed:
            self.windows[each.partition] = self._read(each.partition)
        return [
            TopicPartition(each.topic, each.partition, each.offset if each.offset >= 0 else OFFSET_BEGINNING)
            for each in committed
        ]

    def _read(self, partition: int) -> Windows:
        windows = Windows()
        self._state.assign([TopicPartition(self._output, partition, OFFSET_BEGINNING)])
        while True:
            message = self._state.poll(TIMEOUT_S)
            if message is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the windows could not be read"))
            error = message.error()
            if error is None:
                told = json.loads(message.value() or b"")
                windows.set((message.key() or b"").decode(), told["window"], told["visits"], told["newest"])
            elif error.code() == KafkaError._PARTITION_EOF:
                return windows
            elif error.fatal():
                raise KafkaException(error)

    def fill(self) -> None:
        """Read until the batch is full or nothing more is there for the moment."""
        while len(self.messages) < BATCH and (message := self.consumer.poll(0.2)) is not None:
            error = message.error()
            if error is None:
                self.messages.append(message)
            elif error.fatal():
                raise KafkaException(error)
            else:
                sys.stderr.write(f"count: {error}\n")  # the client gets over it by itself

    def positions(self) -> list[TopicPartition]:
        """Per partition, the offset after the last record of the batch."""
        after: dict[Any, TopicPartition] = {}
        for message in self.messages:
            topic, partition, offset = str(message.topic()), message.partition() or 0, message.offset() or 0
            after[topic, partition] = TopicPartition(topic, partition, offset + 1)
        return list(after.values())


def handle(batch: Input, producer: Producer, output: str, late: str) -> None:
    """Count a batch; windows, late visits and offsets are committed in one transaction: all of it happens, or nothing."""
    producer.begin_transaction()
    try:
        for message in batch.messages:
            page, at = (message.key() or b"").decode(), message.timestamp()[1]
            partition = message.partition() or 0
            windows = batch.windows[partition]
            if windows.is_late(at):
                visit = {"page": page, "at": at, **json.loads(message.value() or b"")}
                # Its page and its time say which visit it is.
                producer.produce(late, json.dumps(visit), f"{page}@{at}", headers=message.headers())
            else:
                counted = json.dumps(windows.count(page, at))
                producer.produce(output, counted, page, partition, headers=message.headers())
        producer.send_offsets_to_transaction(batch.positions(), batch.consumer.consumer_group_metadata(), TIMEOUT_S)
        producer.commit_transaction(TIMEOUT_S)
        batch.messages.clear()
    except KafkaException as error:
        if not error.args[0].txn_requires_abort():
            raise  # fatal, or the outcome is unknown: a fresh start settles it
        producer.abort_transaction(TIMEOUT_S)
        batch.rewind()


def main() -> None:
    """Run until asked to stop."""
    stop, servers = Stop(), os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    output, late = os.environ["OUTPUT"], os.environ["LATE"]
    producer = Producer({"bootstrap.servers": servers, "transactional.id": os.environ["TRANSACTIONAL_ID"]})
    producer.init_transactions(TIMEOUT_S)
    batch = Input(servers, os.environ["GROUP"], os.environ["INPUT"], output)
    try:
        while not stop.asked:
            batch.fill()
            if batch.messages:
                handle(batch, producer, output, late)
    finally:
        batch.consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"count: {error}")
