"""Writes payments into a table, each once. WRONG: an attempt that fails leaves its batch in the buffer."""

from __future__ import annotations

import contextlib
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
RETRIES = 5
PAYMENT = fastavro.parse_schema(json.loads((Path(__file__).parent / "payment.avsc").read_text("utf-8")))

INSERT = "insert into entries (account, cents, payer) values (%s, %s, %s)"
AHEAD = """
insert into positions (source_partition, next_offset) values (%s, %s)
on conflict (source_partition) do update set next_offset = excluded.next_offset
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


class Table:
    """Rows and the position of the input are written in one transaction; what was written already is left out."""

    def __init__(self) -> None:
        self.database = connected(os.environ["DATABASE_URL"])
        self.buffer: list[Message] = []

    def put(self, batch: list[Message]) -> None:
        """Write a batch. Raises what the database says; the caller tries again."""
        cursor = self.database.cursor()
        cursor.execute("select source_partition, next_offset from positions")
        known = dict(cursor.fetchall())
        # The mistake: after an error the batch is in the buffer already, and comes in once more.
        self.buffer += [each for each in batch if (each.offset() or 0) >= known.get(each.partition(), 0)]
        for message in self.buffer:
            payment: Any = fastavro.schemaless_reader(io.BytesIO(message.value() or b""), PAYMENT, None)
            cursor.execute(INSERT, ((message.key() or b"").decode(), payment["cents"], payment["payer"]))
        for message in self.buffer:
            cursor.execute(AHEAD, (message.partition(), (message.offset() or 0) + 1))
        self.database.commit()
        self.buffer.clear()

    def again(self) -> None:
        """Connect anew after an error."""
        with contextlib.suppress(pg8000.dbapi.Error, OSError):
            self.database.close()
        self.database = connected(os.environ["DATABASE_URL"])


def put(batch: list[Message], table: Table) -> None:
    """Write a batch, and try again when the database fails."""
    for attempt in range(RETRIES):
        try:
            return table.put(batch)
        except (pg8000.dbapi.Error, OSError) as error:
            sys.stderr.write(f"payments: {error}, attempt {attempt}\n")
            table.again()
    sys.exit("payments: the database is not there")


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
    table = Table()
    consumer.subscribe([os.environ["INPUT"]])
    try:
        while not stop.asked:
            batch = fill(consumer)
            if batch:
                put(batch, table)
                after = {(each.topic(), each.partition()): (each.offset() or 0) + 1 for each in batch}
                offsets = [TopicPartition(topic, number, offset) for (topic, number), offset in after.items()]
                consumer.commit(offsets=offsets, asynchronous=False)
    finally:
        table.database.close()
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"payments: {error}")
