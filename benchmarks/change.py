"""How long from an INSERT until its change is judged: through PostgreSQL, Debezium, Connect, Kafka and every anomaly."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from statistics import median

from confluent_kafka import Consumer, TopicPartition
from pg8000.dbapi import Connection

from benchmarks.figures import figure
from benchmarks.stack_all import EVERYTHING, SEEN_S, TABLE, connect, first_event
from stream_contracts.anomalies import judge
from stream_contracts.findings import Verdict
from stream_contracts.history import tables
from stream_contracts.history.journal import Journal
from stream_contracts.history.model import Expected, Record, Send
from stream_contracts.stack import open_stack
from stream_contracts.stack.training import prepare

CHANGES, FIRST = 40, 1000
WARM = 10
"""Of the first changes so many do not count: the connector has only just gone over from its snapshot to the stream."""
TARGET_MS = 50.0
TOPIC = f"bench.public.{TABLE}"


def main() -> None:
    """Print the median of both ways, in milliseconds."""
    prepare(lambda _: None, EVERYTHING)
    with open_stack("local", EVERYTHING, progress=lambda _: None) as stack:
        first_event(stack)
        session = connect(stack.postgres_dsn)
        consumer = Consumer({**stack.client_config, "group.id": "changes", "fetch.wait.max.ms": 5})
        consumer.assign([TopicPartition(TOPIC, 0, 0)])
        try:
            seen, judged = measured(session, consumer)
        finally:
            consumer.close()
            session.close()
    print(f"{CHANGES - WARM} changes, one after the other, each judged with all before it")
    figure("INSERT to judged change", median(judged), "ms", ("INSERT until it is in Kafka", median(seen)), TARGET_MS)


def measured(session: Connection, consumer: Consumer) -> tuple[list[float], list[float]]:
    """Milliseconds of each change until it was read from Kafka, and until it was judged."""
    seen, judged = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        for number in range(CHANGES):
            began = time.perf_counter()
            session.cursor().execute(f"insert into {TABLE} values (%s)", (FIRST + number,))
            session.commit()
            offset = arrived(consumer, FIRST + number)
            there = time.perf_counter()
            judge_all(path, number, offset, began)
            if number >= WARM:
                seen.append((there - began) * 1000)
                judged.append((time.perf_counter() - began) * 1000)
    return seen, judged


def judge_all(path: Path, number: int, offset: int, at: float) -> None:
    """Write one change down, and judge it with those before it."""
    key = str(FIRST + number)
    with Journal(path) as journal:
        journal.add(
            Send(number, key, 0, TABLE, 0, number, "ok", at),
            Expected(TOPIC, key, key, 1, number),
            Record(TOPIC, 0, offset, key, key, number, -1, -1, "plain"),
        )
    with tables.load(path) as history:
        assert judge(history, {"delivery": "at-least-once"}).verdict is Verdict.PASS


def arrived(consumer: Consumer, wanted: int) -> int:
    """Wait for the change of that row, and return its offset."""
    deadline = time.monotonic() + SEEN_S
    while time.monotonic() < deadline:
        message = consumer.poll(0.05)
        value = None if message is None or message.error() else message.value()
        if message is not None and value is not None:
            event = json.loads(value)
            if event.get("payload", event)["after"]["id"] == wanted:
                return message.offset() or 0
    raise SystemExit(f"the change of row {wanted} was not seen within {SEEN_S:g} s")


if __name__ == "__main__":
    main()
