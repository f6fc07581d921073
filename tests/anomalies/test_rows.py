"""Tables: which of their rows are lost, doubled or wrong, where the key of a row is a number that means nothing."""

from __future__ import annotations

from pathlib import Path

from stream_contracts.anomalies import judge
from stream_contracts.history import tables
from stream_contracts.history.journal import Journal
from stream_contracts.history.model import Expected, Row, Send, Write


def told(folder: Path, *rows: Row) -> set[tuple[str, str]]:
    """Every finding as (rule, severity) and what it says of whom."""
    with Journal(folder / "journal.jsonl") as journal:
        journal.add(*rows)
    with tables.load(folder / "journal.jsonl") as history:
        return {(finding.rule, finding.severity.value) for finding in judge(history, "exactly-once").findings}


def sent(*keys: str, outcome: str = "ok", first: int = 0) -> list[Send]:
    return [Send(first + n, key, 0, "in", 0, n, outcome, 0.1) for n, key in enumerate(keys)]


def expected(*rows: tuple[str, str]) -> list[Expected]:
    return [Expected("t", key, digest, 1, n, "table", None, None, 0, True) for n, (key, digest) in enumerate(rows)]


def written(*rows: tuple[str, str]) -> list[Write]:
    return [Write("t", n, key, "insert", digest, "{}", None, n, 0.2 + n) for n, (key, digest) in enumerate(rows, 1)]


def test_a_row_is_lost_though_the_next_one_took_its_number(tmp_path: Path) -> None:
    found = told(
        tmp_path, *sent("a", "b", "c"), *expected(("1", "A"), ("2", "B"), ("3", "C")), *written(("1", "B"), ("2", "C"))
    )
    assert found == {("lost-record", "error")}


def test_a_row_is_doubled_though_the_second_one_has_a_number_of_its_own(tmp_path: Path) -> None:
    found = told(
        tmp_path, *sent("a", "b"), *expected(("1", "A"), ("2", "B")), *written(("1", "A"), ("2", "A"), ("3", "B"))
    )
    assert found == {("duplicate-effect", "error")}


def test_a_wrong_sum_is_not_blamed_on_an_aborted_event_of_its_key(tmp_path: Path) -> None:
    aborted = sent("a", outcome="aborted", first=1_000_000)
    assert told(tmp_path, *sent("a"), *aborted, *expected(("a", "3")), *written(("a", "6"))) == {
        ("state-divergence", "error")
    }


def test_a_row_of_a_key_that_only_an_aborted_event_has_is(tmp_path: Path) -> None:
    aborted = sent("b", outcome="aborted", first=1_000_000)
    found = told(tmp_path, *sent("a"), *aborted, *expected(("a", "3")), *written(("a", "3"), ("b", "1")))
    assert found == {("aborted-visible", "error")}
