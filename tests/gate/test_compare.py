"""One subject: every finding with place, witness, who breaks, deploy order; levels; references and blast radius."""

from __future__ import annotations

import pytest

from stream_contracts.findings import Severity, Verdict
from stream_contracts.gate.baseline import Version, Versions
from stream_contracts.gate.compare import Task, _hits, judge
from stream_contracts.gate.decide import decide
from stream_contracts.gate.examples import EXAMPLES
from stream_contracts.gate.review import loaded
from stream_contracts.gate.verdicts import exit_code
from stream_contracts.schema.compat import Comparison, Direction
from stream_contracts.schema.format import Decoding, Reads, Source
from tests.gate.project import TODAY, Project, only, rules


def task(form: str, level: str, *texts: str) -> Task:
    *former, new = texts
    known = tuple(Version(at, f"v{at}", form, Source(text)) for at, text in enumerate(former, 1))
    return Task("s", form, Source(new, called="new"), level, Versions(known))


@pytest.mark.parametrize(("form", "kind"), sorted(EXAMPLES))
def test_an_example_shows_its_kind(form: str, kind: str) -> None:
    example = EXAMPLES[form, kind]
    found = judge(task(form, example.level, example.before, example.after)).findings
    assert kind in {each.rule for each in found if each.severity is Severity.ERROR}


def test_every_finding_is_told_with_all_that_a_person_asks(shop: Project) -> None:
    shop.replace("shop/order.avsc", '{"name": "id", "type": "string"}', '{"name": "id", "type": "int"}')
    shop.replace("shop/order.avsc", '"default": null', '"doc": "x"')
    review = shop.review()
    found = {each.rule: each for each in review.findings}
    assert found.keys() == {"TYPE_MISMATCH", "READER_FIELD_MISSING_DEFAULT_VALUE"}
    mismatch = found["TYPE_MISMATCH"]
    assert str(mismatch.place) == f"{shop.contracts}/shop/order.avsc:6"
    assert mismatch.facts["registry"] == "incompatible (confluent-8.3, BACKWARD)"
    assert mismatch.facts["decoder"] == "fails"
    assert mismatch.facts["who breaks"].endswith(": shop/enrich")
    assert mismatch.facts["safe deploy order"].startswith("neither")
    assert mismatch.witness["written"]["id"] == "text"
    assert "SchemaResolutionError" in mismatch.witness["error"]
    assert "against order.v1.avsc, main:contracts/shop/order.avsc" in mismatch.what


_R = '{"type": "record", "name": "R", "fields": [%s]}'
_O = '{"type": "object", "properties": {%s}, "required": [%s]}'
_M = 'syntax = "proto2"; message M { %s }'


@pytest.mark.parametrize(
    ("form", "old", "new", "written"),
    [
        (
            "AVRO",
            _R % '{"name": "a", "type": "string"}, {"name": "b", "type": "string"}',
            _R % '{"name": "a", "type": "int"}, {"name": "b", "type": "int"}, {"name": "c", "type": "int"}',
            {"/fields/0/type": ["a"], "/fields/1/type": ["b"], "/fields/2": []},
        ),
        (
            "JSON",
            _O % ('"a": {"type": "string"}, "b": {"type": "integer"}', '"a"'),
            _O % ('"a": {"type": "integer"}, "b": {"type": "string"}', '"a", "b"'),
            {"#/properties/a": ["a"], "#/properties/b": ["b"], "#/required/b": []},
        ),
        (
            "PROTOBUF",
            _M % "optional int32 a = 1; optional string b = 2;",
            _M % "optional string a = 1; optional int64 b = 2;",
            {"#/M/1": ["a"], "#/M/2": ["b"]},
        ),
    ],
)
def test_each_of_several_breaks_has_a_message_of_its_own(
    form: str, old: str, new: str, written: dict[str, list[str]]
) -> None:
    found = judge(task(form, "BACKWARD", old, new)).findings
    assert {each.facts["at"]: list(each.witness["written"]) for each in found} == written
    assert all(each.facts["decoder"].endswith("(shown for this place alone)") for each in found)


def test_a_break_that_no_message_can_show_alone_says_so() -> None:
    """Every message lacks the new required field, so none can show what becomes of the other one."""
    old, new = _M % "optional int32 a = 1;", _M % "optional string a = 1; required int32 b = 2;"
    told = {each.facts["at"]: each.facts["decoder"] for each in judge(task("PROTOBUF", "BACKWARD", old, new)).findings}
    assert told["#/M/2"] == "fails (shown for this place alone)"
    assert told["#/M/1"] == "fails; the message shows that data breaks, at this or another of 2 places"


def test_a_type_that_another_field_defines_does_not_hinder() -> None:
    enum = '{"type": "enum", "name": "E", "symbols": [%s]}'
    both, one = enum % '"A", "B"', enum % '"A"'
    old = _R % f'{{"name": "a", "type": {both}}}, {{"name": "b", "type": "E"}}'
    new = _R % f'{{"name": "a", "type": {one}}}, {{"name": "b", "type": "E"}}, {{"name": "c", "type": "int"}}'
    found = judge(task("AVRO", "BACKWARD", old, new)).findings
    assert all(each.witness or "unproved at this place" in each.facts["decoder"] for each in found)


def test_the_same_break_with_many_versions_is_told_once() -> None:
    old = [f'{{"type": "record", "name": "R", "doc": "{at}", "fields": []}}' for at in range(9)]
    new = '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}'
    (found,) = judge(task("AVRO", "BACKWARD_TRANSITIVE", *old, new)).findings
    assert "against 9 versions, v1 to v9" in found.what


TWO_STEPS = (
    '{"type": "record", "name": "R", "fields": []}',
    '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": 0}]}',
    '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}',
)


@pytest.mark.parametrize(
    ("level", "verdict"),
    [
        ("NONE", Verdict.PASS),
        ("BACKWARD", Verdict.PASS),
        ("FORWARD", Verdict.PASS),
        ("FULL", Verdict.PASS),
        ("BACKWARD_TRANSITIVE", Verdict.FAIL),
        ("FORWARD_TRANSITIVE", Verdict.PASS),
        ("FULL_TRANSITIVE", Verdict.FAIL),
    ],
)
def test_each_level_compares_what_it_says(level: str, verdict: Verdict) -> None:
    assert judge(task("AVRO", level, *TWO_STEPS)).verdict is verdict


def test_a_forward_break_is_placed_in_the_new_schema() -> None:
    old = '{"type": "record", "name": "R", "fields": [\n{"name": "x", "type": "int"},\n{"name": "a", "type": "int"}]}'
    new = (
        '{"type": "record", "name": "R", "fields": [\n{"name": "a", "type": "string"},\n{"name": "x", "type": "int"}]}'
    )
    (found,) = judge(task("AVRO", "FORWARD", old, new)).findings
    assert found.facts["who breaks"].startswith("old readers")
    assert found.place is not None
    assert found.place.line == 2


def test_what_only_a_decoder_refuses_is_a_warning() -> None:
    (found,) = judge(task("AVRO", "BACKWARD", '["string", "bytes"]', '["bytes", "string"]')).findings
    assert (found.severity, found.facts["registry"][:10]) == (Severity.WARNING, "compatible")
    assert found.rule == "avro-branch-drift"
    assert found.witness


def test_a_break_that_no_rule_names_is_still_told() -> None:
    """decoder-differs: what a search finds beyond the rules; the near miss is a decoder that reads."""
    source = Source('"string"')
    found = [
        [
            rule
            for rule, *_ in _hits(
                Comparison(1, source, Direction.BACKWARD, (), registry=True, decoding=Decoding(reads))
            )
        ]
        for reads in (Reads.CHANGES, Reads.READS, Reads.UNKNOWN)
    ]
    assert found == [["decoder-differs"], [], []]


_P = 'syntax = "proto3"; message A { int32 a = 1; %s }'
_CLASH = _P % "int32 a_ = 2;"
"""The registry takes it; protoc does not, since both fields are called "a" in JSON."""
_E = 'syntax = "proto3"; enum E { X = 0; %s }'
_ROUND = """{"definitions": {"A": {"not": {"$ref": "#/definitions/A"}}}, "type": "object", "additionalProperties": false,
    "properties": {"x": {"$ref": "#/definitions/A"}, "y": {"maxLength": %s}}}"""
_WHEN = '{"type": "object", "if": {"required": ["a"]}, "then": {"maxProperties": %s}}'


@pytest.mark.parametrize(
    ("form", "old", "new", "reason"),
    [
        ("PROTOBUF", _CLASH, _P % "", "protoc refuses it: The default JSON name"),
        ("PROTOBUF", _P % "", _CLASH, "protoc refuses it: The default JSON name"),
        ("PROTOBUF", _P % "", _P % "string b = 2;", ""),
        ("PROTOBUF", _E % "", _E % "Y = 1;", ""),
        ("JSON", _ROUND % 1, _ROUND % 2, "refers to itself"),
        ("JSON", _WHEN % 2, _WHEN % 3, ""),
        ("AVRO", '"int"', '"long"', ""),
    ],
)
def test_an_unknown_decoder_verdict_is_noted_with_its_reason(form: str, old: str, new: str, reason: str) -> None:
    """The registry's verdict stands; that nothing was searched, where no search was asked for, is no reason."""
    judgement = judge(task(form, "BACKWARD", old, new))
    assert judgement.verdict is Verdict.PASS
    assert reason in judgement.note
    assert judgement.note.startswith("the decoder's verdict is unknown: " if reason else "")
    assert bool(judgement.note) is bool(reason)
    assert ("(against v1)" in judgement.note) is bool(reason)


def test_a_refused_change_says_why_the_decoder_is_unknown() -> None:
    judgement = judge(task("PROTOBUF", "BACKWARD", _CLASH, _P.replace("int32", "string") % ""))
    assert judgement.verdict is Verdict.FAIL
    assert judgement.findings[0].facts["decoder"].startswith("unknown: ")
    assert "protoc refuses it" in judgement.note


def test_a_new_schema_that_only_one_side_takes_is_told() -> None:
    """Where the registry would refuse it nothing ships; where protoc does, the registry's verdict stands, with a note."""
    refused = judge(task("PROTOBUF", "BACKWARD", 'edition = "2023"; message A { int32 a = 1; }'))
    assert refused.verdict is Verdict.UNKNOWN
    assert "the registry would refuse it" in refused.note
    assert "editions" in refused.note
    clash = judge(task("PROTOBUF", "NONE", _P % "", _CLASH))
    assert (clash.verdict, "protoc refuses it" in clash.note) == (Verdict.PASS, True)
    fine = judge(task("PROTOBUF", "BACKWARD", _P % ""))
    assert (fine.verdict, fine.note) == (Verdict.PASS, "")


@pytest.mark.parametrize(("level", "verdict"), [("BACKWARD", Verdict.FAIL), ("NONE", Verdict.PASS)])
def test_another_format_is_no_new_version(level: str, verdict: Verdict) -> None:
    known = Versions((Version(1, "v1", "JSON", Source('{"type": "string"}')),))
    assert judge(Task("s", "AVRO", Source('"string"'), level, known)).verdict is verdict


def test_where_the_level_comes_from_is_told(shop: Project) -> None:
    shop.replace(
        "shop/contract.yaml", "{schema: payment.proto}", "{schema: payment.proto, compatibility: FULL_TRANSITIVE}"
    )
    told = {each.name: each.told for each in shop.review().judged}
    assert told["shop/payments-value"].startswith("FULL_TRANSITIVE (set for the subject, contract.yaml:17)")
    assert told["shop/orders-value"].startswith("BACKWARD_TRANSITIVE (set under registry, contract.yaml:3)")
    assert told["billing/invoices-value"].startswith("BACKWARD (the default, nothing is set)")


def test_a_change_reaches_all_that_refer_to_it(shop: Project) -> None:
    referring = "schema: ad.avsc, references: {shop.Money: shop.Money, shop.Order: orders-value}"
    shop.write("ads/contract.yaml", f"contract: ads\nowner: me\ntopics:\n  ads:\n    value: {{{referring}}}\n")
    shop.write("ads/ad.avsc", '{"type": "record", "name": "Ad", "fields": [{"name": "o", "type": "shop.Order"}]}')
    shop.commit("ads refer to orders, and through them to money")
    shop.replace("shop/money.avsc", '{"name": "amount", "type": "long"}', '{"name": "amount", "type": "string"}')
    review = shop.review()
    assert {each.subject for each in review.findings} == {"shop.Money", "orders-value", "invoices-value", "ads-value"}
    money = next(each for each in review.findings if each.subject == "shop.Money")
    assert money.facts["referred to by"] == "ads-value, invoices-value, orders-value"
    orders = next(each for each in review.findings if each.subject == "orders-value")
    assert orders.facts["changed through"] == "shop.Money"


def test_a_harmless_change_says_who_refers_to_it(shop: Project) -> None:
    shop.replace("shop/money.avsc", '"type": "string"}', '"type": "string", "doc": "ISO 4217"}')
    told = {each.name: each.told for each in shop.review().judged}
    assert told["shop/shop.Money"].endswith("changed, and referred to by invoices-value, orders-value")


def test_a_contract_alone_finds_references_beside_it(shop: Project) -> None:
    (billing,) = loaded([shop.contracts / "billing"])
    (_, _, schema), *_ = billing.schemas()
    assert decide(billing, schema).judgement.verdict is Verdict.PASS


def test_references_in_a_circle_are_told(shop: Project) -> None:
    shop.replace(
        "shop/contract.yaml", "{schema: money.avsc}", "{schema: money.avsc, references: {shop.Order: orders-value}}"
    )
    review = shop.review()
    assert "in a circle: orders-value -> shop.Money -> orders-value" in "".join(each.what for each in review.findings)
    assert exit_code(review) == 2


def test_the_items_of_pytest_judge_the_same(shop: Project) -> None:
    shop.replace("shop/order.avsc", '"default": null', '"doc": "x"')
    contract = next(each for each in loaded([shop.contracts]) if each.name == "shop")
    schema = next(
        schema for topic, role, schema in contract.schemas() if contract.subject(topic, role) == "orders-value"
    )
    decision = decide(contract, schema, budget=0, today=TODAY)
    assert [each.rule for each in decision.judgement.findings] == list(rules(shop.review("kept")))
    assert (decision.level, decision.versions) == ("BACKWARD_TRANSITIVE", 1)
    assert only(shop.review("kept"), "READER_FIELD_MISSING_DEFAULT_VALUE").subject == "orders-value"


def test_the_deploy_order_is_safe_for_decoders_too() -> None:
    """The registry takes string to bytes both ways; old readers of text fail on bytes, so consumers go first."""
    old = 'syntax = "proto3"; message M { string a = 1; }'
    found = judge(task("PROTOBUF", "FULL", old, old.replace("string", "bytes"))).findings
    assert {(each.severity, each.facts["safe deploy order"]) for each in found} == {
        (Severity.WARNING, "consumers first")
    }
