"""Runs without faults that differ: a loss is told from an output that is no function of the input."""

from __future__ import annotations

from stream_contracts.history.model import Record, Write
from stream_contracts.trial.agreement import lost


def records(*contents: str, fate: str = "plain") -> list[Record]:
    """Records of the contents ``key:value``."""
    return [
        Record("out", 0, place, content.partition(":")[0], content, None, -1, -1, fate)
        for place, content in enumerate(contents)
    ]


def test_what_two_runs_wrote_and_a_third_did_not_is_lost():
    (finding,) = lost([records("a:1", "b:1", "b:2"), records("a:1", "b:2"), records("a:1", "b:1", "b:2")])
    assert (finding.rule, finding.witness) == ("lost-record", {"output": "out", "key": "b", "missing": 1})


def test_each_run_may_have_lost_something_else():
    runs = [records("a:1", "b:1"), records("b:1", "c:1"), records("a:1", "c:1")]
    assert {finding.witness["key"] for finding in lost(runs)} == {"a", "b", "c"}


def test_a_value_that_each_run_writes_anew_is_no_loss():
    assert not lost([records("a:1", "a:now-1"), records("a:1", "a:now-2"), records("a:1", "a:now-3")])


def test_what_may_stand_for_the_missing_one_is_no_loss():
    assert not lost([records("a:1", "a:2"), records("a:1", "a:2"), records("a:1", "a:two")])


def test_two_runs_say_nothing_of_each_other():
    assert not lost([records("a:1", "a:2"), records("a:1")])


def test_the_same_content_twice_counts_twice_and_an_aborted_one_not_at_all():
    assert lost([records("a:1", "a:1"), records("a:1", "a:1"), records("a:1")])
    assert lost([records("a:1"), records("a:1"), records("a:1", fate="aborted")])
    assert not lost([records("a:1"), records("a:1"), records("a:1", "a:2", fate="committed")])


def test_rows_of_tables_count_as_well():
    row = Write("totals", 1, "a", "insert", "digest", "{}", None, 7)
    assert lost([[row], [row], []])
