"""Values of an Avro schema: each one encodes and decodes, and twelve of them meet every boundary."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
from decimal import Decimal
from typing import Any

import fastavro
import pytest

from stream_contracts.workload.avro_values import Values
from stream_contracts.workload.dice import Dice, Undrawable, below


def series(schema: Any, count: int = 12, seed: int = 1) -> list[Any]:
    """Draw, encode and decode, as a pipeline would see it."""
    named: dict[str, Any] = {}
    parsed: Any = fastavro.parse_schema(schema, named)
    values = Values(parsed, named, Dice(seed))
    return [decoded(parsed, values.next()) for _ in range(count)]


def decoded(parsed: Any, value: Any) -> Any:
    """What a reader makes of the encoded value; everything that was written has to be used up."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, parsed, value)
    buffer.seek(0)
    found: Any = fastavro.schemaless_reader(buffer, parsed, None)
    assert buffer.read() == b""
    return found


def logical(kind: str, called: str, /, **more: Any) -> dict[str, Any]:
    """A logical type."""
    return {"type": kind, "logicalType": called, **more}


EDGES = {
    "null": ("null", [None]),
    "boolean": ("boolean", [True, False]),
    "int": ("int", [0, 1, -1, 2**31 - 1, -(2**31)]),
    "long": ("long", [0, 1, -1, 2**63 - 1, -(2**63)]),
    "double": ("double", [0.0, 0.1, 1.7976931348623157e308, 5e-324]),
    "float": ("float", [0.0, 3.4028234663852886e38]),
    "string": ("string", ["", "日本語", "🙂 e\u0301"]),
    "bytes": ("bytes", [b"", b"\x00", b"\xff\xfe"]),
    "optional": (["null", "string"], [None]),
    "enum": ({"type": "enum", "name": "E", "symbols": ["A", "B", "C"]}, ["A", "B", "C"]),
    "fixed": ({"type": "fixed", "name": "F", "size": 2}, [b"\x00\x00", b"\xff\xff"]),
    "array": ({"type": "array", "items": "null"}, [[], [None], [None] * 3]),
    "map": ({"type": "map", "values": "null"}, [{}, {"k": None, "ключ": None, "": None}]),
    "date": (logical("int", "date"), [dt.date(1, 1, 3), dt.date(9999, 12, 29), dt.date(1970, 1, 1)]),
    "time-millis": (logical("int", "time-millis"), [dt.time(0), dt.time(23, 59, 59, 999_000)]),
    "time-micros": (logical("long", "time-micros"), [dt.time(0), dt.time(23, 59, 59, 999_999)]),
    "decimal": (logical("bytes", "decimal", precision=4, scale=2), [Decimal("99.99"), Decimal("-99.99"), Decimal(0)]),
    "wide decimal": (logical("bytes", "decimal", precision=40), [Decimal(10**40 - 1)]),
    "fixed decimal": (
        logical("fixed", "decimal", name="D", size=2, precision=4, scale=0),
        [Decimal(9999), Decimal(-9999), Decimal(0)],
    ),
}


@pytest.mark.parametrize(("schema", "edges"), EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("seed", [0, 1, 2**70, -1])
def test_twelve_values_meet_every_boundary(schema: Any, edges: list[Any], seed: int) -> None:
    found = series(schema, seed=seed)
    assert [edge for edge in edges if edge not in found] == []


UTC = dt.UTC
TIMESTAMPS = [(name, zone) for name in ("timestamp-millis", "timestamp-micros") for zone in (UTC, None)]


@pytest.mark.parametrize(("name", "zone"), TIMESTAMPS)
def test_timestamps_stay_where_python_can_go(name: str, zone: dt.tzinfo | None) -> None:
    found = series(logical("long", name if zone else f"local-{name}"), 60)
    assert min(found) == dt.datetime(1, 1, 3, tzinfo=zone)
    assert max(found) == dt.datetime(9999, 12, 29, tzinfo=zone)
    for hours in (-14, 14):
        assert all(moment + dt.timedelta(hours=hours) for moment in found)


def test_a_logical_type_that_does_not_fit_its_type_is_ignored() -> None:
    assert -(2**63) in series(logical("long", "date"))
    assert "" in series(logical("string", "unheard-of"))


def test_uuids_are_uuids_and_differ() -> None:
    found = series(logical("string", "uuid"))
    assert {value.version for value in found} == {4}
    assert len(set(found)) == 12


def test_each_branch_of_a_union_comes_in_turn() -> None:
    branches = [
        "null",
        "int",
        "string",
        "bytes",
        {"type": "array", "items": "int"},
        logical("long", "timestamp-millis"),
    ]
    branches += [{"type": "record", "name": "R", "fields": []}, {"type": "enum", "name": "n.E", "symbols": ["A"]}]
    kinds = [type(value) for value in series(branches, len(branches))]
    assert set(kinds) == {type(None), int, str, bytes, list, dt.datetime, dict}


def test_numbers_are_finite() -> None:
    assert all(math.isfinite(value) for value in series("double", 200) + series("float", 200))


def test_values_differ_where_the_schema_lets_them() -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "long"}]}
    assert len({json.dumps(value) for value in series(schema, 1000)}) > 980


LIST = {
    "type": "record",
    "name": "Node",
    "namespace": "deep",
    "fields": [
        {"name": "next", "type": ["Node", "null"]},
        {"name": "more", "type": {"type": "array", "items": "Node"}},
    ],
}


def test_a_recursive_schema_ends() -> None:
    found = series(LIST, 50)
    assert max(len(json.dumps(value)) for value in found) < 100_000
    assert any(value["next"] for value in found)


def test_a_wide_recursive_schema_stays_small() -> None:
    kids = [{"name": f"f{n}", "type": {"type": "array", "items": "Bush"}} for n in range(8)]
    found = series({"type": "record", "name": "Bush", "fields": kids}, 20)
    assert max(len(json.dumps(value)) for value in found) < 100_000


ENDLESS = {
    "itself": {"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]},
    "through another": {
        "type": "record",
        "name": "A",
        "fields": [{"name": "b", "type": {"type": "record", "name": "B", "fields": [{"name": "a", "type": ["A"]}]}}],
    },
}


@pytest.mark.parametrize("schema", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_schema_without_a_finite_value_is_refused(schema: Any) -> None:
    with pytest.raises(Undrawable, match="no finite value"):
        series(schema)


def test_a_schema_whose_least_value_is_huge_is_refused() -> None:
    inner: Any = "int"
    for level in range(30):
        fields = [{"name": "a", "type": inner}, {"name": "b", "type": f"R{level - 1}" if level else "int"}]
        inner = {"type": "record", "name": f"R{level}", "fields": fields}
    with pytest.raises(Undrawable, match="more than 20,000 parts"):
        series(inner)


def test_below_is_fair_and_fixed() -> None:
    found = [below(6, "die", n) for n in range(6000)]
    assert all(850 < found.count(face) < 1150 for face in range(6))
    assert [below(10**6, "a", n) for n in range(3)] == [170038, 110232, 339588]
    assert below(10**6, "a", 1, 2) != below(10**6, "a", 12)
