"""What counts of an output: every record, the last of each key, the last of each window; and the rows of a table."""

from __future__ import annotations

from stream_contracts.history.model import FaultApplied, ProcessLife, Request
from tests.anomalies.histories import held, judged, row_wanted, rules, sent, wanted, written

TWICE = (
    sent(1), sent(2),
    wanted(1, "a", position=0, final=False), wanted(2, "b", position=1, final=True),
)  # fmt: skip
BY_KEY = {"compare": "final-by-key"}


def test_only_the_last_of_a_key_counts_where_it_is_asked_for() -> None:
    """Replayed after a crash: twice as records, once as a state."""
    rows = (*TWICE, held(0, "a"), held(1, "a"), held(2, "b"))
    assert rules(*rows) == ["duplicate-effect"]
    assert rules(*rows, **BY_KEY) == []


def test_what_was_skipped_on_the_way_counts_as_little() -> None:
    assert rules(*TWICE, held(0, "b"), **BY_KEY) == []
    assert rules(*TWICE, held(0, "b")) == ["lost-record"]


def test_a_key_that_ends_at_a_former_value_lost_an_update() -> None:
    assert rules(*TWICE, held(0, "b"), held(1, "a"), **BY_KEY) == ["lost-record"]


def test_a_key_that_ends_at_a_value_never_seen_is_wrong_and_not_lost() -> None:
    """Counted twice, perhaps: an at-least-once promise is not broken by it."""
    judgement = judged(*TWICE, held(0, "a"), held(1, "2b"), promises="at-least-once", **BY_KEY)
    assert [(finding.rule, finding.severity) for finding in judgement.findings] == [("state-divergence", "warning")]


def test_a_key_without_any_value_is_lost() -> None:
    assert rules(*TWICE, held(0, "x", "other"), **BY_KEY) == ["lost-record", "state-divergence"]


def test_records_without_a_key_count_each() -> None:
    rows = (sent(1), sent(2), wanted(1, "a", None), wanted(2, "b", None), held(0, "a", None), held(1, "b", None))
    assert rules(*rows, **BY_KEY) == []
    assert rules(*rows[:-1], **BY_KEY) == ["lost-record"]


def test_windows_of_a_key_are_told_apart() -> None:
    rows = (
        sent(1), sent(2),
        wanted(1, "a", window="10:00", final=True), wanted(2, "b", window="10:05", final=True),
        held(0, "early", window="10:00"), held(1, "b", window="10:05"), held(2, "a", window="10:00"),
    )  # fmt: skip
    assert rules(*rows, compare="windows") == []
    assert rules(*rows[:-1], compare="windows") == ["state-divergence"]


TABLE = (sent(1), sent(2), row_wanted(1, "k", "a", 0), row_wanted(2, "k", "b", 1, final=True))


def test_of_a_table_the_rows_that_are_left_count() -> None:
    """An upsert that is repeated changes nothing; as records of a topic they would be two."""
    assert rules(*TABLE, written(1, "k", "a", 1), written(2, "k", "b", 2), written(3, "k", "b", 2)) == []


def test_a_row_that_was_never_updated_lost_an_event() -> None:
    judgement = judged(*TABLE, written(1, "k", "a", 1))
    assert [finding.rule for finding in judgement.findings] == ["lost-record"]
    assert judgement.findings[0].witness["event_id"] == 2


def test_a_sum_that_is_too_high_diverges() -> None:
    assert rules(*TABLE, written(1, "k", "a"), written(2, "k", "b"), written(3, "k", "b+b")) == ["state-divergence"]


def test_a_row_too_many_diverges_and_one_that_is_deleted_is_lost() -> None:
    assert rules(*TABLE, written(1, "k", "b"), written(2, "z", "c")) == ["state-divergence"]
    assert rules(*TABLE, written(1, "k", "b"), written(2, "k", "b", op="delete")) == ["lost-record"]


def test_topics_and_tables_are_judged_together() -> None:
    rows = (*TABLE, wanted(1, "x"), held(0, "x"), held(1, "x"), written(1, "k", "b"))
    assert rules(*rows) == ["duplicate-effect"]


def test_a_violation_carries_the_fault_the_lives_and_the_wire() -> None:
    fault = FaultApplied("kill-app", "before EndTxn#2 of app-0 (producer)", 50.0, 50.2, effect_seen=True)
    never = FaultApplied("kill-app", "never", None, 60.0, effect_seen=False)
    life = ProcessLife("app-0", 1, 0.1, 50.1, -9)
    wire = [Request("app-0", 1, "producer", "c", "Produce", 9, n, float(n), n + 0.1, 0, "{}") for n in range(100)]
    first, second = judged(sent(1), sent(2), wanted(1, "a"), wanted(2, "b"), fault, never, life, *wire).findings
    assert [row["moment"] for row in first.witness["faults"]] == ["before EndTxn#2 of app-0 (producer)"]
    assert [row["name"] for row in first.witness["lives"]] == ["app-0"]
    times = [row["at"] for row in first.witness["wire"]]
    assert times == sorted(times)
    assert len(times) == 12
    assert min(times) > 40
    assert max(times) < 60
    assert "wire" not in second.witness, "the others would repeat it"
