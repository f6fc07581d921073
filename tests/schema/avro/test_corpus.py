"""Laws over the corpus: each kind and rule has a case and a near miss, and rules and decoder agree on all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

from stream_contracts.schema.avro_codec import compiled, decode, encode
from stream_contracts.schema.avro_decoder import REFUSED, decoding
from stream_contracts.schema.avro_explain import EXPLANATIONS
from stream_contracts.schema.avro_model import AvroSchema
from stream_contracts.schema.avro_parse import parse
from stream_contracts.schema.avro_random import strategy
from stream_contracts.schema.avro_registry import EXCEPTION, KINDS, differences
from stream_contracts.schema.avro_rules import RULES
from stream_contracts.schema.avro_survival import change
from stream_contracts.schema.format import Edition, Policy, Reads, Source
from tests.schema.avro.drawing import pairs

CORPUS: Final = Path(__file__).parents[2] / "corpus" / "avro"
FILES: Final = sorted(CORPUS.glob("*/*.json"))
ROWS: Final = {*KINDS, EXCEPTION, REFUSED, *(rule.id for rule in RULES)}


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def pair(path: Path) -> tuple[AvroSchema, AvroSchema, dict[str, Any]]:
    """Writer, reader, and what is expected of them."""
    case = json.loads(path.read_text(encoding="utf-8"))
    return parse(Source(json.dumps(case["writer"]))), parse(Source(json.dumps(case["reader"]))), case


def test_every_row_has_its_case_and_its_near_miss() -> None:
    """A rule that never fired in a test is not a rule."""
    folders = {path.parent.name for path in FILES}
    assert {folder for folder in folders if not folder.startswith("trap-")} == ROWS
    assert {name(path) for path in FILES} == {
        f"{folder}/{stem}" for folder in folders for stem in ("case", "near-miss")
    }


def test_every_row_is_explained() -> None:
    """Who meets a kind or a rule is told what to do instead."""
    assert set(EXPLANATIONS) == ROWS


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_registry_finds_these_kinds(path: Path) -> None:
    """All editions, the multiset of kinds; a folder named after a kind holds it."""
    writer, reader, case = pair(path)
    for edition in Edition:
        found = differences(writer, reader, Policy.STRICT, edition)
        assert sorted(each.kind for each in found) == sorted(case["kinds"])
    if path.parent.name in {*KINDS, EXCEPTION}:
        assert (path.parent.name in case["kinds"]) == (path.stem == "case")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_decoder_says_so_and_a_message_proves_it(path: Path) -> None:
    """The verdict, the rules that fired, and for whatever is not "reads" a message that was really read."""
    writer, reader, case = pair(path)
    said = decoding(writer, reader, 60)
    assert (said.reads, [clash.rule for clash in said.clashes]) == (case["reads"], case["rules"])
    assert said.proved
    assert (said.witness is None) == (said.reads is Reads.READS)
    if said.witness is not None:
        assert bool(said.witness.error) == (said.reads is Reads.FAILS)
        again = decoding(writer, reader, 60)
        assert again == said, "the search has to be reproducible"
    rows = {rule.id for rule in RULES} | {REFUSED}
    if path.parent.name in rows:
        assert (path.parent.name in case["rules"]) == (path.stem == "case")


@pytest.mark.parametrize("path", [path for path in FILES if path.stem == "near-miss"], ids=name)
def test_where_no_rule_fires_every_value_survives(path: Path) -> None:
    """Several hundred values beyond those of the search itself."""
    writer, reader, _ = pair(path)
    wrote, reads = compiled(writer), compiled(reader)

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy(writer, named_branches=True))
    def survives(value: Any) -> None:
        read = decode(wrote, reads, encode(wrote, value))
        assert change(writer.root, reader.root, value, read) == ""

    survives()


def test_rules_and_decoder_agree_on_generated_changes() -> None:
    """Whatever breaks, a rule said so; whatever a rule said, a message showed it."""
    verdicts = set()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(pairs())
    def agree(drawn: tuple[Any, Any]) -> None:
        writer, reader = (parse(Source(json.dumps(schema))) for schema in drawn)
        said = decoding(writer, reader, 30)
        assert said.proved
        assert said.reads is Reads.READS or said.reads in {clash.reads for clash in said.clashes}
        verdicts.add(said.reads)

    agree()
    assert verdicts == {Reads.READS, Reads.FAILS, Reads.CHANGES}


def test_a_wide_record_is_judged_at_once() -> None:
    """A thousand fields, and the one that broke is found by its rule, not by luck."""
    fields = [{"name": f"f{at}", "type": ["null", "string"], "default": None} for at in range(1000)]
    old = {"type": "record", "name": "Wide", "fields": [*fields, {"name": "last", "type": "bytes"}]}
    new = {"type": "record", "name": "Wide", "fields": [*fields, {"name": "last", "type": "string"}]}
    said = decoding(parse(Source(json.dumps(old))), parse(Source(json.dumps(new))), 20)
    assert [clash.rule for clash in said.clashes] == ["avro-bytes-not-text"]
    assert said.witness is not None
    assert said.witness.value["last"] == {"base64": "/w=="}


def test_what_fastavro_cannot_hold_is_unknown() -> None:
    """A name of the null namespace inside a namespace: Java finds it, fastavro does not."""
    inner = {"type": "record", "name": "N", "namespace": "", "fields": []}
    written = {"type": "record", "name": "a.R", "fields": [{"name": "x", "type": inner}, {"name": "y", "type": "N"}]}
    parsed = parse(Source(json.dumps(written)))
    said = decoding(parsed, parsed, 10)
    assert (said.reads, said.witness) == (Reads.UNKNOWN, None)
    assert "fastavro does not take the writer's schema" in said.note


def test_a_schema_that_can_write_nothing_breaks_nobody() -> None:
    """No message exists that could fail."""
    lone = parse(Source('{"type": "record", "name": "L", "fields": [{"name": "l", "type": "L"}]}'))
    said = decoding(lone, parse(Source('"int"')), 10)
    assert (said.reads, said.clashes) == (Reads.READS, ())
    assert "no finite value" in said.note


@pytest.mark.parametrize("around", [{"type": "array", "items": "A"}, {"type": "map", "values": "A"}])
def test_trees_of_records_are_judged(around: Any) -> None:
    """A type that holds any number of itself: messages that are full everywhere must stop somewhere."""

    def tree(kind: str) -> AvroSchema:
        fields = [{"name": "inner", "type": around}, {"name": "value", "type": kind}, {"name": "again", "type": around}]
        return parse(Source(json.dumps({"type": "record", "name": "A", "fields": fields})))

    assert decoding(tree("int"), tree("long"), 20).reads is Reads.READS
    assert decoding(tree("bytes"), tree("string"), 20).reads is Reads.FAILS


def test_types_used_twice_at_every_level_do_not_explode() -> None:
    """Forty levels: messages of 2^40 parts, or lists of lists of them, are neither written nor waited for."""

    def levels(around: Any) -> tuple[AvroSchema, AvroSchema]:
        inner: Any = "int"
        for at in range(40):
            first, second = around(inner), around(f"R{at - 1}" if at else "int")
            fields = [{"name": "a", "type": first}, {"name": "b", "type": second}]
            inner = {"type": "record", "name": f"R{at}", "fields": fields}
        text = json.dumps(inner)
        return parse(Source(text)), parse(Source(text.replace('"int"', '"string"')))

    old, new = levels(lambda node: node)
    assert decoding(old, new, 20).reads is Reads.UNKNOWN
    found = differences(old, new, Policy.STRICT, Edition.CONFLUENT_8_3)
    assert {each.kind for each in found} == {"TYPE_MISMATCH"}
    old, new = levels(lambda node: {"type": "array", "items": node})
    assert decoding(old, new, 20).reads is Reads.FAILS
    assert decoding(old, old, 20).reads is Reads.READS
