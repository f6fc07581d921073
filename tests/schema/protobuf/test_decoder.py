"""Every decoder rule has a case with a witness and a near miss; every trap has its verdict; no verdict is refuted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Decoding, Reads
from stream_contracts.schema.protobuf_decoder import decode_verdict
from stream_contracts.schema.protobuf_explain import RULES
from stream_contracts.schema.protobuf_meaning import loss
from stream_contracts.schema.protobuf_protoc import Compiled, compiled
from stream_contracts.schema.protobuf_rules import FIELD_RULES, MESSAGE_RULES
from stream_contracts.schema.protobuf_values import Plan, build, search
from tests.schema.protobuf.corpus import FOLDER, decoding, files, load, source
from tests.schema.protobuf.pairs import pairs

RULE_FILES = pytest.mark.parametrize("path", files("rules"), ids=lambda path: path.stem)
TRAPS: list[dict[str, Any]] = load(FOLDER / "traps.yaml")  # type: ignore[assignment]


def rules(verdict: Decoding) -> set[str]:
    return {clash.rule for clash in verdict.clashes}


def test_the_corpus_and_the_advice_have_every_rule() -> None:
    names = {rule.id for rule in (*FIELD_RULES, *MESSAGE_RULES)}
    assert {path.stem for path in files("rules")} == names
    assert RULES.keys() == names | {"protobuf-unexplained"}


@RULE_FILES
def test_a_case_breaks_by_this_rule_alone_and_a_message_proves_it(path: Path) -> None:
    case = load(path)["case"]
    verdict = decoding(case["writer"], case["reader"])
    assert verdict.reads == case["reads"], verdict
    assert rules(verdict) == {path.stem}
    assert verdict.proved
    prove_again(verdict, case)


@RULE_FILES
def test_a_near_miss_reads(path: Path) -> None:
    case = load(path)["near_miss"]
    verdict = decoding(case["writer"], case["reader"])
    assert verdict.reads is Reads.READS, verdict
    assert verdict.clashes == ()
    assert verdict.witness is None


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap["why"])
def test_a_trap_has_its_verdict(trap: dict[str, Any]) -> None:
    verdict = decoding(trap["writer"], trap["reader"])
    assert verdict.reads == trap["reads"], verdict
    assert "protobuf-unexplained" not in rules(verdict)
    if verdict.reads is Reads.UNKNOWN:
        assert verdict.note
    elif verdict.reads is not Reads.READS:
        assert verdict.proved
        prove_again(verdict, trap)


def prove_again(verdict: Decoding, case: dict[str, Any]) -> None:
    """The bytes of the witness do to the reader what the witness says, in a parser of its own."""
    assert verdict.witness is not None
    writer, reader = (compiled(source(case[side])) for side in ("writer", "reader"))
    name = str(verdict.witness.value.get("@type", next(iter(writer.messages.values())).full_name))
    local = name.removeprefix(f"{writer.file.package}.")
    counterpart = reader.messages.get(local) or next(iter(reader.messages.values()))
    try:
        read = GetMessageClass(counterpart).FromString(verdict.witness.data)
    except DecodeError:
        assert verdict.reads is Reads.FAILS
        assert verdict.witness.error
        return
    if not read.IsInitialized():
        assert verdict.reads is Reads.FAILS
        assert "missing required fields" in verdict.witness.error
        return
    assert verdict.reads is Reads.CHANGES
    written = GetMessageClass(writer.messages[local]).FromString(verdict.witness.data)
    assert loss(written, read) is not None
    shown = {name: value for name, value in verdict.witness.value.items() if name != "@type"}
    assert shown != verdict.witness.outcome


def counterexample(writer: Compiled, reader: Compiled, budget: int) -> Plan | None:
    """A message of the writer that the reader refuses or misreads, found without any rule."""
    for name, message in writer.messages.items():
        if name not in reader.messages:
            continue

        def breaks(plan: Plan, message: Any = message, name: str = name) -> bool:
            written = build(message, plan)
            try:
                read = GetMessageClass(reader.messages[name]).FromString(written.SerializeToString())
            except DecodeError:
                return True
            return not read.IsInitialized() or loss(written, read) is not None

        found = search(message, breaks, budget)
        if found is not None:
            return found
    return None


@settings(max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(pairs())
def test_a_verdict_survives_a_search_for_counterexamples(pair: tuple[str, str]) -> None:
    try:
        old, new = (compiled(source(text)) for text in pair)
    except SchemaError:
        return
    for writer, reader in ((old, new), (new, old)):
        verdict = decode_verdict(writer, reader, 300)
        assert "protobuf-unexplained" not in rules(verdict), verdict
        if verdict.reads is Reads.READS:
            assert counterexample(writer, reader, 25) is None
        else:
            assert verdict.proved, verdict


def test_the_same_question_has_the_same_answer() -> None:
    old, new = 'syntax = "proto3"; message A { int64 a = 1; }', 'syntax = "proto3"; message A { int32 a = 1; }'
    assert decoding(old, new) == decoding(old, new)


def test_without_a_budget_a_claim_stays_unproved() -> None:
    old, new = 'syntax = "proto3"; message A { int64 a = 1; }', 'syntax = "proto3"; message A { int32 a = 1; }'
    verdict = decoding(old, new, budget=0)
    assert verdict.reads is Reads.CHANGES
    assert (verdict.proved, verdict.witness) == (False, None)


def test_a_number_reused_across_versions_shows_against_the_old_version_only() -> None:
    """Delete, then re-add with another type: each step reads, the whole does not. Histories are compared in full."""
    first = 'syntax = "proto3"; message Pay { string a = 1; int32 b = 2; }'
    second = 'syntax = "proto3"; message Pay { string a = 1; reserved 2; }'
    third = 'syntax = "proto3"; message Pay { string a = 1; string c = 2; }'
    assert decoding(first, second).reads is Reads.READS
    assert decoding(second, third).reads is Reads.READS
    assert "Pay.c uses number 2: the writer had reserved it" in decoding(second, third).note
    assert rules(decoding(first, third)) == {"protobuf-wire-type"}


def test_any_is_not_judged_and_that_is_said() -> None:
    text = 'syntax = "proto3"; import "google/protobuf/any.proto"; message Pay { google.protobuf.Any a = 1; }'
    verdict = decoding(text, text.replace("message Pay {", "message Pay { int32 b = 2;"))
    assert verdict.reads is Reads.READS
    assert "google.protobuf.Any" in verdict.note
