"""What a fault-free run wrote to a table, as the expectation of every other one; and when all of it is there."""

from __future__ import annotations

import json

from stream_contracts.history.model import Record, Send, Write
from stream_contracts.trial import evidence, rows


def sent(*keys: str) -> list[Send]:
    return [Send(n, key, 0, "in", 0, n, "ok", 0.0) for n, key in enumerate(keys)]


def write(seq: int, key: str, digest: str, op: str = "insert", sink: str = "t", **columns: object) -> Write:
    return Write(sink, seq, key, op, digest, json.dumps(columns), None, 1, 0.0)


def test_the_events_of_rows_are_told_by_the_column_that_holds_their_key() -> None:
    found = [write(n, str(n), f"d{n}", id=n, account=key) for n, key in enumerate("abab", 1)]
    assert [row.event_id for row in evidence.oracle(found, sent(*"abab"))] == [0, 1, 2, 3]
    assert [row.event_id for row in evidence.oracle(found, sent(*"abba"))] == [0, 1, 3, 2]


def test_rows_that_hold_no_key_have_no_event_and_so_have_sums_of_several() -> None:
    found = [write(1, "1", "d1", id=1, account="z"), write(2, "2", "d2", id=2, account="a")]
    assert [row.event_id for row in evidence.oracle(found, sent("a", "b"))] == [None, None]
    assert [row.event_id for row in evidence.oracle([write(1, "a", "d", account="a")], sent("a", "a"))] == [None]


def test_the_last_write_of_a_row_is_final_and_its_writes_are_counted() -> None:
    found = [write(1, "a", "1"), write(2, "b", "1"), write(3, "a", "2", "update"), write(4, "b", "1", "delete")]
    told = [(row.key, row.digest, row.nth, row.op, row.position, row.final) for row in evidence.oracle(found, [])]
    assert told == [
        ("a", "1", 1, None, 0, False), ("b", "1", 2, None, 0, False),
        ("a", "2", 1, None, 1, True), ("b", "1", 3, "delete", 1, True),
    ]  # fmt: skip
    assert {row.kind for row in evidence.oracle(found, [])} == {"table"}


def test_two_tables_are_kept_apart() -> None:
    found = [write(1, "a", "1", sink="t"), write(2, "a", "1", sink="u")]
    assert [(row.topic, row.nth, row.final) for row in evidence.oracle(found, [])] == [("t", 1, True), ("u", 1, True)]


def record(digest: str, fate: str = "committed") -> Record:
    return Record("out", 0, 0, "k", digest, None, -1, -1, fate)


def test_a_run_is_whole_when_every_record_and_every_row_that_is_left_is_there() -> None:
    first = [
        record("r"),
        write(1, "a", "1"),
        write(2, "a", "2", "update"),
        write(3, "b", "3"),
        write(4, "b", "3", "delete"),
    ]
    oracle = evidence.oracle(first, [])
    assert rows.whole(first, oracle)
    assert rows.whole([record("r"), write(1, "a", "2")], oracle)
    assert rows.whole([record("r"), write(1, "a", "2"), write(2, "x", "9")], oracle)
    assert not rows.whole([write(1, "a", "2")], oracle)
    assert not rows.whole([record("r", "open"), write(1, "a", "2")], oracle)
    assert not rows.whole([record("r"), write(1, "a", "2"), write(2, "a", "1", "update")], oracle)
    assert not rows.whole([record("r"), write(1, "a", "2"), write(2, "a", "2", "delete")], oracle)
