"""Every anomaly has a history that shows it and one that only nearly does; both are journals, made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream_contracts.anomalies import ANOMALIES, PROMISES, anomaly, judge
from stream_contracts.findings import Finding
from stream_contracts.history import journal, tables
from stream_contracts.history.model import Note

CORPUS = Path(__file__).parents[1] / "corpus" / "anomalies"


ASKED = {"promises": "exactly-once", "compare": "records"}


def asked(name: str) -> dict[str, Any]:
    """What a case is judged by: exactly-once delivery, unless a file beside it says more.

    ``also`` names the anomalies that a near miss has for good reason, since it is a near miss of another one.
    """
    file = CORPUS / name / "asked.json"
    return {**ASKED, **(json.loads(file.read_text("utf-8")) if file.exists() else {})}


def judged(name: str, kind: str, **otherwise: Any) -> list[Finding]:
    question = {**asked(name), **otherwise}
    with tables.load(CORPUS / name / f"{kind}.jsonl") as history:
        return list(judge(history, question["promises"], compare=question["compare"]).findings)


def told(findings: list[Finding]) -> list[str]:
    return [f"{finding.severity} {finding.rule}: {finding.what}" for finding in findings]


def test_the_corpus_and_the_shelf_have_the_same_rows() -> None:
    assert sorted(folder.name for folder in CORPUS.iterdir()) == sorted(ANOMALIES)


@pytest.mark.parametrize("name", ANOMALIES)
def test_its_case_gives_exactly_the_findings_written_beside_it(name: str) -> None:
    findings = judged(name, "case")
    assert told(findings) == (CORPUS / name / "findings.txt").read_text("utf-8").splitlines()
    assert name in {finding.rule for finding in findings}


@pytest.mark.parametrize("name", ANOMALIES)
def test_its_near_miss_gives_none(name: str) -> None:
    """Near misses are what right pipelines leave: a false alarm is worse than a missed warning."""
    findings = judged(name, "near_miss")
    assert told([finding for finding in findings if finding.rule not in asked(name).get("also", ())]) == []
    assert not [finding for finding in findings if finding.counts or finding.rule == name]


@pytest.mark.parametrize("name", ANOMALIES)
@pytest.mark.parametrize("kind", ["case", "near_miss"])
def test_the_journals_are_whole_and_say_what_they_are(name: str, kind: str) -> None:
    rows = list(journal.read(CORPUS / name / f"{kind}.jsonl"))
    assert {"sends", "expected"} < {row.TABLE for row in rows}
    assert isinstance(rows[0], Note)
    assert rows[0].what == "about this history"


PROMISED: tuple[dict[str, Any], ...] = (
    {"delivery": "at-most-once"},
    {"delivery": "at-least-once"},
    {"delivery": "exactly-once"},
    {"order": "per-key"},
    {"recovers-within": 30.0},
    {"atomic": True},
    {"dead-letter": "dlq"},
)


@pytest.mark.parametrize("name", ["lost-record", "delete-lost", "stale-upsert", "replay-storm", "poison-loop"])
@pytest.mark.parametrize("promises", PROMISED, ids=lambda made: " ".join(map(str, made.values())))
def test_the_severity_follows_the_promise(name: str, promises: dict[str, Any]) -> None:
    names = {promises.get("delivery"), *promises}
    for finding in judged(name, "case", promises=promises):
        assert (finding.severity == "error") is bool(names & anomaly(finding.rule).breaks)


def test_what_each_promise_is_broken_by() -> None:
    """The table of the design: a line for each promise."""
    broken = {
        promise: {name for name in ANOMALIES if promise in anomaly(name).breaks}
        for promise in (*PROMISES, *set().union(*(anomaly(name).breaks for name in ANOMALIES)))
    }
    doubled = {"duplicate-effect", "cdc-duplicate"}
    missing = {
        "lost-record", "delete-lost", "cdc-gap", "cdc-tombstone-lost", "cdc-divergence", "poison-swallowed",
        "unresolvable-schema-id",
    }  # fmt: skip
    assert broken == {
        "at-most-once": doubled,
        "at-least-once": missing,
        "exactly-once": doubled
        | missing
        | {"aborted-visible", "torn-transaction", "zombie-write-accepted", "state-divergence", "cdc-snapshot-overlap"},
        "order": {"reordered-per-key", "stale-upsert", "cdc-reordered", "cdc-snapshot-overlap"},
        "recovers-within": {
            "unaccounted-record", "no-recovery", "hanging-transaction", "rebalance-storm", "poison-loop",
        },
        "lag": {"lag-exceeded"},
        "late": {"late-dropped-silently", "late-effect-twice", "window-miscounted"},
        "dead-letter": {"dead-letter-mismatch", "poison-swallowed", "poison-loop"},
        "poison": {"poison-loop"},
        "duplicates": {"duplicate-effect", "state-divergence"},
        "atomic": {"torn-transaction", "cdc-torn-transaction"},
        "replay": {"replay-divergence"},
    }  # fmt: skip
    always_warnings = {name for name in ANOMALIES if not anomaly(name).breaks}
    assert always_warnings == {"hidden-record", "commit-ahead-of-output", "replay-storm"}
