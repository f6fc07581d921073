"""Compiled validation: the library's answers, word by word, on values around everything that a schema says."""

from __future__ import annotations

from typing import Any

import pytest

from stream_contracts.schema.format import Reads
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_validation import Undecided
from stream_contracts.schema.jsonschema_wild import wild
from tests.schema.jsonschema.judged import MODERN, decoding, modern, parsed

D4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
D2019 = {"$schema": "https://json-schema.org/draft/2019-09/schema"}
SCHEMAS: list[dict[str, Any]] = [
    {"type": ["integer", "string"], "minimum": 1, "exclusiveMaximum": 5, "maxLength": 2, "pattern": "^a"},
    {**D4, "type": "integer", "minimum": 0, "exclusiveMinimum": True, "multipleOf": 2},
    {"type": "number", "multipleOf": 0.1},
    {"enum": [1, True, [1.0], {"a": 1}, "a", None]},
    modern(const=[1, {"a": False}]),
    {"type": "object", "properties": {"a": {"const": 1}, "b": {}}, "required": ["a"], "additionalProperties": False},
    {"patternProperties": {"^a": {"type": "string"}, "b$": {"minLength": 2}}, "additionalProperties": {"type": "null"}},
    modern(propertyNames={"maxLength": 1}, minProperties=1, maxProperties=2),
    {"dependencies": {"a": ["b"], "b": {"minProperties": 3}}, "type": "object"},
    {**D2019, "dependencies": {"a": ["b"]}, "dependentRequired": {"b": ["c"]}, "type": "object"},
    modern(dependentSchemas={"a": {"required": ["b"]}}, type="object"),
    {"items": [{"type": "string"}, {"type": "integer"}], "additionalItems": {"type": "null"}},
    modern(prefixItems=[{"type": "string"}], items={"type": "integer"}, minItems=1, maxItems=3, uniqueItems=True),
    modern(contains={"type": "integer"}, minContains=2, maxContains=3),
    {"contains": {"const": 1}, "type": "array"},
    {"oneOf": [{"type": "integer"}, {"minimum": 2}], "not": {"const": 3}},
    {"anyOf": [{"minLength": 2}, {"maximum": 1}], "allOf": [{"not": {"type": "null"}}]},
    modern(**{"if": {"type": "integer"}, "then": {"minimum": 1}, "else": {"type": "string"}}),
    modern(
        **{
            "$defs": {"T": {"type": ["object", "null"], "properties": {"a": {"$ref": "#/$defs/T"}}}},
            "$ref": "#/$defs/T",
        }
    ),
    modern(properties={"a": {}}, anyOf=[{"properties": {"b": {}}}, {}], unevaluatedProperties=False),
    modern(prefixItems=[{}], unevaluatedItems={"type": "string"}),
    {"definitions": {"T": {"type": "string"}}, "$ref": "#/definitions/T", "maxLength": 1},
    modern(**{"$defs": {"T": {"type": "string"}}, "$ref": "#/$defs/T", "maxLength": 1}),
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: "-".join(key for key in schema if key[0] != "$")[:40])
def test_it_says_what_the_library_says(schema: dict[str, Any]) -> None:
    """On hundreds of instances, valid and not."""
    checker = parsed(schema).checker
    root = Located(checker.documents.root, checker.documents.resolver, checker)
    said = set()
    for value in wild(root, root, [{"a": 1}, [1, "a"]], 300):
        try:
            answer = root.accepts(value)
        except Undecided:
            continue
        assert answer is checker.accepts(value), value
        said.add(answer)
    assert said == {True, False}


def test_whole_floats_are_no_integers_in_draft_04() -> None:
    """1.0 breaks where 1 does not."""
    found = decoding({**D4, "type": "number", "multipleOf": 1}, {**D4, "type": "integer"}, 100)
    assert found.reads is Reads.FAILS
    assert found.witness is not None
    assert isinstance(found.witness.value, float)
    later = {"$schema": "http://json-schema.org/draft-06/schema#", "type": "number", "multipleOf": 1}
    assert decoding(later, {**later, "type": "integer"}, 100).reads is Reads.READS


def test_dependencies_are_unknown_since_2019() -> None:
    """A validator of 2019-09 ignores them, so a writer promises nothing by them."""
    old = {**D2019, "type": "object", "dependencies": {"a": ["b"]}}
    new = {**D2019, "type": "object", "dependentRequired": {"a": ["b"]}}
    assert decoding(old, new, 100).reads is Reads.FAILS
    assert decoding(new, old, 100).reads is Reads.READS


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        (modern(type="object"), modern(type="object", properties={"c": {"multipleOf": 0.5}})),
        (
            modern(properties={"a": {"type": "integer"}}, patternProperties={"^a": {"type": "boolean"}}),
            modern(properties={"a": {"type": "integer"}}, patternProperties={"^a": {"type": "string"}}),
        ),
        (
            modern(properties={"b": {"type": "object"}}, patternProperties={"b$": {"type": "string"}}),
            modern(properties={"b": {"type": "object"}}, patternProperties={"b$": {"type": "string", "maxLength": 0}}),
        ),
    ],
    ids=["between-two-multiples", "names-that-go-on", "names-that-begin-before"],
)
def test_what_a_search_once_missed(writer: Any, reader: Any) -> None:
    """Each was called ``reads`` without proof, and an independent search found an instance that breaks."""
    assert writer["$schema"] == MODERN
    assert decoding(writer, reader, 100).reads is Reads.FAILS
