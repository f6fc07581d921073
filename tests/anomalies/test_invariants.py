"""A user's own anomalies: asked like ours, and kept from files, from changing anything, and from going on for ever."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from stream_contracts import anomalies
from stream_contracts.anomalies import invariants, judge
from stream_contracts.errors import ContractError
from stream_contracts.findings import Severity, Verdict
from tests.anomalies.histories import held, history, sent, wanted

ROWS = (sent(1), wanted(1, "a"), held(0, "a", event=1))


def own(folder: Path, text: str, name: str = "own") -> tuple[anomalies.Anomaly, ...]:
    (folder / f"{name}.sql").write_text(text, "utf-8")
    return invariants([folder / f"{name}.sql"])


def test_a_query_without_a_head_breaks_whatever_was_promised(tmp_path: Path) -> None:
    extra = own(tmp_path, 'select key, "offset" from visible', "no-visible")
    with history(*ROWS) as loaded:
        judgement = judge(loaded, "at-most-once", extra=extra)
    assert judgement.verdict is Verdict.FAIL
    assert [finding.what for finding in judgement.findings] == ["no visible: key k, offset 0"]
    assert judgement.findings[0].witness["key"] == "k"


@pytest.mark.parametrize(
    ("breaks", "severity"),
    [("order", "warning"), ("-", "warning"), ("at-most-once, order", "error"), ("always", "error")],
)
def test_a_head_says_what_it_breaks_and_how_it_is_told(tmp_path: Path, breaks: str, severity: str) -> None:
    text = f"-- own: a title\n-- breaks: {breaks}\n-- why: so\n-- says: {{key}} is {{odd}}\nselect key from visible"
    with history(*ROWS) as loaded:
        [finding] = judge(loaded, "at-most-once", extra=own(tmp_path, text)).findings
    assert (finding.severity, finding.what, finding.why) == (Severity(severity), "k is {odd}", "so")


def test_the_promises_can_be_asked_for(tmp_path: Path) -> None:
    extra = own(tmp_path, "select recovers_within, compare from promise where recovers_within > 29")
    with history(*ROWS) as loaded:
        [finding] = judge(loaded, {"recovers-within": 30.0}, compare="windows", extra=extra).findings
        assert finding.what == "own: recovers_within 30.0, compare windows"
        assert judge(loaded, "exactly-once", extra=extra).findings == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "one SELECT"),
        ("select 1; select 2", "one SELECT"),
        ("drop table sends", "one SELECT"),
        ("copy sends to 'x.csv'", "one SELECT"),
        ("selekt 1", "syntax error"),
        ("-- breaks: everything\nselect 1", "it breaks 'everything'; allowed: always, -, at-most-once"),
    ],
)
def test_what_is_no_question_is_told_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ContractError) as error:
        own(tmp_path, text)
    [(place, told)] = error.value.complaints
    assert place == str(tmp_path / "own.sql")
    assert says in told


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/*')",
        "select * from nowhere",
    ],
)
def test_no_question_touches_a_file(tmp_path: Path, query: str) -> None:
    with history(*ROWS) as loaded, pytest.raises(ContractError, match=r"invariants/own\.sql"):
        judge(loaded, "exactly-once", extra=own(tmp_path, query))


def test_the_lock_cannot_be_opened() -> None:
    with history(*ROWS) as loaded, pytest.raises(duckdb.Error):
        loaded.execute("set enable_external_access = true")


def test_a_question_without_an_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anomalies, "LIMIT_S", 0.5)
    endless = own(tmp_path, "select count(*) from range(100000000000) a, range(1000) b where a.range % 7 = b.range")
    with history(*ROWS) as loaded:
        with pytest.raises(ContractError, match=r"it takes longer than 0\.5 s"):
            judge(loaded, "exactly-once", extra=endless)
        assert judge(loaded, "exactly-once").verdict is Verdict.PASS, "the history can be asked again"


def test_a_question_that_wants_too_much_memory_is_an_error_and_not_the_end_of_us(tmp_path: Path) -> None:
    much = own(tmp_path, "select list(a.range) from range(1000000000) a")
    with history(*ROWS) as loaded, pytest.raises(ContractError):
        judge(loaded, "exactly-once", extra=much)
