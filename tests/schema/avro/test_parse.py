"""Reading Avro schemas: names, references, complaints, and inputs that nobody should send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream_contracts.errors import SchemaError, UsageError
from stream_contracts.schema.avro_canonical import canonical, fingerprint
from stream_contracts.schema.avro_codec import compiled, decode, encode
from stream_contracts.schema.avro_model import Record, Union
from stream_contracts.schema.avro_parse import parse
from stream_contracts.schema.avro_text import DEEPEST, LARGEST_TEXT, MOST_TYPES
from stream_contracts.schema.avro_values import boundary
from stream_contracts.schema.format import Reference, Source

MONEY = json.dumps({"type": "record", "name": "shop.Money", "fields": [{"name": "cents", "type": "long"}]})
LINE = json.dumps({"type": "record", "name": "shop.Line", "fields": [{"name": "price", "type": "shop.Money"}]})


def record(*fields: Any, **more: Any) -> str:
    return json.dumps({"type": "record", "name": "shop.Order", **more, "fields": list(fields)})


def refused(text: str, *references: Reference) -> SchemaError:
    with pytest.raises(SchemaError) as caught:
        parse(Source(text, references, called="orders v3"))
    assert "orders v3" in str(caught.value)
    return caught.value


def test_names_resolve_in_the_namespace_around_and_then_in_none() -> None:
    """Specification, Names; the second step is Java's."""
    inner = {"type": "record", "name": "Own", "fields": [{"name": "self", "type": ["null", "Own"]}]}
    parsed = parse(Source(record({"name": "a", "type": inner}, {"name": "b", "type": "Own"})))
    assert isinstance(parsed.root, Record)
    first, second = (field.node for field in parsed.root.fields)
    assert first is second
    assert isinstance(first, Record)
    assert first.fullname == "shop.Own"
    optional = first.fields[0].node
    assert isinstance(optional, Union)
    assert optional.branches[1] is first


def test_references_resolve_by_name_in_any_order() -> None:
    """A reference that needs another one finds it, wherever it is listed; the result is one self-contained schema."""
    references = (Reference("shop.Line", "line", 1, LINE), Reference("shop.Money", "money", 1, MONEY))
    parsed = parse(Source(record({"name": "line", "type": "shop.Line"}), references))
    assert not parsed.local
    whole = parse(Source(canonical(parsed)))
    assert fingerprint(whole) == fingerprint(parsed)
    value = next(boundary(parsed))
    ready = compiled(parsed)
    assert decode(ready, None, encode(ready, value)) == value == {"line": {"price": {"cents": 1}}}


def test_a_union_of_references_is_a_schema() -> None:
    """Several event types in one topic."""
    both = (Reference("shop.Money", text=MONEY), Reference("shop.Line", text=LINE))
    parsed = parse(Source('["shop.Money", "shop.Line"]', both))
    ready = compiled(parsed)
    assert ready.refusal == ""
    for value in boundary(parsed, named_branches=True):
        assert decode(ready, None, encode(ready, value)) == value[1]


def test_missing_and_circular_references_are_named() -> None:
    """Never a traceback, never a silent pass."""
    assert "unknown type 'shop.Money'" in str(refused(LINE))
    missing = refused(LINE, Reference("shop.Money", "money", 1, None))
    assert "reference shop.Money" in str(missing)
    one = json.dumps({"type": "record", "name": "n.A", "fields": [{"name": "b", "type": "n.B"}]})
    two = json.dumps({"type": "record", "name": "n.B", "fields": [{"name": "a", "type": "n.C"}]})
    three = json.dumps({"type": "record", "name": "n.C", "fields": [{"name": "a", "type": "n.B"}]})
    circle = (Reference("n.B", text=two), Reference("n.C", text=three))
    assert "circular references: n.B → n.C → n.B" in str(refused(one, *circle))
    itself = Reference("n.B", text=two.replace('"name": "n.B"', '"name": "n.Z"').replace("n.C", "n.B"))
    assert "circular references: n.B → n.B" in str(refused(one, itself))


@pytest.mark.parametrize("default", ["abc", None, 2**31, 1.5, True])
def test_a_bad_default_is_a_complaint_not_an_error(default: Any) -> None:
    """Registries accept it, so we read it, and say so."""
    parsed = parse(Source(record({"name": "n", "type": "int", "default": default})))
    (complaint,) = parsed.complaints
    assert complaint.pointer == "/fields/0/default"
    assert "shop.Order.n" in complaint.message


def test_a_default_of_a_later_branch_is_a_complaint() -> None:
    """Valid since Avro 1.12, an error in readers before."""
    parsed = parse(Source(record({"name": "n", "type": ["null", "string"], "default": "null"})))
    assert "first branch" in parsed.complaints[0].message
    fine = parse(Source(record({"name": "n", "type": ["null", "string"], "default": None})))
    assert fine.complaints == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ('{"type": "record"', "not JSON"),
        ("NaN", "NaN is not a JSON value"),
        ('{"type": "fixed", "name": "F", "size": NaN}', "NaN is not a JSON value"),
        ('"string" "string"', "not JSON"),
        ("record", "not JSON"),
        ('{"type": "array", "items": "x.Nowhere"}', "unknown type 'x.Nowhere'"),
        ('{"type": {"type": "string"}}', "a string"),
    ],
)
def test_malformed_text(text: str, said: str) -> None:
    """The cause in words."""
    assert said in str(refused(text))


def test_a_pointer_leads_to_the_place() -> None:
    """Through fields, items and branches."""
    bad = {"type": "array", "items": ["null", {"type": "map", "values": "Nowhere"}]}
    assert refused(record({"name": "a", "type": bad})).pointer == "/fields/0/type/items/1/values"


@pytest.mark.parametrize("levels", [DEEPEST + 2, 1_000, 10_000, 100_000])
def test_nesting_a_thousand_deep_is_refused(levels: int) -> None:
    """By a message, whatever Python's stack does."""
    assert "deep" in str(refused('{"type":"array","items":' * levels + '"int"' + "}" * levels))
    if levels <= 10_000:
        opening = "".join(f'{{"type":"record","name":"R{at}","fields":[{{"name":"f","type":' for at in range(levels))
        assert "deep" in str(refused(opening + '"int"' + "}]}" * levels))


def test_nesting_that_is_allowed_is_read() -> None:
    """The limit is a promise as well."""
    levels = DEEPEST - 1
    parsed = parse(Source('{"type":"array","items":' * levels + '"int"' + "}" * levels))
    assert compiled(parsed).refusal == ""


def test_ten_megabytes_are_read() -> None:
    """Mostly documentation, as such texts are: they have a verdict in seconds."""
    fields = [{"name": f"f{at}", "type": "int", "doc": "x" * 50_000} for at in range(200)]
    text = json.dumps({"type": "record", "name": "R", "fields": fields})
    assert len(text) > 10_000_000
    assert compiled(parse(Source(text))).refusal == ""


def test_what_is_too_large_is_refused_in_words() -> None:
    """Too long a text before anything is made of it; too many types at the first one too many."""
    huge = record({"name": "n", "type": "int", "doc": "x" * LARGEST_TEXT})
    assert f"{LARGEST_TEXT:,}" in str(refused(huge))
    wide = record(*({"name": f"f{at}", "type": "int"} for at in range(MOST_TYPES)))
    assert f"/fields/{MOST_TYPES - 1}/type: more than {MOST_TYPES:,} types" in str(refused(wide))


def test_an_unknown_fingerprint_names_the_known_ones() -> None:
    """And a known one is the specification's: CRC-64-AVRO of "int" is published."""
    parsed = parse(Source('"int"'))
    assert fingerprint(parsed)[::-1].hex() == "7275d51a3f395c8f"
    with pytest.raises(UsageError, match="CRC-64-AVRO, MD5, SHA-256"):
        fingerprint(parsed, "SHA-1")
