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
from stream_contracts.schema.avro_registry import EXCEPTION, KINDS, differences
from stream_contracts.schema.avro_rules import RULES
from stream_contracts.schema.avro_survival import change
from stream_contracts.schema.avro_values import strategy
from stream_contracts.schema.format import Edition, Policy, Reads, Source

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
