"""How long from the commit of an INSERT until its event is seen, decoded and judged: PostgreSQL, Debezium, Connect, Kafka, us."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median

from confluent_kafka import Consumer, Message, TopicPartition
from pg8000.dbapi import Connection

from benchmarks.figures import figure
from benchmarks.stack_all import EVERYTHING, SEEN_S, TABLE, connect, first_event
from stream_contracts.cdc.catalog import tables
from stream_contracts.cdc.pgoutput import RowChange, changes
from stream_contracts.cdc.postgres import Session
from stream_contracts.stack import open_stack
from stream_contracts.stack.training import prepare
from stream_contracts.trial.capture_evidence import Reader
from stream_contracts.trial.capture_live import Live
from stream_contracts.trial.log import Entry

CHANGES, FIRST = 80, 1000
WARM = 20
"""Of the first changes so many do not count: the connector has only just gone over from its snapshot to the stream."""
TARGET_MS = 50.0
TOPIC = f"bench.public.{TABLE}"
SLOT = "bench_truth"


def main() -> None:
    """Print the medians, in milliseconds. The connector of the stack benchmark says poll.interval.ms=5, and no more."""
    prepare(lambda _: None, EVERYTHING)
    with open_stack("local", EVERYTHING, progress=lambda _: None) as stack:
        first_event(stack)
        consumer = Consumer({**stack.client_config, "group.id": "changes", "fetch.wait.max.ms": 5})
        consumer.assign([TopicPartition(TOPIC, 0, 0)])
        session = connect(stack.postgres_dsn)
        try:
            with Session(stack.postgres_dsn) as truth:
                seen, judged = _measured(session, consumer, truth)
        finally:
            consumer.close()
            session.close()
    print(
        f"{CHANGES - WARM} changes, one after the other; present, once, in order and with the right row, by a second slot"
    )
    print(
        f"of {median(judged):.1f} ms the judgement is {median(j - s for j, s in zip(judged, seen, strict=True)):.1f} ms"
    )
    figure(
        "commit of an INSERT to judged change",
        median(judged),
        "ms",
        ("until a consumer has it", median(seen)),
        TARGET_MS,
    )


def _measured(session: Connection, consumer: Consumer, truth: Session) -> tuple[list[float], list[float]]:
    """Milliseconds of each change, from its commit, until a consumer had it, and until it was judged."""
    truth.run(f"create publication {SLOT} for table {TABLE}")
    truth.run(f"select pg_create_logical_replication_slot('{SLOT}', 'pgoutput')")
    live = Live(Reader(TOPIC, "envelope", tables(truth.run)["public", TABLE]))
    seen, judged = [], []
    for number in range(CHANGES):
        session.cursor().execute(f"insert into {TABLE} values (%s)", (FIRST + number,))
        session.commit()
        began = time.perf_counter()
        entry, there = _next(consumer, live)
        live.committed(_committed(truth))
        wrong = [*live.judged(0, entry), *live.missing()]
        done = time.perf_counter()
        if wrong:
            raise SystemExit("\n".join(finding.what for finding in wrong))
        if number >= WARM:
            seen.append((there - began) * 1000)
            judged.append((done - began) * 1000)
    return seen, judged


def _committed(truth: Session) -> Sequence[RowChange]:
    """What the second slot tells since it was asked last."""
    ask = (
        f"select lsn::text, xid::text::int, data from pg_logical_slot_get_binary_changes('{SLOT}', null, null, "
        f"'proto_version', '1', 'publication_names', '{SLOT}')"
    )
    return list(changes((str(lsn), int(xid), bytes(data)) for lsn, xid, data in truth.run(ask)))


def _next(consumer: Consumer, live: Live) -> tuple[Entry, float]:
    """The next change of the stream, and when it was there; what the snapshot told is judged on the way."""
    deadline = time.monotonic() + SEEN_S
    while time.monotonic() < deadline:
        message = consumer.poll(0.05)
        there = time.perf_counter()
        if message is None or message.error():
            continue
        entry = _entry(message)
        if b'"op":"r"' not in (entry.value or b""):
            return entry, there
        live.judged(0, entry)
    raise SystemExit(f"no change was seen within {SEEN_S:g} s")


def _entry(message: Message) -> Entry:
    headers = tuple((name.encode(), content) for name, content in message.headers() or ())
    return Entry(message.offset() or 0, message.key(), message.value(), headers, -1, -1, "plain")


if __name__ == "__main__":
    main()
