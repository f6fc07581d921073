"""Advice: each row with a contract that it is about, and one that it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stream_contracts.errors import UsageError
from stream_contracts.gate.baseline import opened
from stream_contracts.gate.catalogue import entries, found
from stream_contracts.gate.diff import told
from stream_contracts.gate.lint import ADVICE, lint
from stream_contracts.gate.review import loaded
from stream_contracts.gate.subjects import tree
from stream_contracts.gate.verdicts import exit_code
from tests.gate.project import Project

GOOD = """contract: a
owner: me
registry: {compatibility: BACKWARD_TRANSITIVE}
topics:
  t:
    partitions: 6
    replication: 3
    config: {min.insync.replicas: 2}
    value: {schema: v.avsc}
"""
ENUM = '{"type": "enum", "name": "E", "symbols": ["A"]%s}'
RECORD = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": %s, "default": %s}]}'
OBJECT = '{"type": "object", "properties": {"a": {}}%s}'
JSON = ("v.avsc", "v.json")
PROTO = ("v.avsc", "v.proto")
CLASH = 'syntax = "proto3"; message A { int32 a = 1; int32 %s = 2; }'


def config(more: str) -> tuple[str, str]:
    return "replicas: 2}", f"replicas: 2, {more}}}"


def pipeline(instances: str, promise: str, more: str = "") -> tuple[str, str]:
    """One more setting of the topic, and a pipeline that reads it."""
    old = "replicas: 2}\n    value: {schema: v.avsc}\n"
    promises = f"promises: {{delivery: at-least-once{promise}}}"
    told = f"pipelines: {{p: {{command: [x], reads: [t], writes: [{{topic: t}}], {instances}, {promises}}}}}\n"
    return old, old.replace("replicas: 2", f"replicas: 2{more}") + told


VALUE = "    value: {schema: v.avsc}\n"
JOINED = (
    VALUE
    + """    key: {schema: v.avsc}
  u:
    partitions: %s
    replication: 3
    config: {min.insync.replicas: 2, cleanup.policy: %s}
    value: {schema: v.avsc}
    key: {schema: v.avsc, framing: %s}
pipelines:
  p:
    command: [x]
    reads: [t, u]
    joins: [{stream: t, table: u, everywhere: %s}]
    writes: [{table: x, key: [k]}]
    promises: {delivery: exactly-once}
"""
)
"""A join of t with the table u: how many partitions u has, how it is cleaned and framed, whether it is global."""
CASES: dict[str, tuple[tuple[str, str], str, tuple[str, str], str]] = {
    "avro-default-wrong": (
        ("", ""),
        RECORD % ('["null", "string"]', '"null"'),
        ("", ""),
        RECORD % ('["string", "null"]', '"null"'),
    ),
    "avro-enum-closed": (("", ""), ENUM % "", ("", ""), ENUM % ', "default": "A"'),
    "json-open-model": (JSON, OBJECT % "", JSON, OBJECT % ', "additionalProperties": false'),
    "protobuf-half-taken": (PROTO, CLASH % "a_", PROTO, CLASH % "b"),
    "topic-one-partition": (("partitions: 6", "partitions: 1"), '"int"', ("partitions: 6", "partitions: 2"), '"int"'),
    "topic-replication-low": (
        ("replication: 3", "replication: 1"),
        '"int"',
        ("replication: 3", "replication: 4"),
        '"int"',
    ),
    "topic-min-insync-unfit": (("replicas: 2", "replicas: 3"), '"int"', ("replicas: 2", "replicas: 2.0"), '"int"'),
    "topic-retention-short": (config("retention.ms: 86399999"), '"int"', config("retention.ms: 86400000"), '"int"'),
    "topic-tombstones-short": (
        config("cleanup.policy: compact, delete.retention.ms: 3599999"),
        '"int"',
        config("cleanup.policy: compact, delete.retention.ms: 3600000"),
        '"int"',
    ),
    "topic-unclean-election": (
        config("unclean.leader.election.enable: true"),
        '"int"',
        config("unclean.leader.election.enable: false"),
        '"int"',
    ),
    "instances-idle": (pipeline("instances: 7", ""), '"int"', pipeline("instances: 6", ""), '"int"'),
    "replay-without-history": (
        pipeline("instances: 1", ", replay: true"),
        '"int"',
        pipeline("instances: 1", ", replay: true", ", retention.ms: -1"),
        '"int"',
    ),
    "level-weak": (("BACKWARD_TRANSITIVE", "FULL"), '"int"', ("BACKWARD_TRANSITIVE", "FULL_TRANSITIVE"), '"int"'),
    "join-not-co-partitioned": (
        (VALUE, JOINED % (3, "compact", "none", "false")),
        '"int"',
        (VALUE, JOINED % (3, "compact", "none", "true")),
        '"int"',
    ),
    "join-keys-differ": (
        (VALUE, JOINED % (6, "compact", "confluent", "false")),
        '"int"',
        (VALUE, JOINED % (6, "compact", "none", "false")),
        '"int"',
    ),
    "join-table-not-compacted": (
        (VALUE, JOINED % (6, "delete", "none", "false")),
        '"int"',
        (VALUE, JOINED % (6, '"compact,delete"', "none", "false")),
        '"int"',
    ),
    "topic-without-schema": (("    value: {schema: v.avsc}\n", ""), '"int"', ("", ""), '"int"'),
}


def test_every_rule_has_its_case() -> None:
    assert {rule.id for rule, _ in ADVICE} == {*CASES, "kept-version-unused"}, "that one needs a folder: below"


def rules(folder: Path, edit: tuple[str, str], schema: str) -> set[str]:
    folder.mkdir()
    text = GOOD.replace(*edit) if edit[0] else GOOD
    (folder / "contract.yaml").write_text(text)
    (folder / next((name for name in ("v.json", "v.proto") if name in text), "v.avsc")).write_text(schema)
    return {each.rule for each in lint(loaded([folder])).findings}


@pytest.mark.parametrize("rule", [rule.id for rule, _ in ADVICE if rule.id in CASES])
def test_advice_is_given_where_it_is_due(tmp_path: Path, rule: str) -> None:
    bad, bad_schema, good, good_schema = CASES[rule]
    assert rules(tmp_path / "bad", bad, bad_schema) == {rule}
    assert rules(tmp_path / "good", good, good_schema) == set()


@pytest.mark.parametrize(("name", "told"), [("w.v1.avsc", {"kept-version-unused"}), ("v.v1.avsc", set())])
def test_kept_versions_are_those_of_a_schema(tmp_path: Path, name: str, told: set[str]) -> None:
    (tmp_path / "contract.yaml").write_text(GOOD)
    (tmp_path / "v.avsc").write_text('"int"')
    (tmp_path / "former").mkdir()
    (tmp_path / "former" / name).write_text('"int"')
    found = lint(loaded([tmp_path])).findings
    assert {each.rule for each in found} == told
    assert all(str(each.place) == f"{tmp_path}/former/{name}:1" for each in found)


def test_a_default_has_its_line(tmp_path: Path) -> None:
    text = '{"type": "record", "name": "R", "fields": [\n{"name": "a", "type": "int", "default": "x"}]}'
    (tmp_path / "contract.yaml").write_text(GOOD)
    (tmp_path / "v.avsc").write_text(text)
    review = lint(loaded([tmp_path]))
    assert str(review.findings[0].place) == f"{tmp_path}/v.avsc:2"
    assert exit_code(review) == 1


def test_a_kept_version_is_read_too(shop: Project) -> None:
    shop.replace("shop/former/order.v1.avsc", '"record"', '"rec"')
    review = lint(loaded([shop.contracts]))
    assert "former/order.v1.avsc" in str(review.findings[0].place)
    assert exit_code(review) == 2


def test_diff_tells_every_change_allowed_or_not(shop: Project) -> None:
    shop.replace("shop/payment.proto", "int64 amount = 2;", "int64 amount = 2;\n  string note = 3;")
    shop.replace("shop/order_id.avsc", '"string"', '"int"').replace(
        "shop/contract.yaml", "partitions: 6", "partitions: 12"
    )
    shop.replace("billing/contract.yaml", "  invoices:", "  bills:")
    now = tree(loaded([shop.contracts]))
    with opened("git:main", [shop.contracts], now) as baseline:
        lines = list(told(now, baseline))
    text = "\n".join(lines)
    assert "+ billing/bills-value: new" in lines[1:] or "\n+ billing/bills-value: new" in lines
    assert "- billing/invoices-value: gone" in text
    assert "allowed FIELD_ADDED" in text
    assert "REFUSED TYPE_MISMATCH" in text
    assert "+  string note = 3;" in text
    assert "topics.orders.partitions: 6 -> 12" in text
    assert "safe deploy order: neither" in text


def test_every_rule_can_be_explained() -> None:
    for ids in entries().values():
        for rule in ids:
            for group, why, remedy, example in found(rule):
                assert why
                assert example
                assert remedy or group == "JSON schemas"  # some of its kinds are always allowed
                assert not re.search(r"\{[a-z_]+\}", why + example), "a template with a hole in it is no example"


def test_an_unknown_rule_names_close_ones() -> None:
    with pytest.raises(UsageError, match="did you mean topic-deleted"):
        found("topic-delete")
