"""Advice on connectors: each row with a project that it is about, and one that it only nearly is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream_contracts.cdc.advice import ADVICE
from stream_contracts.contract.load import load
from stream_contracts.findings import Finding, Severity
from stream_contracts.gate.lint import lint

CONTRACT = """contract: shop
owner: me
topics:
  shop.public.customers: {config: {cleanup.policy: delete}}
  out: {}
migrations: [m.sql]
cdc:
  customers:
    table: public.customers
    topic: shop.public.customers
    connector: c.json
    before: key
  orders: {table: public.orders, topic: shop.public.orders, connector: d.json}
pipelines:
  mirror:
    command: [run]
    env: {MODE: read_committed}
    reads: [shop.public.customers]
    writes: [{topic: out}]
    promises: {delivery: at-least-once}
"""
SQL = """create table customers (id int primary key);
create table orders (id int primary key);
create publication shop for table customers;
"""
GOOD = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector", "plugin.name": "pgoutput",
    "database.hostname": "db", "database.dbname": "shop", "topic.prefix": "shop",
    "table.include.list": "public.customers,public.orders", "slot.name": "shop", "publication.name": "shop",
    "offset.mismatch.strategy": "trust_offset", "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
}  # fmt: skip
OTHER = {**GOOD, "slot.name": "orders", "publication.name": "orders", "table.include.list": "public.orders"}
COMPACT = ("policy: delete", "policy: compact")
UNWRAP = {"transforms": "u", "transforms.u.type": "io.debezium.transforms.ExtractNewRecordState"}
ROUTE = {
    "transforms": "r", "transforms.r.type": "org.apache.kafka.connect.transforms.RegexRouter",
    "transforms.r.regex": r"shop\.public\.(.*)",
}  # fmt: skip
OUTBOX = {"transforms": "o", "transforms.o.type": "io.debezium.transforms.outbox.EventRouter"}
BY_TABLE = {"transforms": "r", "transforms.r.type": "io.debezium.transforms.ByLogicalTableRouter"}
Change = dict[str, Any]
"""``set`` and ``del`` in the connector, ``other`` in the second one, ``edit`` in the contract, ``sql`` behind the rest."""
CASES: dict[str, list[tuple[Change, Change]]] = {
    "cdc-slot-unnamed": [({"del": ["slot.name"]}, {"set": {"slot.name": "debezium"}})],
    "cdc-publication-unnamed": [
        ({"del": ["publication.name"]}, {"del": ["publication.name"], "set": {"plugin.name": "decoderbufs"}})
    ],
    "cdc-slot-shared": [
        ({"other": {"slot.name": "shop"}}, {"other": {"slot.name": "shop", "database.dbname": "elsewhere"}})
    ],
    "cdc-publication-shared": [
        ({"other": {"publication.name": "shop"}}, {"other": {"publication.name": "shop", "database.hostname": "db2"}})
    ],
    "cdc-snapshot-mode": [
        *(
            ({"set": {"snapshot.mode": mode}}, {"set": {"snapshot.mode": "when_needed"}})
            for mode in ("no_data", "never", "always", "initial_only")
        ),
        ({"set": OUTBOX}, {"set": {**OUTBOX, "snapshot.mode": "no_data"}}),
    ],
    "cdc-slot-dropped": [({"set": {"slot.drop.on.stop": True}}, {"set": {"slot.drop.on.stop": "false"}})],
    "cdc-heartbeat-missing": [
        ({"edit": ("before: key", "idle: true")},
         {"edit": ("before: key", "idle: true"), "set": {"heartbeat.interval.ms": 10000}}),
        ({"sql": "alter system set max_slot_wal_keep_size = '1GB';"},
         {"sql": "-- alter system set max_slot_wal_keep_size = '1GB';"}),
    ],
    "cdc-offset-unchecked": [
        ({"del": ["offset.mismatch.strategy"]}, {"set": {"offset.mismatch.strategy": "trust_greater_lsn"}}),
        ({"set": {"offset.mismatch.strategy": "no_validation"}}, {}),
    ],
    "cdc-tombstone-missing": [
        ({"set": {"tombstones.on.delete": "false"}, "edit": COMPACT}, {"set": {"tombstones.on.delete": "false"}}),
    ],
    "cdc-delete-dropped": [
        ({"set": {**UNWRAP, "transforms.u.delete.tombstone.handling.mode": "drop"}}, {"set": UNWRAP, "edit": COMPACT}),
        ({"set": {**UNWRAP, "transforms.u.delete.tombstone.handling.mode": "rewrite"}, "edit": COMPACT},
         {"set": {**UNWRAP, "transforms.u.delete.tombstone.handling.mode": "rewrite"}}),
    ],
    "cdc-before-incomplete": [
        ({"edit": ("before: key", "before: full")},
         {"edit": ("before: key", "before: full"), "sql": "ALTER TABLE customers REPLICA IDENTITY FULL;"}),
        ({"edit": ("before: key", "before: full"), "sql": "ALTER TABLE orders REPLICA IDENTITY FULL;"}, {}),
    ],
    "cdc-publication-late": [
        ({"set": {"publication.autocreate.mode": "disabled", "publication.name": "none"}},
         {"set": {"publication.autocreate.mode": "disabled"}}),
        ({"set": {"publication.autocreate.mode": "disabled", "publication.name": "late"},
          "sql": "select pg_create_logical_replication_slot('shop', 'pgoutput'); create publication late for all tables;"},
         {"set": {"publication.autocreate.mode": "disabled", "publication.name": "late"},
          "sql": "create publication late for all tables; select pg_create_logical_replication_slot('shop', 'pgoutput');"}),
    ],
    "cdc-tables-merged": [
        ({"set": {**ROUTE, "transforms.r.replacement": "all"}, "edit": ("topic: shop.public.customers", "topic: all")},
         {"set": {**ROUTE, "transforms.r.replacement": "all.$1"},
          "edit": ("topic: shop.public.customers", "topic: all.customers")}),
        ({"set": {**BY_TABLE, "transforms.r.key.enforce.uniqueness": "false"}}, {"set": BY_TABLE}),
    ],
    "cdc-schemaless": [
        ({"set": {"value.converter.schemas.enable": "false"}}, {"set": {"value.converter.schemas.enable": "true"}}),
        ({"set": {"key.converter.schemas.enable": False}},
         {"set": {"key.converter.schemas.enable": False, "key.converter": "io.confluent.connect.avro.AvroConverter"}}),
    ],
    "cdc-exactly-once-half": [
        ({"edit": ("at-least-once", "exactly-once")},
         {"edit": ("at-least-once", "exactly-once"), "set": {"exactly.once.support": "required"}}),
        ({"edit": ("read_committed", "read_uncommitted"), "set": {"exactly.once.support": "required"}},
         {"edit": ("read_committed", "read_uncommitted")}),
    ],
    "cdc-topic-differs": [
        ({"set": {"topic.prefix": "store"}},
         {"set": {"topic.prefix": "store", "transforms": "x", "transforms.x.type": "com.example.Router"}}),
    ],
}  # fmt: skip
PAIRS = [(rule, number) for rule, pairs in CASES.items() for number in range(len(pairs))]


def told(folder: Path, change: Change) -> list[Finding]:
    """What lint says of the connectors of the good project with that change."""
    folder.mkdir()
    old, new = change.get("edit", ("", ""))
    assert old in CONTRACT
    (folder / "contract.yaml").write_text(CONTRACT.replace(old, new) if old else CONTRACT)
    own = {
        name: value for name, value in {**GOOD, **change.get("set", {})}.items() if name not in change.get("del", ())
    }
    (folder / "c.json").write_text(json.dumps({"name": "shop", "config": own}, indent=1))
    (folder / "d.json").write_text(json.dumps({**OTHER, **change.get("other", {})}, indent=1))
    (folder / "m.sql").write_text(SQL + change.get("sql", ""))
    return [each for each in lint([load(folder)]).findings if each.rule.startswith("cdc-")]


@pytest.mark.parametrize(("rule", "number"), PAIRS)
def test_advice_is_given_where_it_is_due(tmp_path: Path, rule: str, number: int) -> None:
    case, near_miss = CASES[rule][number]
    found = told(tmp_path / "case", case)
    assert {each.rule for each in found} == {rule}, found
    assert told(tmp_path / "near", near_miss) == []
    for each in found:
        assert each.severity is Severity.WARNING
        assert each.place is not None
        assert Path(each.place.path).is_file()
        assert each.place.line
        assert each.why
        assert each.remedy


def test_every_row_has_its_case() -> None:
    assert [rule.id for rule, _ in ADVICE] == list(CASES)


def test_the_place_is_the_line_of_the_setting(tmp_path: Path) -> None:
    [found] = told(tmp_path / "a", {"set": {"slot.drop.on.stop": True}})
    assert found.place is not None
    line = Path(found.place.path).read_text().splitlines()[(found.place.line or 0) - 1]
    assert '"slot.drop.on.stop": true' in line


def test_two_captures_of_one_connector_are_told_once(tmp_path: Path) -> None:
    change = {"set": {"slot.drop.on.stop": True}, "edit": ("connector: d.json", "connector: c.json")}
    assert len(told(tmp_path / "a", change)) == 1
