"""Bad input: an error that names schema, place and cause, or the right verdict; never a traceback, never a hang."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Edition, Policy, Reads, Source
from stream_contracts.schema.jsonschema import FORMAT
from stream_contracts.schema.jsonschema_validation import Undecided, _told_apart
from tests.schema.jsonschema.judged import accepted, decoding, kinds, modern, parsed

MALFORMED: list[tuple[Any, str]] = [
    ("{", "line 1, column 2"),
    ("", "not JSON"),
    ("[]", "an array"),
    ("12", "a number"),
    ('"x"', "a string"),
    ("null", "null"),
    ('{"minimum": NaN}', "NaN"),
    ('{"minimum": 1e999999999}', "beyond"),
    ('{"minimum": ' + "9" * 5000 + "}", "not JSON"),
    ({"type": "strng"}, "unknown type 'strng'"),
    ({"type": ["string", 3]}, "unknown type a number"),
    ({"properties": {"a": {"type": 5}}}, "#/properties/a/type"),
    ({"properties": []}, "#/properties: properties must be an object"),
    ({"required": "a"}, "#/required"),
    ({"required": [1]}, "#/required"),
    ({"items": 5}, "#/items"),
    ({"allOf": {}}, "#/allOf"),
    ({"minLength": "1"}, "#/minLength"),
    ({"multipleOf": 0}, "#/multipleOf"),
    (modern(multipleOf="x"), "#/multipleOf"),
    (modern(properties={"a~/b": 3}), "#/properties/a~0~1b"),
    (modern(dependentRequired={"a": "b"}), "#/dependentRequired/a"),
    ({"dependencies": {"a": [1]}}, "#/dependencies/a"),
    (
        {"properties": {"a": {"pattern": "^(a|b"}}},
        "#/properties/a/pattern: the pattern '^(a|b' is no regular expression",
    ),
    (modern(patternProperties={"[a-z": {}}), "unterminated character set at character 1"),
    ({"pattern": "*a"}, "nothing to repeat"),
    (modern(pattern="a{3,1}"), "min repeat greater"),
    ({"$ref": "#/definitions/none"}, "leads nowhere"),
    ({"properties": {"a": {"$ref": "other.json"}}}, "#/properties/a: $ref 'other.json' leads nowhere"),
    (modern(**{"$ref": 5}), "$ref must be a string"),
    ({"$ref": "#/properties/a", "properties": {"a": 5}}, "cannot be followed"),
    ({"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": True}}, "#/properties/a"),
]


@pytest.mark.parametrize(("schema", "expected"), MALFORMED)
def test_malformed(schema: Any, expected: str) -> None:
    """Which schema, where in it, and why."""
    with pytest.raises(SchemaError) as raised:
        parsed(schema)
    assert expected in str(raised.value)
    assert str(raised.value).startswith("order.json")


def test_a_reference_that_is_not_json_is_named() -> None:
    """The error names the reference, not the root."""
    with pytest.raises(SchemaError, match=r"money\.json"):
        parsed({}, ("money.json", 5))


@pytest.mark.parametrize("make", [dict, modern])
def test_references_that_only_lead_to_each_other_are_refused(make: Any) -> None:
    """They define nothing: the error names the schema, the place and the circle."""
    definitions = {"A": {"$ref": "#/definitions/B"}, "B": {"$ref": "#/definitions/A", "title": "nothing"}}
    circle = make(definitions=definitions, properties={"a": {"$ref": "#/definitions/A"}})
    with pytest.raises(SchemaError, match="#/definitions/A → #/definitions/B → #/definitions/A") as raised:
        parsed(circle)
    assert str(raised.value).startswith("order.json at #/")
    with pytest.raises(SchemaError, match="circular"):
        parsed(make(**{"$ref": "#"}))


def test_documents_that_need_each_other_are_refused() -> None:
    """No registry could have taken the first of them; a document that refers to itself is only recursive."""
    root = {"properties": {"a": {"$ref": "a.json"}}}
    first, second = {"items": {"$ref": "b.json"}}, {"properties": {"x": {"$ref": "a.json#"}}}
    with pytest.raises(SchemaError, match=r"circular references: a\.json → b\.json → a\.json"):
        parsed(root, ("a.json", first), ("b.json", second))
    parsed(root, ("a.json", {"items": {"$ref": "b.json"}}), ("b.json", {"properties": {"x": {"$ref": "b.json#"}}}))


def test_references_that_narrow_themselves() -> None:
    """A circle through allOf adds nothing, a circle through oneOf has no meaning."""
    chain = {"definitions": {"A": {"$ref": "#/definitions/B"}, "B": {"type": "string"}}, "$ref": "#/definitions/A"}
    assert decoding(chain, chain).reads is Reads.READS
    liar = modern(**{"$defs": {"A": {"oneOf": [{"$ref": "#/$defs/A"}, {"type": "string"}]}}, "$ref": "#/$defs/A"})
    assert decoding({"type": "string"}, liar).reads is Reads.UNKNOWN
    narrowing = modern(**{"$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}, {"type": "string"}]}}, "$ref": "#/$defs/A"})
    assert decoding({}, narrowing).reads is Reads.FAILS


@pytest.mark.parametrize("edition", list(Edition), ids=lambda edition: edition.value)
@pytest.mark.parametrize("wrapped", [False, True])
def test_twelve_mutually_recursive_unions_finish_at_once(edition: Edition, wrapped: bool) -> None:
    """As many paths as 12! have one answer."""

    def unions(kind: str) -> dict[str, Any]:
        refs = [{"$ref": f"#/definitions/T{i}"} for i in range(12)]
        branches = [
            {"type": "object", "properties": {"x": ref}, "title": ref["$ref"]} if wrapped else ref for ref in refs
        ]
        definitions = {f"T{i}": {"oneOf": [{"type": kind}, *branches]} for i in range(12)}
        return {"definitions": definitions, "oneOf": [{"$ref": "#/definitions/T0"}, {"type": "null"}]}

    started = time.process_time()
    assert accepted(unions("string"), unions("string"), edition)
    assert not accepted(unions("string"), unions("integer"), edition)
    assert time.process_time() - started < 5


def _tagged(kind: str, count: int = 12) -> dict[str, Any]:
    """Types that are told apart by a constant, each of which may hold any of them."""
    union = {"oneOf": [{"$ref": f"#/definitions/T{i}"} for i in range(count)]}

    def one(i: int) -> dict[str, Any]:
        parts = {"tag": {"const": f"T{i}"}, "value": {"type": kind}, "next": union}
        return {"type": "object", "required": ["tag"], "properties": parts}

    return {"definitions": {f"T{i}": one(i) for i in range(count)}, **union}


def _untagged(kind: str, count: int = 12) -> dict[str, Any]:
    """Types that are told apart by which property they require, so that a value may fit two of them at once."""

    def other(j: int) -> dict[str, Any]:
        return {"type": "object", "properties": {f"p{j}": {"$ref": f"#/definitions/T{j}"}}, "required": [f"p{j}"]}

    unions = {f"T{i}": [{"type": kind}, *(other(j) for j in range(count) if j != i)] for i in range(count)}
    return {"definitions": {name: {"oneOf": union} for name, union in unions.items()}, "$ref": "#/definitions/T0"}


@pytest.mark.parametrize(
    ("writer", "reader", "reads"),
    [
        (_tagged("integer"), _tagged("number"), Reads.READS),
        (_tagged("number"), _tagged("integer"), Reads.FAILS),
        (_untagged("string"), _untagged("integer"), Reads.FAILS),
        # {"p1": 1, "p2": 1.5} fits one branch before, and two after.
        (_untagged("integer"), _untagged("number"), Reads.FAILS),
    ],
    ids=["tagged-wider", "tagged-narrower", "untagged-narrower", "untagged-wider"],
)
def test_twelve_mutually_recursive_unions_are_decoded_at_once(writer: Any, reader: Any, reads: Reads) -> None:
    """Proved by induction where the types allow it, else refuted by a message; both without 12! paths."""
    started = time.process_time()
    found = decoding(writer, reader, 100)
    assert (found.reads, found.proved) == (reads, True)
    assert time.process_time() - started < 3


def test_one_of_twelve_tagged_types_that_changed_is_found() -> None:
    """The eleven others settle nothing: the search looks at the branch that a value can be, and at each of them."""
    writer, reader = _tagged("string"), _tagged("string")
    writer["definitions"]["T11"]["properties"]["value"] = {"type": "number"}
    reader["definitions"]["T11"]["properties"]["value"] = {"type": "integer"}
    found = decoding(writer, reader, 100)
    assert (found.reads, found.proved) == (Reads.FAILS, True)
    assert found.witness is not None


def test_notes_and_order_are_no_change() -> None:
    """Branches in another order, with other titles, are the same union; a reference into a list keeps its meaning."""
    union, turned = _untagged("string"), _untagged("string")
    for held in turned["definitions"].values():
        held["oneOf"].reverse()
        held["description"] = "turned"
    assert decoding(union, turned).note == "both schemas are the same"
    assert decoding({"enum": [{"title": "a"}]}, {"enum": [{"title": "b"}]}).reads is Reads.FAILS
    assert decoding({"properties": {"title": {"type": "string"}}}, {"properties": {}}).proved
    assert decoding({"properties": {}}, {"properties": {"title": {"type": "string"}}}).reads is Reads.FAILS
    into = modern(anyOf=[{"type": "string"}, {"type": "number"}], properties={"a": {"$ref": "#/anyOf/0"}})
    swapped = modern(anyOf=[{"type": "number"}, {"type": "string"}], properties={"a": {"$ref": "#/anyOf/0"}})
    assert decoding({**into, "anyOf": [*into["anyOf"], {}]}, {**swapped, "anyOf": [*swapped["anyOf"], {}]}).reads is (
        Reads.FAILS
    )


def test_a_thousand_levels() -> None:
    """Nesting a thousand deep has a verdict; far deeper is refused with a reason; the interpreter's limit stays."""
    before = sys.getrecursionlimit()

    def deep(levels: int, inner: str) -> str:
        return '{"type":"object","properties":{"a":' * levels + inner + "}}" * levels

    assert kinds(deep(1000, "{}"), deep(1000, '{"type":"string"}')) == ["TYPE_CHANGED"]
    with pytest.raises(SchemaError, match="nested too deeply"):
        parsed(deep(100_000, "{}"))
    assert decoding(deep(60, '{"type":"number"}'), deep(60, '{"type":"integer"}')).reads is Reads.FAILS
    assert decoding(deep(1000, '{"type":"number"}'), deep(1000, '{"type":"integer"}')).reads is Reads.UNKNOWN
    assert sys.getrecursionlimit() == before


class PanicException(BaseException):
    """What comes out of the library's Rust part when the stack ends there."""


@pytest.mark.parametrize("error", [RecursionError, PanicException])
def test_a_stack_that_ends_inside_of_the_validator_ends_no_process(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Whichever way it ends: the verdict is unknown, and the caller's own interrupts still get through."""

    def ends(*_: Any) -> bool:
        raise error

    checker = parsed({"minProperties": 1}).checker
    with pytest.raises(Undecided), _told_apart(checker):
        ends()
    monkeypatch.setattr("stream_contracts.schema.jsonschema_values.Tries.raw", ends)
    found = decoding({"type": "object"}, {"minProperties": 1})
    assert (found.reads, found.proved) == (Reads.UNKNOWN, False)
    monkeypatch.setattr("stream_contracts.schema.jsonschema_rules.Prover.subset", ends)
    assert decoding({"type": "object"}, {"minProperties": 1}).reads is Reads.UNKNOWN
    with pytest.raises(KeyboardInterrupt), _told_apart(checker):
        raise KeyboardInterrupt


def test_ten_megabytes() -> None:
    """A schema of 10 MB is read and compared in seconds."""
    properties = {f"property_{i}": {"type": "string", "description": "x" * 900} for i in range(10_500)}
    text = json.dumps({"type": "object", "properties": properties})
    assert len(text) > 10_000_000
    started = time.process_time()
    schema = FORMAT.parse(Source(text))
    assert FORMAT.differences(schema, schema, Policy.STRICT, Edition.CONFLUENT_NEXT) == []
    assert time.process_time() - started < 20


def test_a_thousand_properties_have_a_decoder_verdict() -> None:
    """One changed property among a thousand is found without trying all values of all of them."""
    properties = {f"p{i}": {"type": "string", "maxLength": 10} for i in range(1000)}
    changed = {**properties, "p500": {"type": "string", "maxLength": 9}}
    started = time.process_time()
    found = decoding({"type": "object", "properties": properties}, {"type": "object", "properties": changed})
    assert found.reads is Reads.FAILS
    assert decoding({"type": "object", "properties": changed}, {"type": "object", "properties": properties}).proved
    assert time.process_time() - started < 30


def test_lists_that_references_multiply_are_refused() -> None:
    """Thirty levels that each refer twice to the next would list a billion differences."""

    def levels(kind: str) -> dict[str, Any]:
        definitions: dict[str, Any] = {"T30": {"type": kind}}
        for i in range(30):
            ref = {"$ref": f"#/definitions/T{i + 1}"}
            definitions[f"T{i}"] = {"properties": {"a": ref, "b": dict(ref)}}
        return {"definitions": definitions, "properties": {"a": {"$ref": "#/definitions/T0"}}}

    assert accepted(levels("string"), levels("string"))
    with pytest.raises(SchemaError, match="differences"):
        kinds(levels("string"), levels("integer"))


def test_numbers_beyond_doubles_compare() -> None:
    """Exact integers of any size are compared as the doubles of the registry: infinite beyond them."""
    assert kinds({"maximum": 10**400}, {"maximum": 5}) == ["MAXIMUM_DECREASED"]
    assert kinds({"maximum": 10**400}, {"maximum": 10**401}) == []


def test_an_id_that_is_no_string() -> None:
    """The keyword is named, whether or not anything refers through it."""
    with pytest.raises(SchemaError, match=r"#/properties/a/\$id"):
        parsed({"properties": {"a": {"$id": 5}}})
    assert kinds(modern(properties={"a": {"$id": 5}}), modern(properties={"a": {"$id": 5}})) == []


def test_a_pattern_that_cannot_be_run_fails() -> None:
    """A content model that hangs on it has no verdict; where nothing asks for it, it does no harm."""
    broken = {"type": "object", "patternProperties": {r"\p{IsAlphabetic}": {}}}
    assert kinds(broken, broken) == []
    with pytest.raises(SchemaError, match="cannot be run"):
        kinds(broken, {**broken, "properties": {"a": {}}})
    risky = {"type": "object", "patternProperties": {"^(?=a)(a+)+$": {}}}
    with pytest.raises(SchemaError, match="may never end"):
        kinds(risky, {**risky, "properties": {"a" * 40 + "b": {}}})
    assert decoding({"type": "object"}, broken).reads is Reads.UNKNOWN


@pytest.mark.parametrize(
    "pattern", ["[^]", "[]", r"\p{IsAlphabetic}", "(?<year>[0-9]{4})", r"\cC", "a++", r"\u{1F600}"]
)
def test_patterns_of_other_dialects_are_no_errors(pattern: str) -> None:
    """ECMA and Java know more than the engines at hand do: such a schema has a registry verdict."""
    assert kinds({"pattern": "a"}, {"pattern": pattern}) == ["PATTERN_CHANGED"]
    assert kinds(modern(patternProperties={pattern: {}}), modern(patternProperties={pattern: {}})) == []


def test_meta_schemas_are_known() -> None:
    """A schema may refer to the meta-schema of its draft."""
    meta = {"properties": {"schema": {"$ref": "http://json-schema.org/draft-07/schema#"}}}
    assert set(kinds(meta, meta)) == {"DEFAULT_CHANGED"}  # its defaults are containers, which never count as equal


def test_parse_once() -> None:
    """The same source is the same parsed schema."""
    assert FORMAT.parse(Source('{"type": "string"}')) is FORMAT.parse(Source('{"type": "string"}'))
