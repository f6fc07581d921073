"""The derived schemas are those that the real connector emits: every type, every way of telling it, in one run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from confluent_kafka import Consumer, TopicPartition

from stream_contracts.cdc.catalog import Table, tables
from stream_contracts.cdc.envelope import envelope, key, topic
from stream_contracts.cdc.postgres import Session
from stream_contracts.cdc.settings import Settings
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.connectors import create_connector, delete_connector
from stream_contracts.stack.model import Stack
from stream_contracts.stack.rest import ask

pytestmark = pytest.mark.broker
TYPES = (Path(__file__).parent / "types.txt").read_text("utf-8").splitlines()
MODES: dict[str, dict[str, str]] = {
    "plain": {},
    "strings": {
        "decimal.handling.mode": "string", "time.precision.mode": "isostring", "interval.handling.mode": "string",
        "binary.handling.mode": "base64", "money.fraction.digits": "4",
    },
    "doubles": {
        "decimal.handling.mode": "double", "time.precision.mode": "connect", "binary.handling.mode": "hex",
        "include.unknown.datatypes": "true",
    },
    "micros": {
        "time.precision.mode": "adaptive_time_microseconds", "money.fraction.digits": "1",
        "schema.name.adjustment.mode": "avro", "field.name.adjustment.mode": "avro",
    },
    "microseconds": {"time.precision.mode": "microseconds"},
    "excluded": {
        "column.exclude.list": r"public\.KINDS\.c00.,public\.defaults\.d_(int|text)",
        "message.key.columns": r"public\.nokey:b,a;(.*)\.uniq:b",
    },
    "included": {"column.include.list": r".*\.id,public\.kinds\.c01[0-4], .*\.[abc], .*a-b, .*Second Key"},
    "nanoseconds": {"time.precision.mode": "nanoseconds", "include.unknown.datatypes": "true"},
}  # fmt: skip
"""Name of a connector → what it is told beyond the rest."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    blueprint = Blueprint(postgres=True, connect=True)
    with open_stack("local", blueprint, run_dir=tmp_path_factory.mktemp("run"), progress=print) as running:
        yield running


@pytest.fixture(scope="module")
def captured(stack: Stack) -> Iterator[tuple[Session, dict[str, Table]]]:
    """One table of all types, one of all defaults, and tables with odd names and keys, a row in each."""
    columns = ", ".join(f"c{number:03d} {kind}" for number, kind in enumerate(TYPES))
    with Session(stack.postgres_dsn) as session:
        session.run((Path(__file__).parent / "types.sql").read_text("utf-8"))
        session.run(f"create table kinds (id int primary key, {columns})")
        fill(session, 1)
        yield session, {f"{schema}.{name}": table for (schema, name), table in tables(session.run).items()}


def fill(session: Session, number: int) -> None:
    short = f"c{TYPES.index('short_text'):03d}"
    session.run(
        f"insert into kinds (id, {short}) values ({number}, 'q'); insert into nokey values ({number});"
        f"insert into defaults (id, \"Second Key\") values ({number}, 'k'); insert into uniq values ({number});"
        + "".join(
            f"; insert into {table} values ({number}, {number})"
            for table in ("loose", "partial", "expressed", "by_index")
        )
        + f"; insert into key_included values ({number}, 1); insert into two_unique values ({number}, {number}, 1);"
        f'insert into included values ({number}, 1); insert into "Shop-1"."Order Lines" values ({number})'
    )


def connector(stack: Stack, name: str, more: dict[str, str]) -> dict[str, str]:
    where = urlsplit(stack.inside("postgres"))
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector", "plugin.name": "pgoutput",
        "database.hostname": where.hostname or "", "database.port": str(where.port), "database.user": where.username or "",
        "database.password": where.password or "", "database.dbname": where.path[1:], "topic.prefix": name,
        "slot.name": name, "publication.name": name, "publication.autocreate.mode": "all_tables", "poll.interval.ms": "5",
        "topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1", **more,
    }  # fmt: skip


def emitted(stack: Stack, name: str, count: int) -> list[tuple[Any, Any]]:
    """The schemas of key and value of the first records of a topic."""
    found: list[tuple[Any, Any]] = []
    settings = {**stack.client_config, "group.id": "proof", "topic.metadata.refresh.interval.ms": 50}
    consumer, deadline = Consumer(settings), time.monotonic() + 30
    try:
        consumer.assign([TopicPartition(name, 0, 0)])
        while len(found) < count and time.monotonic() < deadline:
            message = consumer.poll(0.05)
            if message is not None and message.error() is None and message.value():
                own = json.loads(message.key())["schema"] if message.key() else None
                found.append((own, json.loads(message.value())["schema"]))
    finally:
        consumer.close()
    if len(found) < count:
        status = ask("GET", f"{stack.connect_url}/connectors/{name.partition('.')[0]}/status")[1]
        pytest.fail(f"{name}: {len(found)} of {count} records within 30 s; {status}")
    return found


def differences(ours: Any, theirs: Any, at: str = "") -> Sequence[str]:
    """Where two schemas differ, for a message that can be read."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        return [line for name in ours for line in differences(ours[name], theirs[name], f"{at}/{name}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = zip(ours, theirs, strict=True)
        return [line for one, other in pairs for line in differences(one, other, f"{at}/{_called(other)}")]
    return [] if ours == theirs and type(ours) is type(theirs) else [f"{at}: {ours!r} is not {theirs!r}"]


def _called(node: Any) -> str:
    return str(node.get("field", "")) if isinstance(node, dict) else ""


def test_the_schemas_are_those_of_the_connector(stack: Stack, captured: tuple[Session, dict[str, Table]]) -> None:
    """All modes at once: each connector takes its snapshot, then a row is written that all of them stream."""
    session, known = captured
    for name, more in MODES.items():
        create_connector(stack.connect_url, name, connector(stack, name, more))
    settings = {name: Settings(connector(stack, name, more)) for name, more in MODES.items()}
    for name in MODES:
        emitted(stack, topic(known["public.uniq"], settings[name]), 1)
    fill(session, 2)
    wrong = []
    for name in MODES:
        for table in known.values():
            told = emitted(stack, topic(table, settings[name]), 2)
            for snapshot, (own, value) in zip((True, False), told, strict=True):
                at = f"{name} {table.name} {'snapshot' if snapshot else 'stream'} "
                wrong += differences(key(table, settings[name]), own, f"{at}key")
                wrong += differences(envelope(table, settings[name], snapshot=snapshot), value, at)
        delete_connector(stack.connect_url, name)
    assert not wrong, "\n".join(wrong)
