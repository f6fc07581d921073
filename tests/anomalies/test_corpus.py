"""Every anomaly has a history that shows it and one that only nearly does; both are journals, made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.anomalies import ANOMALIES, anomaly, judge
from stream_contracts.findings import Finding, Verdict
from stream_contracts.history import journal, tables

CORPUS = Path(__file__).parents[1] / "corpus" / "anomalies"


def judged(file: Path, delivery: str = "exactly-once") -> list[Finding]:
    with tables.load(file) as history:
        return list(judge(history, delivery).findings)


def told(findings: list[Finding]) -> list[str]:
    return [f"{finding.severity} {finding.rule}: {finding.what}" for finding in findings]


def test_the_corpus_and_the_shelf_have_the_same_rows() -> None:
    assert sorted(folder.name for folder in CORPUS.iterdir()) == sorted(ANOMALIES)


@pytest.mark.parametrize("name", ANOMALIES)
def test_its_case_gives_exactly_the_findings_written_beside_it(name: str) -> None:
    findings = judged(CORPUS / name / "case.jsonl")
    assert told(findings) == (CORPUS / name / "findings.txt").read_text("utf-8").splitlines()
    assert name in {finding.rule for finding in findings}


@pytest.mark.parametrize("name", ANOMALIES)
def test_its_near_miss_gives_none_and_passes(name: str) -> None:
    with tables.load(CORPUS / name / "near_miss.jsonl") as history:
        judgement = judge(history, "exactly-once")
    assert told(list(judgement.findings)) == []
    assert judgement.verdict is Verdict.PASS


@pytest.mark.parametrize("name", ANOMALIES)
@pytest.mark.parametrize("kind", ["case", "near_miss"])
def test_the_journals_are_whole_and_their_near_misses_are_near(name: str, kind: str) -> None:
    rows = list(journal.read(CORPUS / name / f"{kind}.jsonl"))
    assert {"sends", "expected", "records"} <= {row.TABLE for row in rows}


@pytest.mark.parametrize("name", ANOMALIES)
@pytest.mark.parametrize("delivery", ["at-most-once", "at-least-once", "exactly-once"])
def test_the_severity_follows_the_promise(name: str, delivery: str) -> None:
    for finding in judged(CORPUS / name / "case.jsonl", delivery):
        assert (finding.severity == "error") is (delivery in anomaly(finding.rule).breaks)


def test_what_each_promise_is_broken_by() -> None:
    breaks = {name: anomaly(name).breaks for name in ANOMALIES}
    assert breaks == {
        "lost-record": {"at-least-once", "exactly-once"},
        "duplicate-effect": {"at-most-once", "exactly-once"},
        "aborted-visible": {"exactly-once"},
        "state-divergence": {"exactly-once"},
    }
