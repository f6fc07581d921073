"""The parts of a trial of a captured table that need no server: which faults, and what the topic has to hold."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from stream_contracts.cdc.catalog import Column, Kind, Table
from stream_contracts.cdc.outbox import Outbox, events
from stream_contracts.cdc.pgoutput import RowChange
from stream_contracts.cdc.values import UNTOLD
from stream_contracts.faults import FAULTS
from stream_contracts.trial.capture_evidence import Reader, expected, expected_events
from stream_contracts.trial.capture_live import Live
from stream_contracts.trial.capture_sweep import BEYOND, PROGRAMME, programme
from stream_contracts.trial.log import Entry
from stream_contracts.wire.moment import Moment
from stream_contracts.workload.plan import Plan

USERS = Table(
    "public",
    "users",
    (Column("id", Kind("int4"), "integer", required=True), Column("name", Kind("text"), "text")),
    ("id",),
    primary=True,
)
BASE = Plan("users", "users", 1)


def seen(api: str, count: int) -> list[Moment]:
    return [
        Moment("users-0", "producer", api, nth, phase) for nth in range(1, count + 1) for phase in ("before", "after")
    ]


def test_a_sweep_begins_in_the_stream_and_asks_nothing_that_was_not_seen() -> None:
    plans = [plan for plans in programme(BASE, seen("Produce", 5)) for plan in plans[:1]]
    assert {plan.strikes[0].api for plan in plans} == {"Produce"}
    assert plans[0].strikes[0].nth == 3
    rows = [row for row in PROGRAMME if row[1] == "Produce"]
    assert len(plans) == 5 * len(rows)
    assert plans[len(rows)].strikes[0].nth == 1


def test_a_step_has_another_plan_where_its_moment_does_not_come() -> None:
    first = next(programme(BASE, seen("EndTxn", 4)))
    assert [plan.strikes[0].nth for plan in first] == [3, 1]


def test_what_lies_beyond_is_tried_only_where_it_is_to_be_survived() -> None:
    assert not [fault for fault, *_ in PROGRAMME if FAULTS[fault].beyond]
    assert all(FAULTS[fault].beyond for fault, *_ in BEYOND.values())
    first = next(programme(BASE, seen("Produce", 2), ("slot-dropped",)))
    assert first[0].strikes[0].fault == "drop-slot"


def record(offset: int, op: str, after: Any, position: int, fate: str = "plain") -> tuple[int, Entry]:
    value = {"op": op, "after": after, "source": {"lsn": position, "txId": 1}}
    return 0, Entry(offset, b'{"id": 1}', json.dumps(value).encode(), (), -1, -1, fate)


def test_a_record_has_the_digest_of_the_row_that_it_tells() -> None:
    reader = Reader("t", "envelope", USERS)
    made, changed, gone = reader.records(
        [
            record(0, "c", {"id": 1, "name": "x"}, 10),
            record(1, "u", {"id": 1, "name": UNTOLD}, 20),
            record(2, "d", None, 30),
        ]
    )
    row = reader.source_row({"id": "1", "name": "x"})
    assert made.digest == changed.digest == row.digest != gone.digest
    assert (made.key, row.key, gone.op, gone.position) == ("1", "1", "delete", 30)


def test_what_was_aborted_is_no_row_that_a_reader_has() -> None:
    reader = Reader("t", "envelope", USERS)
    _, told = reader.records(
        [record(0, "c", {"id": 1, "name": "x"}, 10, "aborted"), record(1, "u", {"id": 1, "name": UNTOLD}, 20)]
    )
    assert told.digest == reader.source_row({"id": "1", "name": None}).digest


def test_a_tombstone_has_the_position_of_the_delete_before_it() -> None:
    reader = Reader("t", "envelope", USERS)
    *_, tombstone = reader.records([record(0, "d", None, 30), (0, Entry(1, b'{"id": 1}', None, (), -1, -1, "plain"))])
    assert (tombstone.op, tombstone.position) == ("tombstone", 30)


def change(op: str, new: dict[str, str | None], old: dict[str, str | None]) -> RowChange:
    return RowChange(("public", "users"), op, 10, 1, 12, 5.0, new, old)


def test_a_key_that_changes_is_a_delete_and_a_create_and_owes_a_tombstone() -> None:
    reader = Reader("t", "envelope", USERS)
    told = expected(reader, [change("update", {"id": "2", "name": "x"}, {"id": "1"})], 1.0, tombstones=True)
    assert [(each.op, each.key, each.position, each.committed, each.at) for each in told] == [
        ("delete", "1", 10, 12, 4.0), ("tombstone", "1", 10, 12, 4.0), ("create", "2", 10, 12, 4.0),
    ]  # fmt: skip
    same = list(
        expected(reader, [change("update", {"id": "1", "name": "x"}, {"id": "1", "name": "y"})], 0, tombstones=True)
    )
    assert [(each.op, each.key) for each in same] == [("update", "1")]


OUTBOX = Table(
    "public",
    "outbox",
    tuple(Column(name, Kind("text"), "text", required=True) for name in ("id", "kind", "who", "payload", "type")),
    ("id",),
)
BOX = Outbox("id", "who", "payload", "kind", "orders")


def test_an_outbox_is_only_written_to_and_every_row_is_an_event_of_its_topic() -> None:
    statements = [statement for unit in events(OUTBOX, BOX, 1, 20, 3) for _, statement in unit.steps]
    assert not any(statement.startswith("update") for statement in statements)
    put = RowChange(("public", "outbox"), "create", 10, 1, 12, 5.0, {"id": "a", "kind": "orders", "who": "k1"})
    other = RowChange(("public", "outbox"), "create", 11, 1, 12, 5.0, {"id": "b", "kind": "bills", "who": "k1"})
    gone = RowChange(("public", "outbox"), "delete", 12, 1, 12, 5.0, {}, {"id": "a"})
    told = list(expected_events("outbox.event.orders", BOX, [put, other, gone], 0.0))
    assert [(each.op, each.key, each.position) for each in told] == [("event", "k1", 10)]
    headers = ((b"id", b"a"),)
    routed = Reader("t", "routed", OUTBOX, {"a": put}).records(
        [(0, Entry(0, b'"k1"', b'"{}"', headers, -1, -1, "plain"))]
    )
    assert [(each.op, each.key, each.position, each.txid) for each in routed] == [("event", "k1", 10, 1)]


def committed(op: str, key: int, name: str | None, position: int) -> RowChange:
    row = {"id": str(key), "name": name}
    new, old = ({}, {"id": str(key)}) if op == "delete" else (row, {})
    return RowChange(("public", "users"), op, position, 1, position + 5, 0.0, new, old)


LIVED = [committed("create", 1, "x", 10), committed("update", 1, "y", 20), committed("delete", 1, None, 30)]
TOLD = [
    record(0, "c", {"id": 1, "name": "x"}, 10),
    record(1, "u", {"id": 1, "name": "y"}, 20),
    record(2, "d", None, 30),
]


def test_what_is_right_is_found_right_as_it_comes() -> None:
    live = Live(Reader("t", "envelope", USERS))
    for change, event in zip(LIVED, TOLD, strict=True):
        live.committed([change])
        assert [finding.rule for finding in live.missing()] == ["cdc-gap"]
        assert live.judged(*event) == []
    assert live.judged(0, Entry(3, b'{"id": 1}', None, (), -1, -1, "plain")) == [], "the tombstone of a delete"
    assert live.judged(*record(4, "r", {"id": 2, "name": "z"}, 5)) == [], "a snapshot"
    assert live.missing() == []


@pytest.mark.parametrize(
    ("events", "rules", "gaps"),
    [
        ([TOLD[0], TOLD[0]], ["cdc-duplicate"], [20, 30]),
        ([TOLD[0], TOLD[2]], [], [20]),
        ([TOLD[1], TOLD[0]], ["cdc-reordered"], [30]),
        ([record(0, "c", {"id": 1, "name": "?"}, 10)], ["cdc-divergence"], [20, 30]),
        ([record(0, "c", {"id": 1, "name": "x"}, 11)], ["cdc-divergence"], [10, 20, 30]),
    ],
)
def test_what_is_wrong_is_told_when_it_comes_with_its_row_and_its_place(
    events: list[tuple[int, Entry]], rules: list[str], gaps: list[int]
) -> None:
    live = Live(Reader("t", "envelope", USERS))
    live.committed(LIVED)
    found = [finding for event in events for finding in live.judged(*event)]
    assert [finding.rule for finding in found] == rules
    assert all({"key", "op", "position"} <= set(finding.witness) for finding in [*found, *live.missing()])
    assert [finding.witness["position"] for finding in live.missing()] == gaps


def test_a_large_value_that_is_not_told_again_is_as_it_was_on_both_sides() -> None:
    live = Live(Reader("t", "envelope", USERS))
    kept = replace(LIVED[1], new={"id": "1"})
    live.committed([LIVED[0], kept])
    assert live.judged(*TOLD[0]) == []
    assert live.judged(*record(1, "u", {"id": 1, "name": UNTOLD}, 20)) == []
