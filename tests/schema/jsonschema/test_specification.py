"""The behavioural specification paragraph by paragraph: the exact multiset of kinds with their paths, per edition."""

from __future__ import annotations

from typing import Any

import pytest

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Edition, Policy
from stream_contracts.schema.jsonschema import FORMAT
from tests.schema.jsonschema.judged import NEXT, V74, V83, accepted, kinds, listed, modern, parsed

D4 = "http://json-schema.org/draft-04/schema#"
D6 = "http://json-schema.org/draft-06/schema"
D2019 = "https://json-schema.org/draft/2019-09/schema"
_STRING, _NUMBER = {"type": "string"}, {"type": "number"}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


# (paragraph, original, update, kinds with paths)
PARAGRAPHS: list[tuple[str, Any, Any, list[str]]] = [
    # 2.1: which loader; one trailing # does not count, nor does https
    ("2.1 draft-04 without draft", {"$schema": "http://json-schema.org/schema#", "const": 1}, {}, []),
    (
        "2.1 https and no #",
        {"$schema": "https://json-schema.org/draft-04/schema", "const": 1},
        {"const": 1},
        [
            "TYPE_CHANGED #/",
        ],
    ),
    (
        "2.1 unknown dialect is draft-07",
        {"$schema": "urn:mine", "const": 1},
        {"const": 2},
        ["ENUM_ARRAY_CHANGED #/const"],
    ),
    ("2.1 classic against modern", _STRING, modern(type="string", format="date"), []),
    ("2.1 definitions are offered as $defs", {"definitions": {"A": _STRING}, "$ref": "#/$defs/A"}, _STRING, []),
    (
        "2.1 $defs win over definitions",
        {"definitions": {"A": _NUMBER}, "$defs": {"A": _STRING}, "$ref": "#/$defs/A"},
        _STRING,
        [],
    ),
    # 2.3: families
    (
        "2.3.1 siblings of a classic $ref",
        {"definitions": {"A": {}}, "properties": {"a": {"$ref": "#/definitions/A", "maxLength": 2}}},
        {"definitions": {"A": {}}, "properties": {"a": {"$ref": "#/definitions/A", "maxLength": 1}}},
        [],
    ),
    ("2.3.2 const is unknown to draft-04", {"$schema": D4, "const": 1}, {"$schema": D4, "const": 2}, []),
    ("2.3.2 if is unknown to draft-06", {"$schema": D6, "if": _STRING}, {"$schema": D6}, []),
    ("2.3.2 a conditional is a kind", {"if": _STRING, "then": {}}, {"type": "string"}, ["TYPE_CHANGED #/"]),
    ("2.3.2 inside a conditional nothing is seen", {"if": _STRING, "then": {"maxLength": 2}}, {"if": _NUMBER}, []),
    (
        "2.3.3 a list of one type is a union",
        {"type": ["string"]},
        {"anyOf": [_STRING, _NUMBER]},
        ["SUM_TYPE_EXTENDED #/"],
    ),
    (
        "2.3.3 each listed type takes its keywords",
        {"type": ["string", "integer"], "maxLength": 3, "minimum": 1},
        {"type": ["string", "integer"], "maxLength": 4, "minimum": 0},
        ["MAX_LENGTH_INCREASED #/anyOf/0/maxLength", "MINIMUM_DECREASED #/anyOf/1/minimum"],
    ),
    (
        "2.3.3 a family that is not listed stays",
        {"type": ["integer", "null"], "maxLength": 3},
        {"type": ["integer", "null"]},
        [
            "COMBINED_TYPE_EXTENDED #/",
            "COMBINED_TYPE_SUBSCHEMAS_CHANGED #/",
        ],
    ),
    ("2.3.5 an untyped object", {"required": ["a"]}, {"type": "object", "required": ["a"]}, []),
    (
        "2.3.5 the title goes onto the synthetic allOf",
        {"type": "string", "enum": ["a"], "title": "t"},
        {"type": "string", "enum": ["a"]},
        ["TITLE_CHANGED #/"],
    ),
    (
        "2.3.6 additionalProperties {} is a schema",
        {"type": "object"},
        {"type": "object", "additionalProperties": {}},
        [
            "ADDITIONAL_PROPERTIES_NARROWED #/additionalProperties",
        ],
    ),
    (
        "2.3.6 additionalProperties true is none",
        {"type": "object"},
        {"type": "object", "additionalProperties": True},
        [],
    ),
    ("2.3.6 items false is a schema", {"type": "array"}, {"type": "array", "items": False}, ["SCHEMA_ADDED #/items"]),
    (
        "2.3.6 with items for all, the flag is true",
        {"items": _STRING, "additionalItems": False},
        {"items": _STRING},
        [],
    ),
    (
        "2.3.7 boolean limits",
        {"$schema": D4, "maximum": 3, "exclusiveMaximum": True},
        {"$schema": D4, "maximum": 3},
        [],
    ),
    ("2.3.8 an empty dependency", {"dependencies": {"a": []}}, {"dependencies": {}}, []),
    (
        "2.3.9 a null default counts",
        {"properties": {"a": {}}},
        {"properties": {"a": {"default": None}}, "required": ["a"]},
        [
            "DEFAULT_CHANGED #/properties/a",
            "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED #/required/a",
        ],
    ),
    ("2.3.9 nullable is unknown", {"type": "string", "nullable": True}, _STRING, []),
    (
        "2.3.9 minContains is an extra of a classic array",
        {"type": "array", "minContains": 1},
        {"type": "array", "minContains": 2},
        [
            "MIN_CONTAINS_INCREASED #/minContains",
        ],
    ),
    (
        "2.3.9 unevaluatedProperties does nothing",
        {"type": "object"},
        {"type": "object", "unevaluatedProperties": False},
        [],
    ),
    # 2.4: the modern loader
    (
        "2.4 2019-09 by the rules of 2020-12",
        {"$schema": D2019, "dependencies": {"a": ["b"]}, "type": "object"},
        {"$schema": D2019, "type": "object"},
        [],
    ),
    (
        "2.4.1 siblings of a modern $ref are kept",
        modern(**{"$defs": {"A": {}}, "$ref": "#/$defs/A", "maxLength": 3}),
        modern(**{"$defs": {"A": {}}, "$ref": "#/$defs/A", "maxLength": 2}),
        ["COMBINED_TYPE_SUBSCHEMAS_CHANGED #/"],
    ),
    ("2.4.1 then without if", modern(type="string", then={"maxLength": 1}), modern(type="string"), []),
    ("2.4.1 items true is nothing", modern(type="array"), modern(type="array", items=True), []),
    (
        "2.4.1 items false closes",
        modern(type="array"),
        modern(type="array", items=False),
        ["ADDITIONAL_ITEMS_REMOVED #/additionalItems"],
    ),
    (
        "2.4.1 items {} is a schema for all",
        modern(type="array"),
        modern(type="array", items={}),
        ["SCHEMA_ADDED #/items"],
    ),
    (
        "2.4.1 items beside prefixItems",
        modern(prefixItems=[{}], items=_STRING),
        modern(prefixItems=[{}]),
        ["ADDITIONAL_ITEMS_EXTENDED #/additionalItems"],
    ),
    (
        "2.4.1 dependentRequired",
        modern(dependentRequired={"a": ["b"]}),
        modern(dependentRequired={"a": ["b", "c"]}),
        ["DEPENDENCY_ARRAY_EXTENDED #/dependencies/a"],
    ),
    (
        "2.4.1 dependentSchemas",
        modern(type="object"),
        modern(type="object", dependentSchemas={"a": {}}),
        ["DEPENDENCY_SCHEMA_ADDED #/dependencies/a"],
    ),
    ("2.4.1 counts without contains are dropped", modern(type="array", minContains=2), modern(type="array"), []),
    ("2.4.1 one is the count that is not written", modern(contains={}), modern(contains={}, minContains=1), []),
    (
        "2.4.1 maxContains",
        modern(contains={}),
        modern(contains={}, maxContains=3),
        ["MAX_CONTAINS_ADDED #/maxContains"],
    ),
    (
        "2.4.1 readOnly is a null part",
        modern(type=["string", "null"], maxLength=5),
        modern(type=["string", "null"], maxLength=5, readOnly=False),
        [],
    ),
    (
        "2.4.2 an object is one node",
        modern(type="object", minProperties=1, properties={"a": {}}),
        {"type": "object", "minProperties": 1, "properties": {"a": {}}},
        [],
    ),
    (
        "2.4.2 a type list takes what fits",
        modern(type=["object", "null"], properties={"a": _STRING}),
        modern(type=["object", "null"], properties={"a": _NUMBER}),
        ["COMBINED_TYPE_SUBSCHEMAS_CHANGED #/"],
    ),
    (
        "2.4.3 a null default is none",
        modern(properties={"a": {}}),
        modern(properties={"a": {"default": None}}, required=["a"]),
        [
            "REQUIRED_ATTRIBUTE_ADDED #/required/a",
        ],
    ),
    ("2.4.3 no ids", modern(**{"$id": "urn:a", "type": "string"}), modern(**{"$id": "urn:b", "type": "string"}), []),
    (
        "2.3.5 ids of a classic schema",
        {"$id": "urn:a", "type": "string"},
        {"$id": "urn:b", "type": "string"},
        ["ID_CHANGED #/"],
    ),
    (
        "2.4.4 a comment erases minContains",
        modern(contains={}, minContains=2),
        modern(**{"contains": {}, "minContains": 2, "$comment": "x"}),
        ["MIN_CONTAINS_REMOVED #/minContains"],
    ),
    (
        "2.4.4 deprecated erases nothing",
        modern(contains={}, minContains=2),
        modern(contains={}, minContains=2, deprecated=True),
        [],
    ),
    (
        "2.4.7 the title of a spliced branch is lost",
        modern(anyOf=[{"title": "t", "type": "string", "enum": ["a"]}, _NUMBER]),
        modern(anyOf=[{"title": "u", "type": "string", "enum": ["a"]}, _NUMBER]),
        [],
    ),
    (
        "2.4.7 a union in a union stays",
        modern(anyOf=[{"anyOf": [_STRING, _NUMBER]}, {"type": "null"}]),
        modern(anyOf=[{"type": ["string", "number"]}, {"type": "null"}]),
        [],
    ),
    (
        "2.4.8 a $ref with a format is a $ref",
        modern(**{"$defs": {"A": _STRING}, "properties": {"a": {"$ref": "#/$defs/A", "format": "date"}}}),
        modern(properties={"a": _STRING}),
        [],
    ),
    # 2.5: references are not followed by the tests on properties
    (
        "2.5.3 a $ref to {} is not empty",
        {"type": "object"},
        {"definitions": {"A": {}}, "type": "object", "properties": {"a": {"$ref": "#/definitions/A"}}},
        [
            "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a",
        ],
    ),
    (
        "2.5.3 a $ref to false is not false",
        {"definitions": {"A": False}, **closed(a={"$ref": "#/definitions/A"})},
        closed(),
        [
            "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a",
        ],
    ),
    # 2.6
    (
        "2.6 equal container defaults",
        {"type": "object", "default": {}},
        {"type": "object", "default": {}},
        ["DEFAULT_CHANGED #/"],
    ),
    ("2.6 a container that goes", {"type": "object", "default": {}}, {"type": "object"}, ["DEFAULT_CHANGED #/"]),
    ("2.6 items that go", {"items": {}}, {"type": "array"}, ["SCHEMA_REMOVED #/items"]),
    # 2.7
    ("2.7 A one branch that fits", _STRING, {"allOf": [{"type": "string", "maxLength": 3}]}, ["TYPE_CHANGED #/"]),
    ("2.7 A one branch", {"type": "string", "maxLength": 3}, {"oneOf": [_STRING]}, ["MAX_LENGTH_REMOVED #/maxLength"]),
    (
        "2.7 A the first that fits",
        {"type": "integer"},
        {"anyOf": [_STRING, _NUMBER, {"type": "integer"}]},
        ["SUM_TYPE_EXTENDED #/", "TYPE_EXTENDED #/"],
    ),
    ("2.7 A allOf of two", _STRING, {"allOf": [_STRING, {"maxLength": 3}]}, ["TYPE_CHANGED #/"]),
    ("2.7 B one branch", {"anyOf": [{"type": "integer"}]}, _NUMBER, ["TYPE_EXTENDED #/"]),
    ("2.7 B allOf", {"allOf": [_STRING, {"maxLength": 3}]}, _STRING, ["PRODUCT_TYPE_NARROWED #/"]),
    ("2.7 B anyOf of equals", {"anyOf": [_STRING, _STRING]}, _STRING, ["TYPE_CHANGED #/"]),
    ("2.7 C true and {} are two kinds", {"items": True}, {"items": {}}, []),
    ("2.7 C false gives way", {"properties": {"a": False}}, {"properties": {"a": _STRING}}, []),
    # 2.8
    ("2.8.1 5 and 5.0", '{"maximum":5,"minLength":3}', '{"maximum":5.0,"minLength":3.0}', []),
    ("2.8.4 1 and 1.0", '{"enum":[1]}', '{"enum":[1.0]}', ["ENUM_ARRAY_CHANGED #/enum"]),
    ("2.8.4 order and duplicates", {"enum": [1, 2]}, {"enum": [2, 1]}, []),
    (
        "2.8.5 not that forbids more",
        {"not": _STRING},
        {"not": {"type": ["string", "null"]}},
        ["NOT_TYPE_EXTENDED #/not"],
    ),
    (
        "2.8.5 not that forbids less",
        {"not": {"type": ["string", "null"]}},
        {"not": _STRING},
        ["NOT_TYPE_NARROWED #/not"],
    ),
    (
        "2.8.6 required names that one side does not declare",
        {"properties": {"a": {}}},
        {"properties": {"a": {}}, "required": ["b"]},
        [],
    ),
    (
        "2.8.6 a required property with an empty schema",
        {"type": "object"},
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        [
            "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a",
        ],
    ),
    (
        "2.8.6 patterns that do not match close",
        {"patternProperties": {"^x": {}}, "properties": {"a": {}}},
        {"patternProperties": {"^x": {}}},
        [
            "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a",
        ],
    ),
    (
        "2.8.6 a pattern is found anywhere",
        {"patternProperties": {"x": _NUMBER}},
        {"patternProperties": {"x": _NUMBER}, "properties": {"axb": _STRING}},
        [
            "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/axb",
            "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/axb",
            "TYPE_CHANGED #/properties/axb",
        ],
    ),
    (
        "2.8.6 a required addition to a closed model",
        closed(),
        {**closed(a=_STRING), "required": ["a"]},
        ["REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a"],
    ),
    (
        "2.8.6 and with a default",
        closed(),
        {**closed(a={"default": 1}), "required": ["a"]},
        ["REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a"],
    ),
    (
        "2.8.6 removed and covered",
        {"properties": {"a": {"type": "integer"}}, "additionalProperties": _NUMBER},
        {"properties": {}, "additionalProperties": _NUMBER},
        [
            "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a",
            "TYPE_EXTENDED #/properties/a",
        ],
    ),
    (
        "2.8.6 removed and not covered",
        {"properties": {"a": _STRING}, "additionalProperties": _NUMBER},
        {"properties": {}, "additionalProperties": _NUMBER},
        [
            "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a",
            "TYPE_CHANGED #/properties/a",
        ],
    ),
    (
        "2.8.6 unevaluatedProperties cover",
        modern(type="object", unevaluatedProperties=_NUMBER),
        modern(type="object", unevaluatedProperties=_NUMBER, properties={"a": {"type": "integer"}}),
        [
            "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a",
            "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a",
            "TYPE_NARROWED #/properties/a",
        ],
    ),
    (
        "2.8.6 unevaluatedProperties false closes",
        modern(properties={"a": {}}, unevaluatedProperties=False),
        modern(type="object", unevaluatedProperties=False),
        [
            "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a",
        ],
    ),
    (
        "2.8.6 an array dependency that becomes a schema",
        {"dependencies": {"a": ["b"]}},
        {"dependencies": {"a": {}}},
        [
            "DEPENDENCY_ARRAY_REMOVED #/dependencies/a",
            "DEPENDENCY_SCHEMA_ADDED #/dependencies/a",
        ],
    ),
    (
        "2.8.6 dependencies that differ",
        {"dependencies": {"a": ["b"]}},
        {"dependencies": {"a": ["c"]}},
        ["DEPENDENCY_ARRAY_CHANGED #/dependencies/a"],
    ),
    (
        "2.8.6 schema dependencies are compared",
        {"dependencies": {"a": {"maxProperties": 2}}},
        {"dependencies": {"a": {"maxProperties": 1}}},
        [
            "MAX_PROPERTIES_DECREASED #/dependencies/a/maxProperties",
        ],
    ),
    (
        "2.8.6 from false to a schema",
        {"additionalProperties": False},
        {"additionalProperties": _STRING},
        ["ADDITIONAL_PROPERTIES_ADDED #/additionalProperties"],
    ),
    (
        "2.8.6 from a schema to false",
        {"additionalProperties": _STRING},
        {"additionalProperties": False},
        ["ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties"],
    ),
    (
        "2.8.6 two schemas",
        {"additionalProperties": _NUMBER},
        {"additionalProperties": _STRING},
        ["TYPE_CHANGED #/additionalProperties"],
    ),
    (
        "2.8.6 unevaluatedProperties true is a schema",
        modern(type="object"),
        modern(type="object", unevaluatedProperties=True),
        ["UNEVALUATED_PROPERTIES_NARROWED #/unevaluatedProperties"],
    ),
    (
        "2.8.6 from false to a schema, unevaluated",
        modern(unevaluatedProperties=False),
        modern(unevaluatedProperties=_STRING),
        ["UNEVALUATED_PROPERTIES_ADDED #/unevaluatedProperties"],
    ),
    (
        "2.8.6 from true to a schema, unevaluated",
        modern(unevaluatedProperties=True),
        modern(unevaluatedProperties=_STRING),
        ["UNEVALUATED_PROPERTIES_NARROWED #/unevaluatedProperties"],
    ),
    (
        "2.8.6 patternProperties and propertyNames are not compared",
        {"patternProperties": {"a": _STRING}, "propertyNames": {"maxLength": 3}},
        {"patternProperties": {"a": _NUMBER}},
        [],
    ),
    (
        "2.8.7 a list becomes a tuple",
        {"items": _STRING},
        {"items": [_STRING, _STRING]},
        [
            "ITEM_ADDED_TO_OPEN_CONTENT_MODEL #/items/0",
            "ITEM_ADDED_TO_OPEN_CONTENT_MODEL #/items/1",
            "SCHEMA_REMOVED #/items",
        ],
    ),
    (
        "2.8.7 a covered position, one kind more than the inner list",
        {"items": [{}], "additionalItems": {"type": "integer"}},
        {"items": [{}, _NUMBER], "additionalItems": {"type": "integer"}},
        [
            "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/items/1",
            "TYPE_EXTENDED #/items/1",
        ],
    ),
    ("2.8.8 contains itself", modern(contains=_STRING), modern(contains=_NUMBER), []),
    # 2.8.9
    (
        "2.8.9a towards anyOf",
        {"oneOf": [_STRING, _NUMBER]},
        {"anyOf": [_STRING, _NUMBER]},
        ["COMBINED_TYPE_EXTENDED #/"],
    ),
    (
        "2.8.9a away from anyOf",
        {"anyOf": [_STRING, _NUMBER]},
        {"oneOf": [_STRING, _NUMBER]},
        ["COMBINED_TYPE_CHANGED #/"],
    ),
    (
        "2.8.9a one branch towards oneOf",
        {"allOf": [_STRING]},
        {"oneOf": [_STRING, _NUMBER]},
        ["COMBINED_TYPE_EXTENDED #/", "SUM_TYPE_EXTENDED #/"],
    ),
    (
        "2.8.9a allOf towards one branch",
        {"allOf": [_STRING, {"maxLength": 3}]},
        {"oneOf": [_STRING]},
        ["COMBINED_TYPE_EXTENDED #/", "PRODUCT_TYPE_NARROWED #/"],
    ),
    (
        "2.8.9a anyOf towards one branch of allOf",
        {"anyOf": [_STRING, _NUMBER]},
        {"allOf": [_STRING]},
        ["COMBINED_TYPE_CHANGED #/"],
    ),
    ("2.8.9b duplicates are dropped", {"oneOf": [_STRING, _STRING, _NUMBER]}, {"oneOf": [_STRING, _NUMBER]}, []),
    (
        "2.8.9b raw counts decide the criterion",
        {"oneOf": [_STRING, _STRING]},
        {"allOf": [_STRING, _NUMBER]},
        ["COMBINED_TYPE_CHANGED #/"],
    ),
    ("2.8.9b allOf that grows", {"allOf": [_STRING]}, {"allOf": [_STRING, _NUMBER]}, ["PRODUCT_TYPE_EXTENDED #/"]),
    ("2.8.9b oneOf that shrinks", {"oneOf": [_STRING, _NUMBER]}, {"oneOf": [_STRING]}, ["SUM_TYPE_NARROWED #/"]),
    (
        "2.8.9c a matching that is not the first",
        {"anyOf": [{"type": "integer"}, _NUMBER]},
        {"anyOf": [_NUMBER, {"type": "integer"}]},
        [],
    ),
    (
        "2.8.9c branches without a partner",
        {"anyOf": [_STRING, {"type": "null"}]},
        {"anyOf": [_NUMBER, {"type": "null"}]},
        ["COMBINED_TYPE_SUBSCHEMAS_CHANGED #/"],
    ),
    (
        "2.8.9d the index is that of the original",
        {"properties": {"x": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 3}]}}},
        {"properties": {"x": {"anyOf": [{"type": "string", "maxLength": 4}, {"type": "null"}]}}},
        ["MAX_LENGTH_INCREASED #/properties/x/anyOf/1/maxLength"],
    ),
    # 2.10
    (
        "2.10 keys are not escaped",
        {"properties": {"a/b~c": {"type": "integer"}}},
        {"properties": {"a/b~c": _NUMBER}},
        ["TYPE_EXTENDED #/properties/a/b~c"],
    ),
]


@pytest.mark.parametrize(
    ("original", "update", "expected"), [row[1:] for row in PARAGRAPHS], ids=[row[0] for row in PARAGRAPHS]
)
@pytest.mark.parametrize("edition", [NEXT, V83], ids=lambda edition: edition.value)
def test_a_paragraph_holds(original: Any, update: Any, expected: list[str], edition: Edition) -> None:
    assert [f"{kind} {path}" for kind, path in listed(original, update, edition)] == expected


@pytest.mark.parametrize(
    "kind",
    """
    ADDITIONAL_PROPERTIES_NARROWED ADDITIONAL_PROPERTIES_REMOVED UNEVALUATED_PROPERTIES_NARROWED
    UNEVALUATED_PROPERTIES_REMOVED REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL
    OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL
    """.split(),  # noqa: SIM905 - the list of the specification, as it stands there
)
def test_what_lenient_alone_allows(kind: str) -> None:
    """2.9: the kind is found under both policies, and decides the verdict; NOT_COVERED never does by itself."""
    original, update = {
        "ADDITIONAL_PROPERTIES_NARROWED": ({"type": "object"}, {"additionalProperties": _STRING}),
        "ADDITIONAL_PROPERTIES_REMOVED": ({"type": "object"}, {"additionalProperties": False}),
        "UNEVALUATED_PROPERTIES_NARROWED": (modern(type="object"), modern(unevaluatedProperties=_STRING)),
        "UNEVALUATED_PROPERTIES_REMOVED": (modern(type="object"), modern(unevaluatedProperties=False)),
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL": (
            {"type": "object"},
            {"properties": {"a": {"type": "string", "default": ""}}, "required": ["a"]},
        ),
        "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL": ({"type": "object"}, {"properties": {"a": _STRING}}),
        "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL": (closed(a=_STRING), closed()),
    }[kind]
    for edition in (NEXT, V83):
        for policy in Policy:
            assert kinds(original, update, edition, policy) == [kind]
            assert accepted(original, update, edition, policy) == (policy is Policy.LENIENT)


@pytest.mark.parametrize(
    ("original", "update"),
    [
        ({"items": [_STRING]}, {"items": [_STRING], "additionalItems": False}),
        ({"items": [_STRING]}, {"items": [_STRING], "additionalItems": _STRING}),
        ({"items": []}, {"items": [_STRING]}),
        (modern(type="array"), modern(unevaluatedItems=False)),
        (modern(type="array"), modern(unevaluatedItems=_STRING)),
    ],
)
def test_lenient_does_not_reach_arrays(original: Any, update: Any) -> None:
    """2.9: the counterparts for items stay incompatible."""
    assert not accepted(original, update, policy=Policy.LENIENT)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strng"},
        {"multipleOf": 0},
        {"exclusiveMinimum": True},
        {"$ref": "#/definitions/nowhere"},
        modern(items=[{}]),
        {"$schema": D2019, "items": [{}]},
        {"pattern": "("},
    ],
)
def test_what_a_loader_rejects_has_no_verdict(schema: Any) -> None:
    """2.1: the comparison throws, and the request errs."""
    with pytest.raises(SchemaError):
        kinds(schema, {"type": "string"})


def test_a_policy_decides_inside_of_a_comparison_too() -> None:
    """1.6: under LENIENT a branch with one more optional property is a partner, under STRICT it is none."""
    original, update = ({"anyOf": [{"type": "object", "properties": held}, _STRING]} for held in ({}, {"a": _STRING}))
    assert kinds(original, update) == ["COMBINED_TYPE_SUBSCHEMAS_CHANGED"]
    assert kinds(original, update, policy=Policy.LENIENT) == ["OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"]


def test_references_between_subjects() -> None:
    """2.1: by name, relative to the root's id, or as ./NAME, in both loaders."""

    def asked(old: Any, new: Any, edition: Edition) -> list[str]:
        return sorted(f"{one.kind} {one.path}" for one in FORMAT.differences(old, new, Policy.STRICT, edition))

    for ref in ("money.json", "./money.json"):
        for root in ({"$id": "http://shop/order.json"}, {}, modern()):
            whole = {**root, "properties": {"a": {"$ref": ref}, "b": {"$ref": f"{ref}#/$defs/C"}}}
            held = {"type": "number", "$defs": {"C": {"enum": ["EUR"]}}}
            wide = {"type": "number", "$defs": {"C": {"enum": ["EUR", "USD"]}}, "maximum": 9}
            for edition in (V83, NEXT):
                found = asked(parsed(whole, ("money.json", held)), parsed(whole, ("money.json", wide)), edition)
                assert found == ["ENUM_ARRAY_EXTENDED #/properties/b/enum", "MAXIMUM_ADDED #/properties/a/maximum"]


def test_7_4_reads_every_draft_as_draft_07() -> None:
    """2.12: before the modern loader, format made a second node in 2020-12 too, and $ref hid its siblings."""
    assert kinds(modern(type="integer"), modern(type="integer", format="int64"), V74) == ["TYPE_CHANGED"]
    assert kinds(modern(dependentRequired={"a": ["b"]}), modern(), V74) == []
