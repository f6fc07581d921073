"""Exports invoices to a slow sink. What is in work is bounded; meanwhile the consumer is paused, and goes on polling."""

from __future__ import annotations

import json
import os
import signal
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from types import FrameType
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.dbapi
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

BATCH = 4
POLL_S = 0.1
SINK_S = 0.15
NOT_A_MEMBER = (KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS)


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def connected(url: str) -> pg8000.dbapi.Connection:
    """A session by a URL; its ``options`` go along, for they say which schema is ours."""
    parts = urlsplit(url)
    return pg8000.dbapi.connect(
        unquote(parts.username or ""),
        host=parts.hostname or "localhost",
        port=parts.port or 5432,
        database=parts.path.removeprefix("/"),
        password=unquote(parts.password or "") or None,
        startup_params={name: values[0] for name, values in parse_qs(parts.query).items()},
    )


def write(batch: list[Message], database: pg8000.dbapi.Connection) -> None:
    """Export a batch in one transaction; an invoice that comes twice is there already."""
    cursor = database.cursor()
    for message in batch:
        cursor.execute("select pg_sleep(%s)", (SINK_S,))
        number, account = json.loads(message.value() or b"")["event"], (message.key() or b"").decode()
        cursor.execute("insert into exports values (%s, %s) on conflict do nothing", (number, account))
    database.commit()


class Exporter:
    """At most one batch is in work, and at most one waits."""

    def __init__(self, consumer: Consumer, topic: str, database: pg8000.dbapi.Connection) -> None:
        self.consumer, self.database = consumer, database
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.waiting: list[Message] = []
        self.batch: list[Message] = []
        self.work: Future[None] | None = None
        consumer.subscribe([topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost)

    def turn(self) -> None:
        """Poll, and then see to the work. It never takes longer than a poll."""
        until = monotonic() + POLL_S
        while (self.work or len(self.waiting) < BATCH) and (left := until - monotonic()) > 0:
            message = self.consumer.poll(left)
            if message is None:
                break
            error = message.error()
            if error is None:
                self.waiting.append(message)
            elif error.fatal():
                raise KafkaException(error)
            else:
                sys.stderr.write(f"export: {error}\n")  # the client gets over it by itself
        if self.work and self.work.done():
            self._finish()
        if self.waiting and not self.work:
            self.batch, self.waiting = self.waiting[:BATCH], self.waiting[BATCH:]
            self.work = self.pool.submit(write, self.batch, self.database)
            self.consumer.pause(self.consumer.assignment())

    def _finish(self) -> None:
        """The sink has a batch: commit its offsets, and let more come."""
        if self.work is None:
            return
        self.work.result()
        after = {(each.topic(), each.partition()): (each.offset() or 0) + 1 for each in self.batch}
        self.work, self.batch = None, []
        try:
            self.consumer.commit(
                offsets=[TopicPartition(topic, number, offset) for (topic, number), offset in after.items()],
                asynchronous=False,
            )
        except KafkaException as error:
            if error.args[0].code() not in NOT_A_MEMBER:
                raise
            sys.stderr.write(f"export: {error}\n")  # who has the partition now exports it again, and nothing changes
        self.consumer.resume(self.consumer.assignment())

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """What comes in the middle of work is paused like the rest."""
        consumer.assign(partitions)
        if self.work:
            consumer.pause(partitions)

    def _revoked(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """What is in work is finished before the partitions are given up; what waits is forgotten."""
        self._finish()
        self._forget(partitions)

    def _lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._forget(partitions)

    def _forget(self, partitions: list[TopicPartition]) -> None:
        gone = {(each.topic, each.partition) for each in partitions}
        self.waiting = [each for each in self.waiting if (each.topic(), each.partition()) not in gone]


def main() -> None:
    """Run until asked to stop."""
    stop = Stop()
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": os.environ["GROUP"],
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 1500,
            "heartbeat.interval.ms": 300,
            "max.poll.interval.ms": 1500,
            # What the client itself reads ahead: by default up to 64 MB.
            "queued.max.messages.kbytes": 1024,
        }
    )
    database = connected(os.environ["DATABASE_URL"])
    exporter = Exporter(consumer, os.environ["INPUT"], database)
    try:
        while not stop.asked:
            exporter.turn()
    finally:
        exporter.pool.shutdown()
        database.close()
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"export: {error}")
