"""The slice of the wire that goes with a violation, drawn: in order, bounded, whatever it holds."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stream_contracts.findings import Finding, Judgement, Severity
from stream_contracts.reports import sequence, terminal


def asked(api: str, at: float, answered_at: float | None, error: int | None = 0, **detail: Any) -> dict[str, Any]:
    row = {"instance": "enrich-0", "role": "producer", "api": api, "nth": 2, "at": at, "answered_at": answered_at}
    return {**row, "error": error, "detail": json.dumps(detail)}


WITNESS: dict[str, Any] = {
    "event_id": 3,
    "faults": [{"fault": "kill-app", "moment": "before EndTxn#2 of enrich-0 (producer)", "applied_at": 1.21, "healed_at": 1.3}],
    "lives": [
        {"name": "enrich-0", "incarnation": 1, "started_at": 0.1, "ended_at": 1.22, "exit": -9},
        {"name": "enrich-0", "incarnation": 2, "started_at": 1.25, "ended_at": None, "exit": None},
    ],
    "wire": [
        asked("Produce", 1.2, 1.202, acks=-1),
        asked("EndTxn", 1.205, None, None, committed=1, producer_epoch=4),
        {**asked("COMMIT", 1.4, 1.45, 47), "role": "database", "nth": 0},
    ],
}  # fmt: skip


def test_a_diagram_is_told_in_the_order_of_time() -> None:
    assert sequence.text(WITNESS) == [
        "     time  who       what",
        "  0.100 s  enrich-0  ● starts (life 1)",
        "  1.200 s  enrich-0  ── Produce#2 ───────────────────▶ broker: ok after 2 ms",
        "  1.205 s  enrich-0  ── EndTxn#2 (commit, epoch 4) ──▶ broker: no answer",
        "  1.210 s  (fault)   ✗ kill-app before EndTxn#2 of enrich-0 (producer)",
        "  1.220 s  enrich-0  ■ ends with status -9",
        "  1.250 s  enrich-0  ● starts (life 2)",
        "  1.400 s  enrich-0  ── COMMIT ──────────────────────▶ database: error 47 after 50 ms",
    ]


def test_the_same_as_mermaid() -> None:
    assert sequence.mermaid(WITNESS).splitlines() == [
        "sequenceDiagram",
        "  participant p0 as enrich-0",
        "  participant p1 as broker",
        "  participant p2 as (fault)",
        "  participant p3 as database",
        "  Note over p0: 0.100 s starts (life 1)",
        "  p0->>p1: 1.200 s Produce 2",
        "  p1-->>p0: ok after 2 ms",
        "  p0-xp1: 1.205 s EndTxn 2 (commit, epoch 4)",
        "  Note over p2: 1.210 s kill-app before EndTxn 2 of enrich-0 (producer)",
        "  Note over p0: 1.220 s ends with status -9",
        "  Note over p0: 1.250 s starts (life 2)",
        "  p0->>p3: 1.400 s COMMIT",
        "  p3-->>p0: error 47 after 50 ms",
    ]


def test_the_error_of_a_broker_has_its_name_and_that_of_another_server_its_code_only() -> None:
    for role, told in (("consumer", "error 47 INVALID_PRODUCER_EPOCH after 2 ms"), ("registry", "error 47 after 2 ms")):
        refused = {**WITNESS, "wire": [{**asked("Fetch", 1.0, 1.002, 47), "role": role}]}
        assert sequence.text(refused)[2].endswith(told)
    unknown_code = {**WITNESS, "wire": [asked("Fetch", 1.0, 1.002, 9999)]}
    assert sequence.text(unknown_code)[2].endswith("error 9999 after 2 ms")


def test_the_nearest_to_the_fault_are_drawn_and_the_rest_is_counted() -> None:
    many = {**WITNESS, "wire": [asked("Produce", n / 10, n / 10 + 0.01) for n in range(40)]}
    lines = sequence.text(many)
    assert len(lines) == sequence.LINES + 2 <= 20
    assert lines[-1].strip() == f"… and {40 + 4 - sequence.LINES} more"
    assert any("kill-app" in line for line in lines)


def test_without_the_wire_there_is_no_diagram() -> None:
    for witness in ({}, {"rows": 3}, {"lives": WITNESS["lives"]}, {"wire": []}):
        assert sequence.text(witness) == []
        assert sequence.mermaid(witness) == ""


@given(
    st.lists(st.tuples(st.text(max_size=12), st.floats(0, 1e4), st.none() | st.floats(0, 1e4)), max_size=30),
    st.text(max_size=20),
)
def test_whatever_a_request_says_the_diagram_stays_in_its_bounds(rows: list[Any], detail: str) -> None:
    wire = [{**asked(api, at, answered), "detail": detail} for api, at, answered in rows]
    assert len(sequence.text({"wire": wire})) <= 20
    assert all(
        line.startswith(("sequenceDiagram", "  ")) for line in sequence.mermaid({"wire": wire}).split("\n") if line
    )


def test_a_broken_promise_is_told_with_its_diagram_and_a_warning_without() -> None:
    broken, warned = (
        "\n".join(terminal.findings(Judgement.of([Finding("lost-record", "event 3 is lost", severity=weight, witness=WITNESS)])))
        for weight in (Severity.ERROR, Severity.WARNING)
    )  # fmt: skip
    assert "on the wire, around it:" in broken
    assert "✗ kill-app" in broken
    assert "wire" not in warned
