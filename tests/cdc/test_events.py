"""Records as Debezium writes them, read as changes, in each of their shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream_contracts.cdc.events import boundary, shape, told
from stream_contracts.cdc.instrument import ROUTER, Where, configured
from stream_contracts.cdc.settings import Settings
from stream_contracts.errors import UnsupportedError

KEY = json.dumps(
    {"schema": {"type": "struct", "fields": [{"field": "id", "type": "int32"}]}, "payload": {"id": 1}}
).encode()
CONNECTOR = {"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "topic.prefix": "shop"}
UNWRAP = {"transforms": "flat", "transforms.flat.type": "io.debezium.transforms.ExtractNewRecordState"}
HERE = Where("h", 1, "u", "p", "d")


def value(payload: Any) -> bytes:
    return json.dumps(payload).encode()


def enveloped(op: str, after: Any) -> bytes:
    return value({"op": op, "before": None, "after": after, "source": {"lsn": 70, "txId": 9}})


@pytest.mark.parametrize(
    ("op", "name"), [("c", "create"), ("u", "update"), ("d", "delete"), ("r", "read"), ("t", "truncate")]
)
def test_an_envelope_tells_change_row_and_position(op: str, name: str) -> None:
    found = told("envelope", KEY, enveloped(op, {"id": 1}), ())
    assert (found.op, found.position, found.txid) == (name, 70, 9)
    assert found.key["id"][0] == 1
    assert found.row is not None
    assert found.row["id"] == (1, None)


def test_a_record_without_a_value_is_a_tombstone() -> None:
    assert told("envelope", KEY, None, ()).op == "tombstone"


def test_an_event_without_its_envelope_is_read_by_its_headers() -> None:
    headers = ((b"__op", b"d"), (b"__source_lsn", b"70"), (b"__source_txId", b"9"))
    gone = told("unwrapped", KEY, None, headers)
    assert (gone.op, gone.position, gone.row) == ("delete", 70, None)
    assert told("unwrapped", KEY, value({"id": 1}), ((b"__op", b"c"), *headers[1:])).row == {"id": (1, None)}
    assert told("unwrapped", KEY, None, ()).op == "tombstone"


def test_what_is_no_event_says_why() -> None:
    assert "ValueError" in told("envelope", KEY, b"{", ()).unread or "JSON" in told("envelope", KEY, b"{", ()).unread
    assert told("envelope", KEY, value({"id": 1}), ()).unread


def test_the_end_of_a_transaction_counts_the_events_of_a_table() -> None:
    end = {"status": "END", "id": "776:123", "event_count": 5, "data_collections": [
        {"data_collection": "public.users", "event_count": 4}, {"data_collection": "public.x", "event_count": 1},
    ]}  # fmt: skip
    assert boundary(value(end), "public.users") == (776, 4)
    assert boundary(value(end), "public.none") is None
    assert boundary(value({**end, "status": "BEGIN", "data_collections": None}), "public.users") is None


def test_a_trial_gives_names_and_addresses_and_leaves_the_rest() -> None:
    said = Settings({**CONNECTOR, "slot.name": "mine", "snapshot.mode": "never", "poll.interval.ms": "700"})
    told_to = configured(said, HERE, "b:1", "slot", "t1")
    assert told_to["slot.name"] == "slot"
    assert told_to["snapshot.mode"] == "never"
    assert told_to["poll.interval.ms"] == "700"
    assert told_to["producer.override.bootstrap.servers"] == "b:1"
    assert (told_to["transforms"], told_to[f"transforms.{ROUTER}.replacement"]) == (ROUTER, "t1.$1")


def test_where_the_envelope_is_taken_off_its_facts_are_asked_for() -> None:
    said = Settings({**CONNECTOR, **UNWRAP, "transforms.flat.add.headers": "op,db"})
    told_to = configured(said, HERE, "b:1", "slot", "t1")
    assert shape(said) == "unwrapped"
    assert told_to["transforms"] == f"flat,{ROUTER}"
    assert told_to["transforms.flat.add.headers"] == "op,db,source.lsn,source.txId"


@pytest.mark.parametrize(
    "wrong", [{"connector.class": "x.MySqlConnector"}, {"value.converter": "io.confluent.AvroConverter"}]
)
def test_what_cannot_be_tried_is_told_so(wrong: dict[str, str]) -> None:
    with pytest.raises(UnsupportedError):
        configured(Settings({**CONNECTOR, **wrong}, "debezium.json"), HERE, "b:1", "slot", "t1")
