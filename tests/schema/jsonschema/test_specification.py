"""The behavioural specification paragraph by paragraph: the exact multiset of kinds with their paths, per edition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Edition, Policy
from stream_contracts.schema.jsonschema import FORMAT
from tests.schema.jsonschema.judged import NEXT, V74, V83, accepted, kinds, listed, modern, parsed

_ROWS = Path(__file__).parents[2] / "corpus" / "specification" / "json.jsonl"
PARAGRAPHS = [json.loads(line) for line in _ROWS.read_text(encoding="utf-8").splitlines()]
D2019 = "https://json-schema.org/draft/2019-09/schema"
_STRING = {"type": "string"}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.mark.parametrize(
    ("original", "update", "finds"),
    [pytest.param(row["original"], row["update"], row["finds"], id=row["paragraph"]) for row in PARAGRAPHS],
)
@pytest.mark.parametrize("edition", [NEXT, V83], ids=lambda edition: edition.value)
def test_a_paragraph_holds(original: Any, update: Any, finds: list[str], edition: Edition) -> None:
    assert [f"{kind} {path}" for kind, path in listed(original, update, edition)] == finds


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
