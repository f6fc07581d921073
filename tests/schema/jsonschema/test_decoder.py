"""The decoder verdict: proofs hold, witnesses break, and what cannot be told is called unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Edition, Policy, Reads
from stream_contracts.schema.jsonschema import FORMAT
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_random import random_values
from stream_contracts.schema.jsonschema_validation import Undecided
from stream_contracts.schema.jsonschema_values import Tries
from tests.schema.jsonschema.judged import MODERN, decoding, modern, parsed

_CORPUS = sorted((Path(__file__).parents[2] / "corpus" / "jsonschema").glob("*.json"))
_D7 = "http://json-schema.org/draft-07/schema#"

FAILS: list[tuple[Any, Any]] = [
    # bounds, and integers that are floats
    ({"maximum": 5}, {"exclusiveMaximum": 5}),
    ({"type": "number"}, {"type": "integer"}),
    ({"type": "number", "multipleOf": 0.5}, {"type": "number", "multipleOf": 1.5}),
    ({"type": "integer"}, {"not": {"const": 1.0}}),
    # branches: oneOf that overlaps now, each branch, both arms
    (
        {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        {"oneOf": [{"type": "integer"}, {"type": "string"}, {"type": "number"}]},
    ),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string"}),
    ({"type": "object"}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
    ({"type": "object"}, {"if": {"required": ["a"]}, "else": {"required": ["b"]}}),
    # what the registry does not look at
    ({"patternProperties": {"^x": {"type": "number"}}}, {"patternProperties": {"^x": {"type": "integer"}}}),
    ({"type": "object"}, {"propertyNames": {"maxLength": 3}}),
    ({"type": "array"}, {"contains": {"type": "string"}}),
    ({"contains": {"type": "string"}}, {"contains": {"type": "string"}, "maxContains": 1}),
    # an item that breaks, beside those that the array must contain
    *(
        (
            {"prefixItems": [True, True, {"type": "number"}], **around},
            {"prefixItems": [True, True, {"type": "number", "maximum": 5}], **around},
        )
        for around in (
            {"type": "array", "contains": {"const": "yes"}},
            {
                "type": "array",
                "contains": {"pattern": "^q.z$", "type": "string"},
                "minContains": 3,
                "uniqueItems": True,
            },
            {"type": "array", "contains": {"const": "yes"}, "minItems": 6, "maxItems": 6, "maxContains": 1},
            {"type": "array", "contains": {"const": "yes"}, "allOf": [{"contains": {"type": "null"}}], "maxItems": 9},
        )
    ),
    ({"type": "object"}, {"dependentRequired": {"a": ["b"]}}),
    ({"$schema": _D7, "type": "object"}, {"$schema": _D7, "dependencies": {"a": {"minProperties": 2}}}),
    ({"type": "array", "items": {"type": "integer"}}, {"uniqueItems": True}),
    ({"prefixItems": [True]}, {"prefixItems": [True], "unevaluatedItems": False}),
    # what only the reader says of items that nothing else speaks of
    (
        {"type": "array", "unevaluatedItems": {"propertyNames": {"pattern": "^[a-c]+$"}}},
        {"type": "array", "unevaluatedItems": {"properties": {"c": {"const": [1]}}}},
    ),
    ({"properties": {"a": True}}, {"properties": {"a": True}, "unevaluatedProperties": False}),
    ({"type": "string"}, {"pattern": "^[a-c]+$"}),
    ({"pattern": "^[a-d]{2}$"}, {"pattern": "^[a-c]{2}$"}),
    ({"minProperties": 1}, {"minProperties": 2}),
    ({"type": "string"}, {"type": "string", "minLength": 1}),
    # deep inside, and through references
    (
        {"properties": {"a": {"items": {"properties": {"b": {"enum": [1, 2, 3]}}}}}},
        {"properties": {"a": {"items": {"properties": {"b": {"enum": [1, 2]}}}}}},
    ),
    (
        {"$defs": {"N": {"properties": {"n": {"$ref": "#/$defs/N"}, "v": {"type": "number"}}}}, "$ref": "#/$defs/N"},
        {"$defs": {"N": {"properties": {"n": {"$ref": "#/$defs/N"}, "v": {"type": "integer"}}}}, "$ref": "#/$defs/N"},
    ),
    ({}, False),
    (True, {"type": "object"}),
]
READS: list[tuple[Any, Any]] = [
    ({"type": "integer"}, {"type": "number"}),
    ({"type": "integer", "minimum": 1}, {"exclusiveMinimum": 0}),
    ({"const": 1}, {"const": 1.0}),
    ({"type": "number", "multipleOf": 1.5}, {"multipleOf": 0.5}),
    ({"enum": ["a", "b"]}, {"anyOf": [{"const": "a"}, {"const": "b"}]}),
    ({"type": "string"}, {"oneOf": [{"type": "string"}, {"type": "number"}]}),
    ({"type": "boolean"}, {"enum": [True, False]}),
    (False, {"type": "string"}),
    ({"type": "object", "additionalProperties": False}, {"properties": {"a": {"type": "string"}}}),
    (
        {"properties": {"a": True}, "additionalProperties": False},
        {"properties": {"a": True}, "unevaluatedProperties": False},
    ),
    (
        {"$defs": {"N": {"properties": {"n": {"$ref": "#/$defs/N"}}}}, "$ref": "#/$defs/N"},
        {"$defs": {"M": {"properties": {"n": {"$ref": "#/$defs/M"}, "v": True}}}, "$ref": "#/$defs/M"},
    ),
    (
        {"properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"], "type": "object"},
        {"oneOf": [{"properties": {"kind": {"const": "a"}}}, {"properties": {"kind": {"const": "b"}}}]},
    ),
    ({"type": "object", "required": ["a", "b"]}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
    ({"type": "string", "pattern": "^(a+)+$"}, {"type": "string", "pattern": "^(a+)+$", "maxLength": 10**6}),
]


@pytest.mark.parametrize(("writer", "reader"), FAILS)
def test_a_break_has_a_witness(writer: Any, reader: Any) -> None:
    """Valid before, invalid after – by the stock validator, on the JSON that the witness is encoded as."""
    found = decoding(writer, reader)
    assert found.reads is Reads.FAILS
    assert found.witness is not None
    instance = json.loads(found.witness.data)
    for schema, valid in ((writer, True), (reader, False)):
        stock = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        assert stock(schema).is_valid(instance) is valid
    assert found.clashes
    assert found.witness.error


@pytest.mark.parametrize(("writer", "reader"), [pair for pair in READS if "maxLength" not in str(pair)])
def test_what_reads_is_proved(writer: Any, reader: Any) -> None:
    """These need no search: a rule proves them."""
    found = decoding(writer, reader)
    assert (found.reads, found.proved, found.witness) == (Reads.READS, True, None)


@pytest.mark.parametrize("file", _CORPUS, ids=lambda file: file.stem)
def test_law_a_verdict_survives_a_search(file: Path) -> None:
    """Over the corpus, both directions: ``reads`` holds for generated values, ``fails`` has a witness that breaks."""
    corpus = json.loads(file.read_text(encoding="utf-8"))
    for part in ("case", "near_miss"):
        pair = parsed(corpus[part]["original"]), parsed(corpus[part]["update"])
        for writer, reader in (pair, pair[::-1]):
            found = FORMAT.decoding(writer, reader, 500)
            assert found.reads is not Reads.UNKNOWN, found.note
            if found.reads is Reads.FAILS:
                assert found.witness is not None
                assert writer.checker.accepts(found.witness.value)
                assert not reader.checker.accepts(found.witness.value)
                continue
            for value in _values(writer, reader):
                assert _survives(writer, reader, value), value


def _survives(writer: Any, reader: Any, value: Any) -> bool:
    try:
        return not writer.checker.accepts(value) or reader.checker.accepts(value)
    except Undecided:
        return True  # rounding decides: no verdict may rest on this value


def _values(writer: Any, reader: Any) -> list[Any]:
    written, read = (
        Located(side.checker.documents.root, side.checker.documents.resolver, side.checker) for side in (writer, reader)
    )
    return [*Tries(20_000).raw((written,), (read,), 0), *random_values(written, 60)]


def test_a_different_registry_verdict_is_no_witness() -> None:
    """The two verdicts are independent: the registry refuses a property added to an open model, and it does break."""
    writer, reader = {"type": "object"}, {"type": "object", "properties": {"a": {"type": "string"}}}
    found = decoding(writer, reader)
    assert found.reads is Reads.FAILS
    assert found.clashes[0].rule == "json-type"
    assert found.clashes[0].pointer == "#/properties/a/type"


def test_lookahead_is_run_or_called_unknown() -> None:
    """What RE2 lacks is run by Python where it is safe, and is unknown where it may never end."""
    assert decoding({"type": "string"}, {"type": "string", "pattern": "^(?=a)"}).reads is Reads.FAILS
    risky = decoding({"type": "string", "pattern": "^(?=a)(a+)+$"}, {"type": "string", "pattern": "^(a|b)(?=c)(c+)+$"})
    assert risky.reads is Reads.UNKNOWN
    assert risky.note


def test_a_catastrophic_pattern_does_not_stall() -> None:
    """``(a+)+$`` on a long text takes for ever with backtracking."""
    writer = {"const": "a" * 5_000 + "b"}
    assert decoding(writer, {"pattern": "^(a+)+$"}).reads is Reads.FAILS
    assert (
        decoding({"additionalProperties": False, "patternProperties": {"^(a+)+$": True}}, {"type": "object"}).reads
        is Reads.FAILS
    )


def test_rounding_is_not_a_witness() -> None:
    """0.3 is a multiple of 0.1 exactly, and is not one in doubles: no verdict rests on it."""
    found = decoding({"enum": [0.3]}, {"multipleOf": 0.1})
    assert found.reads is Reads.UNKNOWN
    checker = parsed({"multipleOf": 0.1}).checker
    with pytest.raises(Undecided):
        checker.accepts(0.3)


def test_which_draft_where_none_is_named() -> None:
    """2020-12, unless the words are those of older drafts only."""
    assert decoding({"type": "array"}, {"prefixItems": [{"type": "string"}]}).reads is Reads.FAILS
    assert decoding({"type": "array"}, {"items": [{"type": "string"}]}).reads is Reads.FAILS
    assert decoding({"type": "object"}, {"dependencies": {"a": ["b"]}}).reads is Reads.FAILS
    assert decoding({"minimum": 1}, {"minimum": 1, "exclusiveMinimum": True}).reads is Reads.FAILS
    assert decoding(modern(type="object"), modern(type="object", dependencies={"a": ["b"]})).reads is Reads.READS


def test_the_registry_may_refuse_what_decodes() -> None:
    """A list under ``items`` is fine in 2019-09; Confluent refuses it, so only the registry verdict is missing."""
    tuple_2019 = {"$schema": "https://json-schema.org/draft/2019-09/schema", "items": [{"type": "string"}]}
    assert decoding(tuple_2019, tuple_2019).reads is Reads.READS
    with pytest.raises(SchemaError, match="prefixItems"):
        FORMAT.differences(parsed(tuple_2019), parsed(tuple_2019), Policy.STRICT, Edition.CONFLUENT_NEXT)


def test_references_decode() -> None:
    """A reference by name is resolved for the decoder too."""
    root = {"$schema": MODERN, "properties": {"a": {"$ref": "money.json"}}}
    writer = parsed(root, ("money.json", {"type": "number"}))
    reader = parsed(root, ("money.json", {"type": "integer"}))
    assert FORMAT.decoding(writer, reader, 500).reads is Reads.FAILS
    assert FORMAT.decoding(reader, writer, 500).reads is Reads.READS
