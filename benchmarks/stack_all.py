"""How long until a stack can be used, on a warm cache: one broker, three, and everything until a first event is seen."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from statistics import median
from urllib.parse import urlsplit

from confluent_kafka import Consumer, TopicPartition
from pg8000.dbapi import Connection

from benchmarks.figures import figure
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.connectors import create_connector
from stream_contracts.stack.model import Stack
from stream_contracts.stack.runtime import java_home
from stream_contracts.stack.training import prepare

RUNS = 3
EVERYTHING = Blueprint(registry="embedded", postgres=True, connect=True)
SEEN_S = 30.0
TABLE = "contracts_seed"


def main() -> None:
    """Print median, least and most of each, and what it is made of."""
    quiet: Callable[[str], None] = lambda _: None  # noqa: E731
    bare = median(_jvm() for _ in range(RUNS))
    for name, target_s, blueprint, then in (
        ("one broker", 1.2, Blueprint(), None),
        ("three brokers", 3.0, Blueprint(brokers=3), None),
        ("everything, first snapshot event seen", 8.0, EVERYTHING, first_event),
    ):
        prepare(quiet, blueprint)
        totals, parts = [], []
        for _ in range(RUNS):
            begin = time.monotonic()
            with open_stack("local", blueprint, progress=quiet) as stack:
                opened = time.monotonic()
                if then is not None:
                    then(stack)
                now = time.monotonic()
                totals.append(now - begin)
                parts.append({**stack.timings, "open_s": opened - begin, "event_s": now - opened})
        print(f"{name}: {min(totals):.2f} to {max(totals):.2f} s, {RUNS} times, from the call to its use")
        figure(f"{name}, ready", median(totals), "s", ("a JVM that ends at once", bare), target_s)
        for part in parts[0]:
            print(f"  {part:12} median {median(each[part] for each in parts):.2f} s")


def _jvm() -> float:
    """Seconds of the same Java that starts and says its version."""
    begin = time.monotonic()
    subprocess.run([java_home() / "bin/java", "-version"], check=True, capture_output=True, timeout=60)
    return time.monotonic() - begin


def first_event(stack: Stack) -> None:
    """Fill a table, follow it, and return when its first snapshot event was read from Kafka."""
    where = urlsplit(stack.postgres_dsn)
    seed(stack.postgres_dsn)
    config = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        "database.hostname": where.hostname or "",
        "database.port": str(where.port),
        "database.user": where.username or "",
        "database.password": where.password or "",
        "database.dbname": where.path[1:],
        "table.include.list": f"public.{TABLE}",
        "topic.prefix": "bench",
        "poll.interval.ms": "5",
        "topic.creation.default.partitions": "1",
        "topic.creation.default.replication.factor": "1",
    }
    create_connector(stack.connect_url, "bench", config)
    consumer = Consumer({**stack.client_config, "group.id": "bench", "topic.metadata.refresh.interval.ms": 50})
    consumer.assign([TopicPartition(f"bench.public.{TABLE}", 0, 0)])
    deadline = time.monotonic() + SEEN_S
    try:
        while time.monotonic() < deadline:
            message = consumer.poll(0.05)
            if message is not None and message.error() is None:
                return
    finally:
        consumer.close()
    raise SystemExit(f"no snapshot event was seen within {SEEN_S:g} s")


def seed(dsn: str) -> None:
    """Make a table with one row."""
    session = connect(dsn)
    cursor = session.cursor()
    cursor.execute(f"create table {TABLE} (id int primary key)")
    cursor.execute(f"insert into {TABLE} values (1)")
    session.commit()
    session.close()


def connect(dsn: str) -> Connection:
    """A session of the database."""
    where = urlsplit(dsn)
    return Connection(where.username or "", where.hostname, where.path[1:], where.port or 0, where.password)
