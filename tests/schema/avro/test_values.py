"""Values of a schema: what is drawn or listed can be written, comes back equal, and reaches every corner."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_contracts.errors import SchemaError
from stream_contracts.schema.avro_codec import compiled, decode, encode
from stream_contracts.schema.avro_parse import parse
from stream_contracts.schema.avro_random import strategy
from stream_contracts.schema.avro_survival import plain
from stream_contracts.schema.avro_values import boundary
from stream_contracts.schema.format import Source
from tests.schema.avro.drawing import schemas

LONE = {"type": "record", "name": "Lone", "fields": [{"name": "self", "type": "Lone"}]}
TREE = {
    "type": "record",
    "name": "n.Tree",
    "fields": [
        {"name": "label", "type": ["null", "string", {"type": "enum", "name": "E", "symbols": ["A", "B"]}]},
        {"name": "sum", "type": {"type": "fixed", "name": "F", "size": 2, "logicalType": "decimal", "precision": 4}},
        {"name": "kids", "type": {"type": "array", "items": "Tree"}},
        {"name": "next", "type": ["null", "Tree"]},
        {"name": "number", "type": ["int", "long", "float", "double"]},
        {"name": "blob", "type": ["bytes", {"type": "array", "items": "int"}]},
        {"name": "when", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}


@pytest.mark.parametrize("named", [False, True])
@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_drawn_comes_back(named: bool, data: st.DataObject) -> None:  # a parameter of the test
    """Any schema that has a finite value; unions plain or with named branches."""
    parsed = parse(Source(json.dumps(data.draw(schemas()))))
    ready = compiled(parsed)
    try:
        values = strategy(parsed, named_branches=named)
    except SchemaError:
        assert list(boundary(parsed)) == []
        return
    if next(boundary(parsed), "nothing") == "nothing":
        return
    value = data.draw(values)
    assert decode(ready, None, encode(ready, value)) == plain(value)


@pytest.mark.parametrize("named", [False, True])
def test_the_edges_come_back_and_are_always_the_same(named: bool) -> None:  # a parameter of the test
    """Recursion ends, every branch and symbol occurs."""
    parsed = parse(Source(json.dumps(TREE)))
    ready = compiled(parsed)
    edges = list(boundary(parsed, named_branches=named))
    assert edges == list(boundary(parsed, named_branches=named))
    for value in edges:
        assert decode(ready, None, encode(ready, value)) == plain(value)
    seen = {repr(value["label"]) for value in edges}
    assert len(seen) >= 6
    assert {repr(plain(value["label"])) for value in edges} >= {"'A'", "'B'", "None", "''"}
    assert {type(plain(value["blob"])) for value in edges} == {bytes, list}
    assert any(value["next"] not in (None, ("null", None)) for value in edges)
    assert any(b"\xff" in plain(value["blob"]) for value in edges if isinstance(plain(value["blob"]), bytes))


def test_a_schema_without_finite_values() -> None:
    """Says so, rather than to recurse."""
    parsed = parse(Source(json.dumps(LONE), called="lone"))
    with pytest.raises(SchemaError, match=r"lone.*no value"):
        strategy(parsed)
    assert list(boundary(parsed)) == []


def test_a_plain_union_stays_plain() -> None:
    """Programs that fill optional fields need no hints."""
    parsed = parse(Source('["null", {"type": "map", "values": ["null", "string"]}]'))
    values: list[Any] = list(boundary(parsed))
    assert None in values
    assert {"": "text"} in values
