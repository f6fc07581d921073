"""The judge as a whole: what it counts, what it sums up, what it does not answer, and what no history may hide."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_contracts.anomalies import ANOMALIES, WITNESSES, parse
from stream_contracts.errors import UsageError
from stream_contracts.findings import Reason, Verdict
from stream_contracts.history.model import Expected, Note, Record, Row, Send
from tests.anomalies.histories import held, judged, sent, wanted


def test_nothing_expected_is_no_verdict() -> None:
    for rows in ((), (sent(1),), (sent(1), held(0, "x"))):
        judgement = judged(*rows)
        assert judgement.verdict is Verdict.UNKNOWN
        assert judgement.reason is Reason.NOT_EXERCISED


def test_an_empty_output_is_a_loss() -> None:
    judgement = judged(sent(1), sent(2), wanted(1, "a"), wanted(2, "b"))
    assert judgement.verdict is Verdict.FAIL
    assert [finding.rule for finding in judgement.findings] == ["lost-record"] * 2


def test_an_unknown_promise_lists_the_known_ones() -> None:
    with pytest.raises(
        UsageError, match=r"exactly once.*at-least-once, at-most-once, atomic, dead-letter, duplicates, exactly-once"
    ):
        judged(sent(1), wanted(1, "a"), promises="exactly once")


@pytest.mark.parametrize("rule", ["lost-record", "duplicate-effect", "aborted-visible", "state-divergence"])
@pytest.mark.parametrize("rows", [WITNESSES, WITNESSES + 1, WITNESSES + 13])
def test_more_rows_than_one_reads_are_summed_up(rule: str, rows: int) -> None:
    numbers = range(1, rows + 1)
    base: list[Row] = [sent(0), wanted(0, "0"), held(0, "0")]
    if rule == "lost-record":
        base += [row for n in numbers for row in (sent(n), wanted(n, f"{n}"))]
    elif rule == "duplicate-effect":
        base += [held(n, "0") for n in numbers]
    elif rule == "aborted-visible":
        base += [row for n in numbers for row in (sent(n, outcome="aborted"), held(n, f"x{n}", event=n))]
    else:
        base += [row for n in numbers for row in (sent(n, f"k{n}"), held(n, f"x{n}", f"k{n}"))]
    findings = judged(*base).findings
    assert {finding.rule for finding in findings} == {rule}
    assert len(findings) == min(rows, WITNESSES) + (rows > WITNESSES)
    if rows > WITNESSES:
        assert f"{rows} times in all, the first {WITNESSES} are told" in findings[-1].what
        assert findings[-1].witness == {"rows": rows}


@pytest.mark.parametrize(("delivery", "verdict"), [("at-least-once", Verdict.PASS), ("exactly-once", Verdict.FAIL)])
def test_a_duplicate_is_a_warning_where_it_was_not_forbidden(delivery: str, verdict: Verdict) -> None:
    judgement = judged(sent(1), wanted(1, "a"), held(0, "a"), held(1, "a"), promises=delivery)
    assert judgement.verdict is verdict
    assert [finding.rule for finding in judgement.findings] == ["duplicate-effect"]


def test_a_wrong_value_is_no_aborted_one_because_some_event_of_its_key_was_aborted() -> None:
    rows = (sent(1), sent(2, outcome="aborted"), wanted(1, "a"), held(0, "x"))
    assert [finding.rule for finding in judged(*rows).findings] == ["lost-record", "state-divergence"]


KEYS = st.sampled_from([None, "a", "b"])
DIGESTS = st.sampled_from(["1", "2", "3", "4"])
EVENTS = st.none() | st.integers(0, 5)


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    rows: list[Row] = [
        sent(event, draw(KEYS), draw(st.sampled_from(["ok", "ok", "aborted", "fail"])))
        for event in range(draw(st.integers(0, 5)))
    ]
    seen: Counter[str] = Counter()
    for digest in draw(st.lists(DIGESTS, min_size=1, max_size=5)):
        seen[digest] += 1
        rows.append(wanted(draw(EVENTS), digest, draw(KEYS), seen[digest]))
    fates = st.sampled_from(["committed", "plain", "aborted", "open"])
    for offset, digest in enumerate(draw(st.lists(DIGESTS, max_size=6))):
        rows.append(held(offset, digest, draw(KEYS), draw(EVENTS), draw(fates)))
    return rows


@settings(max_examples=40, deadline=None)
@given(histories())
def test_every_difference_from_the_expectation_is_told_and_nothing_else(rows: list[Row]) -> None:
    """Counted in plain Python: so many rows of each content are missing, too many, or unknown."""
    expected = Counter(row.digest for row in rows if isinstance(row, Expected))
    effects = [row for row in rows if isinstance(row, Record) and row.fate in ("committed", "plain")]
    found = Counter(row.digest for row in effects)
    aborted = {row.event_id for row in rows if isinstance(row, Send) and row.outcome == "aborted"}
    unexplained = sum(1 for row in effects if row.digest not in expected or row.event_id in aborted)
    findings = judged(*rows).findings
    told = Counter(finding.rule for finding in findings)
    assert told["lost-record"] + told["hidden-record"] == (expected - found).total()
    assert told["duplicate-effect"] == sum((found - expected)[digest] for digest in expected)
    assert told["aborted-visible"] + told["state-divergence"] == unexplained
    odd = {"aborted-visible", "state-divergence"}
    places = [finding.witness["place"] for finding in findings if finding.rule in odd and "place" in finding.witness]
    assert len(places) == len(set(places))


def test_a_head_without_its_lines_names_the_missing_one() -> None:
    with pytest.raises(ValueError, match=r"odd\.sql: its head has no line '-- remedy: …'"):
        parse("odd", "-- odd: a title\n-- breaks: exactly-once\n-- why: so\n-- says: that\nselect 1")


def test_the_table_has_no_row_twice() -> None:
    assert len(set(ANOMALIES)) == len(ANOMALIES)


def late(*, filtered: bool) -> list[Row]:
    """Event 3 comes ten seconds late, event 4 a hundred, and neither has an effect; nor has event 2, of a filter."""
    times = {1: 1000.0, 2: 1001.0, 3: 991.0, 4: 901.0}
    rows: list[Row] = [replace(sent(event), time=time) for event, time in times.items()]
    answered = (1,) if filtered else (1, 2)
    return [*rows, *(row for e in answered for row in (wanted(e, f"{e}"), held(e, f"{e}", event=e)))]


@pytest.mark.parametrize(
    ("promised", "dropped"),
    [
        ({}, [3, 4]),
        ({"late": {"allowed": 60.0, "then": "side-output"}}, [3, 4]),
        ({"late": {"allowed": 60.0, "then": "drop"}}, [3]),
        ({"late": {"allowed": 5.0, "then": "drop"}}, []),
    ],
)
def test_what_may_be_dropped_depends_on_what_was_promised(promised: dict[str, Any], dropped: list[int]) -> None:
    findings = judged(*late(filtered=False), promises={"delivery": "exactly-once", **promised}).findings
    assert [finding.witness["event_id"] for finding in findings] == dropped
    assert {finding.rule for finding in findings} <= {"late-dropped-silently"}


def windows(counted: int, *, aside: int, key: str = "a") -> list[Row]:
    """Four events of one key, the last two late; one window, and what was put aside under keys of its own."""
    times = {1: 1000.0, 2: 1001.0, 3: 991.0, 4: 901.0}
    rows: list[Row] = [replace(sent(event), key="a", time=time) for event, time in times.items()]
    window = replace(held(0, "window", event=None), key=key, window="[0]", counted=counted)
    rows += [window, replace(wanted(1, "window"), event_id=None, key=key, window="[0]", position=0, final=True)]
    for number in range(aside):
        late = replace(held(number, f"late-{number}", event=None), topic="late", key=f"a@{number}")
        rows += [late, replace(wanted(4, f"late-{number}"), topic="late", key=f"a@{number}", event_id=None)]
    return rows


@pytest.mark.parametrize(
    ("counted", "aside", "then", "told"),
    [
        (3, 1, "side-output", []),
        (4, 1, "side-output", ["1 too many"]),
        (3, 0, "side-output", ["1 missing"]),
        (3, 0, "drop", []),
        (2, 0, "drop", ["2 missing"]),
        (5, 0, "drop", ["1 too many"]),
    ],
)
def test_windows_and_what_is_put_aside_add_up(counted: int, aside: int, then: str, told: list[str]) -> None:
    """What is put aside has no event of its own here, and another key: only the sums can be compared."""
    promises = {"delivery": "exactly-once", "late": {"allowed": 60.0, "then": then, "to": "late", "counts": "$.visits"}}
    findings = judged(*windows(counted, aside=aside), promises=promises, compare="windows").findings
    assert [each.witness["off"] for each in findings if each.rule == "window-miscounted"] == told


def test_a_pipeline_that_leaves_out_events_in_time_is_a_filter() -> None:
    assert judged(*late(filtered=True)).findings == ()


def test_a_replay_that_was_promised_and_never_tried_is_said_to_be_so() -> None:
    rows = (sent(1), wanted(1, "a", final=True), held(0, "a", event=1))
    judgement = judged(*rows, promises={"delivery": "exactly-once", "replay": True})
    assert [(finding.rule, finding.severity) for finding in judgement.findings] == [("replay-divergence", "warning")]
    assert "was not tried" in judgement.findings[0].what
    again = judged(*rows, Note("replayed", "", 1.0), promises={"delivery": "exactly-once", "replay": True})
    assert not again.findings
    assert not judged(*rows, promises={"delivery": "exactly-once", "replay": False}).findings
