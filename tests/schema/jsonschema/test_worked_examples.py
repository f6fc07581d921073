"""The worked examples of the behavioural specification, sections 2.4 to 2.8 and 2.11, with their paths."""

from __future__ import annotations

from typing import Any

import pytest

from stream_contracts.errors import SchemaError, UsageError
from stream_contracts.schema.format import Edition, Policy
from tests.schema.jsonschema.judged import MODERN, NEXT, V74, V83, accepted, kinds, listed, modern

_NODE: dict[str, Any] = {"properties": {"n": {"type": "integer"}, "next": {"$ref": "#"}}}
_NODE_TEXT: dict[str, Any] = {"properties": {"n": {"type": "string"}, "next": {"$ref": "#"}}}
_PATTERNS = {"patternProperties": {"^s_": {"type": "string"}}}
_INTEGERS = {"additionalProperties": {"type": "integer"}}

EXAMPLES: list[tuple[Any, Any, list[tuple[str, str]], bool]] = [
    ({"minLength": 2}, {"type": "string", "minLength": 2}, [], True),
    ({"type": "string"}, {"type": ["null", "string"]}, [("SUM_TYPE_EXTENDED", "#/")], True),
    (
        {"type": "string", "enum": ["a", "b"]},
        {"type": "string", "enum": ["a"]},
        [("COMBINED_TYPE_SUBSCHEMAS_CHANGED", "#/")],
        False,
    ),
    ({"enum": ["a", "b"]}, {"enum": ["a"]}, [("ENUM_ARRAY_NARROWED", "#/enum")], False),
    ({"type": "integer"}, {"type": "integer", "format": "int64"}, [("TYPE_CHANGED", "#/")], False),
    (modern(type="integer"), modern(type="integer", format="int64"), [], True),
    (
        _PATTERNS,
        {**_PATTERNS, "properties": {"n": {"type": "integer"}}},
        [("OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", "#/properties/n")],
        True,
    ),
    (
        _INTEGERS,
        {**_INTEGERS, "properties": {"n": {"type": "number"}}},
        [
            ("OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", "#/properties/n"),
            ("PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", "#/properties/n"),
            ("TYPE_EXTENDED", "#/properties/n"),
        ],
        True,
    ),
    ({"not": {"type": "null"}}, {"not": {"type": "null"}}, [("NOT_TYPE_NARROWED", "#/not")], True),
    ({"exclusiveMaximum": 9, "maximum": 20}, {"exclusiveMaximum": 4, "maximum": 20}, [], True),
    ({"type": "array"}, {"type": "array", "items": {}}, [("SCHEMA_ADDED", "#/items")], False),
    ({"oneOf": [{"type": "string"}]}, {"allOf": [{"type": "string"}]}, [("COMBINED_TYPE_EXTENDED", "#/")], True),
    (
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"anyOf": [{"type": "null"}, {"type": "number"}, {"type": "string"}]},
        [("SUM_TYPE_EXTENDED", "#/"), ("TYPE_EXTENDED", "#/anyOf/0")],
        True,
    ),
    # 2.7 C: anything becomes {}, nothing grows out of {}, and false gives way to all.
    ({"type": "string"}, {}, [], True),
    ({"type": "string", "enum": ["a"]}, {}, [("PRODUCT_TYPE_NARROWED", "#/")], True),
    ({}, {"type": "string"}, [("TYPE_CHANGED", "#/")], False),
    ({}, True, [], True),
    (True, {}, [], True),
    (False, {"type": "string"}, [], True),
    ({"type": "string"}, False, [("TYPE_CHANGED", "#/")], False),
    ({"type": "string"}, {"type": "string", "enum": ["a"]}, [("TYPE_CHANGED", "#/")], False),
    ({"type": "string", "enum": ["a"]}, {"type": "string"}, [("PRODUCT_TYPE_NARROWED", "#/")], True),
    ({"type": ["string", "null"]}, {"type": "string"}, [("TYPE_CHANGED", "#/")], False),
    # 2.4: folding, type lists with a null part, spliced branches, erased extras.
    (
        modern(type=["string", "null"], maxLength=5),
        modern(type=["string", "null"], maxLength=5, format="date"),
        [("COMBINED_TYPE_CHANGED", "#/")],
        False,
    ),
    (modern(type=["string", "null"]), modern(type=["string", "null"], format="date"), [], True),
    (
        modern(oneOf=[{"type": "string", "enum": ["a"]}, {"type": "number"}]),
        modern(oneOf=[{"type": "string"}, {"enum": ["a"]}, {"type": "number"}]),
        [],
        True,
    ),
    (modern(type="array"), modern(type="array", contains={}), [("MIN_CONTAINS_ADDED", "#/minContains")], False),
    (
        modern(type="object", unevaluatedProperties=False, **{"$defs": {"A": {}}}),
        modern(type="object", **{"$defs": {"A": {}}}),
        [],
        True,
    ),
]


@pytest.mark.parametrize(("original", "update", "expected", "verdict"), EXAMPLES)
@pytest.mark.parametrize("edition", [NEXT, V83], ids=lambda edition: edition.value)
def test_worked_example(
    original: Any, update: Any, expected: list[tuple[str, str]], verdict: bool, edition: Edition
) -> None:
    """Kinds and paths as the specification works them out, and the verdict."""
    assert listed(original, update, edition) == sorted(expected)
    assert accepted(original, update, edition) == verdict


@pytest.mark.parametrize(
    ("edition", "depth"), [(NEXT, 2), (V83, 1), (V74, 1)], ids=lambda value: getattr(value, "value", str(value))
)
def test_a_change_in_a_recursive_root_shows_deeper_too(edition: Edition, depth: int) -> None:
    """2.5.5 and 2.5.6: two unrolled copies with the memo, one with the guard."""
    paths = [f"#{'/properties/next' * level}/properties/n" for level in range(depth + 1)]
    assert listed(_NODE, _NODE_TEXT, edition) == sorted(("TYPE_CHANGED", path) for path in paths)


@pytest.mark.parametrize("edition", list(Edition), ids=lambda edition: edition.value)
def test_a_lowered_exclusive_maximum_without_maximum_fails(edition: Edition) -> None:
    """2.8.3: the registry reads a maximum that is not there; 5 against 5.0 is enough."""
    for original, update in (
        ('{"exclusiveMaximum":9}', '{"exclusiveMaximum":4}'),
        ('{"exclusiveMaximum":5}', '{"exclusiveMaximum":5.0}'),
    ):
        with pytest.raises(SchemaError, match="the registry itself fails here"):
            kinds(original, update, edition)


def test_a_null_const_fails() -> None:
    """2.8.4."""
    with pytest.raises(SchemaError, match="const is null"):
        kinds({"const": None}, {"const": 1})


def test_multiples_before_exact_decimals() -> None:
    """2.12: integer parts were divided, scales counted, and a zero integer part failed."""
    assert kinds({"multipleOf": 0.5}, {"multipleOf": 1.5}, NEXT) == ["MULTIPLE_OF_EXPANDED"]
    assert kinds({"multipleOf": 2}, {"multipleOf": 4.5}, NEXT) == ["MULTIPLE_OF_CHANGED"]
    assert kinds({"multipleOf": 2}, {"multipleOf": 4.5}, V83) == ["MULTIPLE_OF_EXPANDED"]
    assert kinds('{"multipleOf":1.5}', '{"multipleOf":1.50}', NEXT) == []
    assert kinds('{"multipleOf":1.5}', '{"multipleOf":1.50}', V83) == ["MULTIPLE_OF_EXPANDED"]
    with pytest.raises(SchemaError, match="integer part"):
        kinds({"multipleOf": 0.5}, {"multipleOf": 1.5}, V83)


def test_references_are_followed_by_one_step() -> None:
    """2.5.1: a definition that is nothing but a reference hides what it leads to."""

    def chain(kind: str) -> dict[str, Any]:
        return {
            "definitions": {"A": {"$ref": "#/definitions/B"}, "B": {"type": kind}},
            "properties": {"a": {"$ref": "#/definitions/A"}},
        }

    assert kinds(chain("string"), chain("number")) == []
    direct = {"definitions": {"A": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/A"}}}
    assert kinds(chain("string"), direct) == ["TYPE_CHANGED"]
    union = {"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}
    assert kinds(chain("string"), union) == ["SUM_TYPE_EXTENDED"]


def test_defaults_beside_references() -> None:
    """2.5.2: not seen, but for a reference met while its own target is still being loaded."""

    def tree(required: list[str]) -> dict[str, Any]:
        node = {"properties": {"child": {"$ref": "#/definitions/N", "default": {}}}, "required": required}
        return {"definitions": {"N": node}, "properties": {"root": {"$ref": "#/definitions/N"}}}

    assert kinds(tree([]), tree(["child"])) == ["REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED"]
    plain = {"definitions": {"A": {}}, "properties": {"a": {"$ref": "#/definitions/A", "default": 1}}}
    assert kinds(plain, {**plain, "required": ["a"]}) == ["REQUIRED_ATTRIBUTE_ADDED"]


def test_connect_bytes() -> None:
    """2.7 C: Connect's bytes may change their spelling."""
    original = {"type": "string", "connect.type": "bytes"}
    assert kinds(original, {"type": "array", "connect.type": "bytes"}) == []
    assert kinds(original, {"type": "array"}) == ["TYPE_CHANGED"]


def test_drift_of_7_4() -> None:
    """2.12: no unevaluated or contains kinds, one kind for additions to open models, modern drafts read as draft-07."""
    added = {"properties": {"a": {"type": "string"}}, "required": ["a"], "type": "object"}
    assert kinds({"type": "object"}, added, V74) == ["PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"]
    assert kinds({"type": "object"}, added, V83) == ["REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"]
    assert kinds(modern(type="array"), modern(type="array", contains={}), V74) == []
    assert kinds(modern(type="object"), modern(type="object", unevaluatedProperties=False), V74) == []
    bridged = {"definitions": {"A": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/A"}}}
    assert kinds(bridged, bridged, V83) == []
    with pytest.raises(SchemaError, match="leads nowhere"):
        kinds(bridged, bridged, V74)
    with pytest.raises(UsageError, match=r"confluent-8\.3"):
        kinds({}, {}, V74, Policy.LENIENT)


def test_lenient_allows_nine_more() -> None:
    """2.9: an optional property may be added to an open model; its inner clash still counts in a covered one."""
    added = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert not accepted({"type": "object"}, added)
    assert accepted({"type": "object"}, added, policy=Policy.LENIENT)
    covered = {"type": "object", "additionalProperties": {"type": "number"}}
    assert not accepted(covered, {**covered, "properties": {"a": {"type": "string"}}}, policy=Policy.LENIENT)


def test_extras_of_a_spliced_or_combined_object_stay_on_its_member() -> None:
    """2.4.4: what is replaced are the extras of the result, which is the combination where there is one."""
    words = {"$schema": MODERN, "type": "object", "enum": [{}], "unevaluatedProperties": False, "x-note": 1}
    open_words = {**words, "unevaluatedProperties": True}
    assert kinds(open_words, words) == ["COMBINED_TYPE_SUBSCHEMAS_CHANGED"]


def test_a_dependent_schema_of_the_modern_drafts_is_a_dependency() -> None:
    """``dependentSchemas`` has the kinds of ``dependencies``."""
    modern = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}
    dependent = {**modern, "dependentSchemas": {"a": {"minProperties": 1}}}
    for edition in (V83, NEXT):
        assert kinds(dependent, modern, edition) == ["DEPENDENCY_SCHEMA_REMOVED"]
        assert kinds(modern, dependent, edition) == ["DEPENDENCY_SCHEMA_ADDED"]
