"""The look at two schemas that spares the rules: closed objects that gained properties, and where it is silent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream_contracts.schema.format import Decoding, Edition, Policy, Reads, Source
from stream_contracts.schema.jsonschema import FORMAT
from stream_contracts.schema.jsonschema_widened import same, widened

CLOSED: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
MORE: dict[str, Any] = {**CLOSED, "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}


def _said(writer: Any, reader: Any) -> Decoding:
    one, other = (FORMAT.parse(Source(json.dumps(each))) for each in (writer, reader))
    return FORMAT.decoding(one, other, 30)


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        (CLOSED, MORE),
        ({**CLOSED, "title": "a"}, {**MORE, "description": "b"}),
        ({**CLOSED, "required": ["a"], "minProperties": 1}, {**MORE, "required": ["a"], "minProperties": 1}),
        ({**CLOSED, "properties": {"in": CLOSED}}, {**CLOSED, "properties": {"in": MORE}}),
        (MORE, {**MORE, "properties": dict(reversed(MORE["properties"].items()))}),
    ],
)
def test_it_speaks_and_the_search_finds_no_instance_that_breaks(writer: Any, reader: Any) -> None:
    assert widened(writer, reader)
    assert _said(writer, reader).reads is Reads.READS


@pytest.mark.parametrize(
    ("writer", "reader", "reads"),
    [
        (MORE, CLOSED, Reads.FAILS),
        ({**CLOSED, "additionalProperties": True}, {**MORE, "additionalProperties": True}, Reads.FAILS),
        (CLOSED, {**MORE, "required": ["b"]}, Reads.FAILS),
        ({**CLOSED, "not": CLOSED}, {**CLOSED, "not": MORE}, None),
        ({**CLOSED, "patternProperties": {"^b": {}}}, {**MORE, "patternProperties": {"^b": {}}}, Reads.FAILS),
        ({"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": True}}}, Reads.FAILS),
        (
            {"properties": {"a": {"$ref": "#/definitions/x"}}, "definitions": {"x": {"type": "string"}}},
            {"properties": {"a": {"$ref": "#/definitions/x"}}, "definitions": {"x": {"type": "integer"}}},
            Reads.FAILS,
        ),
    ],
)
def test_near_misses_are_left_to_the_rules(writer: Any, reader: Any, reads: Reads | None) -> None:
    assert not widened(writer, reader)
    assert reads is None or _said(writer, reader).reads is reads


def test_one_and_true_are_not_the_same_and_a_reference_is_the_same_as_nothing() -> None:
    assert same({"const": [1, None]}, {"const": [1, None]})
    assert not same({"const": 1}, {"const": True})
    assert not same({"$ref": "#"}, {"$ref": "#"})


def test_a_shared_property_is_compared_as_one_that_is_not() -> None:
    """A default that is a container is never the same to the registry, not even as the default of one and the same node."""
    schema = {"type": "object", "properties": {"a": {"type": "array", "default": []}, "b": {"anyOf": [CLOSED, CLOSED]}}}
    draft = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    one, other = FORMAT.parse(Source(json.dumps(draft))), FORMAT.parse(Source(json.dumps({**draft, "title": "t"})))
    for _ in range(2):
        found = FORMAT.differences(one, other, Policy.STRICT, Edition.CONFLUENT_8_3)
        assert [each.kind for each in found] == ["TITLE_CHANGED", "DEFAULT_CHANGED"]
