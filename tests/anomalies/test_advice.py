"""Every piece of advice has a history that shows what it speaks of, and one that only nearly does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_contracts.anomalies import ADVICE, advice, advise
from stream_contracts.findings import Finding
from stream_contracts.history import tables
from stream_contracts.history.model import Declared, Request, SchemaId
from tests.anomalies.histories import held, history, sent

CORPUS = Path(__file__).parents[1] / "corpus" / "advice"


def advised(name: str, kind: str) -> list[Finding]:
    with tables.load(CORPUS / name / f"{kind}.jsonl") as history:
        return advise(history)


def test_the_corpus_and_the_shelf_have_the_same_rows() -> None:
    assert sorted(folder.name for folder in CORPUS.iterdir()) == sorted(ADVICE)


@pytest.mark.parametrize("name", ADVICE)
def test_its_case_gives_exactly_the_warnings_written_beside_it(name: str) -> None:
    findings = advised(name, "case")
    told = [f"{finding.severity} {finding.rule}: {finding.what}" for finding in findings]
    assert told == (CORPUS / name / "findings.txt").read_text("utf-8").splitlines()
    assert name in {finding.rule for finding in findings}


@pytest.mark.parametrize("name", ADVICE)
def test_its_near_miss_gives_none(name: str) -> None:
    also = CORPUS / name / "asked.json"
    allowed = json.loads(also.read_text("utf-8"))["also"] if also.exists() else []
    assert [finding.what for finding in advised(name, "near_miss") if finding.rule not in allowed] == []


@pytest.mark.parametrize("name", ADVICE)
def test_advice_breaks_no_promise_and_shows_what_was_seen(name: str) -> None:
    assert advice(name).breaks == frozenset()
    for finding in advised(name, "case"):
        assert not finding.counts
        assert {"seen", "times"} & finding.witness.keys()


def test_reading_uncommitted_does_not_matter_where_nothing_is_ever_aborted() -> None:
    fetch = Request("app-0", 1, "consumer", "app", "Fetch", 12, 1, 1.0, 1.1, 0, '{"isolation_level": 0}')
    with history(sent(1), fetch) as loaded:
        assert advise(loaded) == []
    with history(sent(1), sent(2, outcome="aborted"), fetch) as loaded:
        assert [finding.rule for finding in advise(loaded)] == ["reads-uncommitted"]


def test_a_state_of_as_many_keys_as_were_fed_is_bounded_by_its_input() -> None:
    rows = [Declared("out", 2, 3, 2, "compact"), *(held(n, f"d{n}", f"k{n}") for n in range(8))]
    with history(*rows, *(sent(n, f"k{n}") for n in range(8))) as loaded:
        assert advise(loaded) == []
    with history(*rows, *(sent(n) for n in range(8))) as loaded:
        assert [finding.rule for finding in advise(loaded)] == ["unbounded-state"]


def test_schema_ids_are_missed_only_where_there_is_a_registry() -> None:
    with history(held(0, "a")) as loaded:
        assert advise(loaded) == []
    with history(held(0, "a"), SchemaId(1)) as loaded:
        assert [finding.rule for finding in advise(loaded)] == ["no-schema-id"]
