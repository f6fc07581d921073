"""Keeps the last payment of each account. Kafka may deliver one twice, or to two of us: the database knows better."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import fastavro
import pg8000.dbapi
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

BATCH = 4
PAYMENT = fastavro.parse_schema(json.loads((Path(__file__).parent / "payment.avsc").read_text("utf-8")))

# The version guard: an older payment does not replace a newer one.
PUT = """
insert into last_payments as t (account, cents, payer, version) values (%s, %s, %s, %s)
on conflict (account) do update set cents = excluded.cents, payer = excluded.payer, version = excluded.version
where t.version < excluded.version
"""
NEXT = "select next from offsets where topic = %s and partition = %s"
# Who is not the one that wrote last has been replaced, or is behind: then nothing of its batch counts.
BEGIN = "insert into offsets (topic, partition, next) values (%s, %s, 0) on conflict do nothing"
MOVE = "update offsets set next = %s where topic = %s and partition = %s and next = %s"


class OvertakenError(Exception):
    """Somebody else has processed this part of a partition."""


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
            sys.stderr.write(f"payments: {error}\n")  # the client gets over it by itself
    return batch


def put(batch: list[Message], database: pg8000.dbapi.Connection, positions: dict[tuple[str, int], int]) -> None:
    """Write a batch, and how far it goes, in one database transaction."""
    cursor = database.cursor()
    reached = dict(positions)
    for message in batch:
        payment: Any = fastavro.schemaless_reader(io.BytesIO(message.value() or b""), PAYMENT, None)
        account = (message.key() or b"").decode()
        cursor.execute(PUT, (account, payment["cents"], payment["payer"], message.offset()))
        reached[str(message.topic()), int(message.partition() or 0)] = int(message.offset() or 0) + 1
    for (topic, partition), after in reached.items():
        if after != positions[topic, partition]:
            cursor.execute(MOVE, (after, topic, partition, positions[topic, partition]))
            if cursor.rowcount != 1:
                database.rollback()
                raise OvertakenError(f"{topic}-{partition} is no longer at {positions[topic, partition]}")
    database.commit()
    positions.update(reached)


def begin(database: pg8000.dbapi.Connection, partitions: list[TopicPartition]) -> list[TopicPartition]:
    """The partitions at the offsets that the database has for them."""
    cursor = database.cursor()
    for each in partitions:
        cursor.execute(BEGIN, (each.topic, each.partition))
        cursor.execute(NEXT, (each.topic, each.partition))
        each.offset = int(cursor.fetchone()[0])
    database.commit()
    return partitions


def main() -> None:
    """Run until asked to stop. The group only deals the partitions out; no offset is committed to Kafka."""
    stop = Stop()
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": os.environ["GROUP"],
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    database = connected(os.environ["DATABASE_URL"])
    positions: dict[tuple[str, int], int] = {}

    def assigned(consumer: Consumer, partitions: list[TopicPartition]) -> None:
        found = begin(database, partitions)
        positions.clear()
        positions.update({(each.topic, each.partition): each.offset for each in found})
        consumer.assign(found)

    consumer.subscribe([os.environ["INPUT"]], on_assign=assigned)
    try:
        while not stop.asked:
            batch = [each for each in fill(consumer) if (each.topic(), each.partition()) in positions]
            if batch:
                put(batch, database, positions)
    finally:
        database.close()
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except (KafkaException, OvertakenError) as error:
        sys.exit(f"payments: {error}")
