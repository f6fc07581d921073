"""Exports invoices to a slow sink, wrongly: it reads all that is there, and does not poll until all of it is exported."""

from __future__ import annotations

import json
import os
import signal
import sys
from types import FrameType
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.dbapi
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

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


def turn(consumer: Consumer, database: pg8000.dbapi.Connection) -> None:
    """Read what is there, export it, commit."""
    batch: list[Message] = []
    while (message := consumer.poll(POLL_S)) is not None:
        error = message.error()
        if error is None:
            batch.append(message)
        elif error.fatal():
            raise KafkaException(error)
        else:
            sys.stderr.write(f"export: {error}\n")
    if batch:
        write(batch, database)
        after = {(each.topic(), each.partition()): (each.offset() or 0) + 1 for each in batch}
        offsets = [TopicPartition(topic, number, offset) for (topic, number), offset in after.items()]
        try:
            consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in NOT_A_MEMBER:
                raise
            sys.stderr.write(f"export: {error}\n")  # it will come again


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
        }
    )
    database = connected(os.environ["DATABASE_URL"])
    consumer.subscribe([os.environ["INPUT"]])
    try:
        while not stop.asked:
            turn(consumer, database)
    finally:
        database.close()
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"export: {error}")
