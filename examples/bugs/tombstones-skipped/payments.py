"""Keeps the newest payment of each account. WRONG: a tombstone is skipped, and the row of the account stays."""

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

UPSERT = """
insert into latest (account, cents, payer, source_offset) values (%s, %s, %s, %s)
on conflict (account) do update set cents = excluded.cents, payer = excluded.payer, source_offset = excluded.source_offset
where latest.source_offset < excluded.source_offset
"""


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


def add(batch: list[Message], database: pg8000.dbapi.Connection) -> None:
    """Write a batch in one database transaction."""
    cursor = database.cursor()
    for message in batch:
        value = message.value()
        if value is None:
            continue  # the mistake: an account that was closed is none that has nothing to say
        payment: Any = fastavro.schemaless_reader(io.BytesIO(value), PAYMENT, None)
        account = (message.key() or b"").decode()
        cursor.execute(UPSERT, (account, payment["cents"], payment["payer"], message.offset()))
    database.commit()


def main() -> None:
    """Run until asked to stop: first the rows, then the offsets."""
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
    consumer.subscribe([os.environ["INPUT"]])
    try:
        while not stop.asked:
            batch = fill(consumer)
            if batch:
                add(batch, database)
                after = {(each.topic(), each.partition()): (each.offset() or 0) + 1 for each in batch}
                offsets = [TopicPartition(topic, number, offset) for (topic, number), offset in after.items()]
                consumer.commit(offsets=offsets, asynchronous=False)
    finally:
        database.close()
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"payments: {error}")
