"""Our registry verdict against Avro's own Java checker, on generated changes; canonical forms and fingerprints too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from stream_contracts.errors import SchemaError
from stream_contracts.schema.avro_canonical import ALGORITHMS, canonical, fingerprint
from stream_contracts.schema.avro_parse import parse
from stream_contracts.schema.avro_registry import EXCEPTION, differences
from stream_contracts.schema.format import Edition, Policy, Source
from tests.schema.avro.drawing import pairs, schemas
from tests.schema.avro.oracle import Oracle

MANY = settings(
    max_examples=1500, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def ours(reader: Any, writer: Any) -> list[dict[str, str]] | str:
    """Our differences in the oracle's form, or that Java would throw."""
    found = differences(
        parse(Source(json.dumps(writer))), parse(Source(json.dumps(reader))), Policy.STRICT, Edition.CONFLUENT_8_3
    )
    if [each.kind for each in found] == [EXCEPTION]:
        return "throws"
    return [{"kind": each.kind, "path": each.path, "info": each.info} for each in found]


def test_every_difference_is_java_s(java: Oracle) -> None:
    """Kind, place and detail of each difference, in Java's order."""
    seen: dict[str, int] = {}

    @MANY
    @given(pairs())
    def agree(pair: tuple[Any, Any]) -> None:
        writer, reader = pair
        answer = java.ask(writer=json.dumps(writer), reader=json.dumps(reader))
        theirs = "throws" if "matches multiple fields" in answer.get("error", "") else answer.get("differences", answer)
        assert ours(reader, writer) == theirs
        for kind in {"throws"} if theirs == "throws" else {row["kind"] for row in theirs} or {"compatible"}:
            seen[kind] = seen.get(kind, 0) + 1

    agree()
    assert len(seen) == 8, f"all six kinds, the exception and compatible pairs must have been met, not only {seen}"


def test_canonical_forms_and_fingerprints_are_java_s(java: Oracle) -> None:
    """Parsing canonical form, and three fingerprints of it."""

    @settings(MANY, max_examples=400)
    @given(schemas())
    def agree(schema: Any) -> None:
        text = json.dumps(schema)
        answer = java.ask(schema=text)
        parsed = parse(Source(text))
        assert canonical(parsed) == answer["canonical"]
        assert {name: fingerprint(parsed, name).hex() for name in ALGORITHMS} == {
            name: answer[name] for name in ALGORITHMS
        }

    agree()


REFUSED = {
    "two equal branches": ["int", "int"],
    "a union in a union": ["int", ["string"]],
    "an object as type": {"type": {"type": "string"}},
    "no fields": {"type": "record", "name": "R"},
    "a bad field name": {"type": "record", "name": "R", "fields": [{"name": "1x", "type": "int"}]},
    "a field twice": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "int"}] * 2},
    "a field without type": {"type": "record", "name": "R", "fields": [{"name": "x"}]},
    "a bad order": {"type": "record", "name": "R", "fields": [{"name": "x", "type": "int", "order": "up"}]},
    "a bad alias": {"type": "record", "name": "R", "aliases": ["b-c"], "fields": []},
    "aliases that are no list": {"type": "record", "name": "R", "aliases": "b", "fields": []},
    "a primitive's name": {"type": "record", "name": "int", "fields": []},
    "an empty name part": {"type": "fixed", "name": "a..b", "size": 1},
    "a negative size": {"type": "fixed", "name": "F", "size": -1},
    "a broken size": {"type": "fixed", "name": "F", "size": 1.5},
    "an enum default of its own": {"type": "enum", "name": "E", "symbols": ["A"], "default": "B"},
    "a symbol twice": {"type": "enum", "name": "E", "symbols": ["A", "A"]},
    "a bad symbol": {"type": "enum", "name": "E", "symbols": ["A-B"]},
    "a name twice": [{"type": "fixed", "name": "F", "size": 1}, {"type": "enum", "name": "F", "symbols": []}],
    "an unknown name": {"type": "array", "items": "Nowhere"},
    "no items": {"type": "array"},
    "no values": {"type": "map"},
    "a number": 5,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_java_refuses_we_refuse(java: Oracle, name: str) -> None:
    """Each with a pointer and a cause, and Java refuses it as well."""
    text = json.dumps(REFUSED[name])
    with pytest.raises(SchemaError) as caught:
        parse(Source(text, called="the schema under test"))
    assert caught.value.schema == "the schema under test"
    assert caught.value.pointer.startswith("/")
    assert "error" in java.ask(schema=text)
