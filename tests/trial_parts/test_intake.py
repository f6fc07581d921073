"""What a plan makes of the drawn input: which strikes find a place, what a run has to end in, what a sweep may try."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.errors import UsageError
from stream_contracts.trial.intake import altered, ends, moment_of, possible
from stream_contracts.workload.events import draw
from stream_contracts.workload.plan import INPUT, Plan, Strike

TOPIC = "{value: {schema: order.json}}"
ORDER = '{"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}'
POISON = Strike("poison-record", "in", INPUT, "event", 3, "before")
TWICE = replace(POISON, fault="duplicate-record")
LATE = replace(POISON, fault="late-record", nth=6)


def contract(folder: Path, promises: str = "") -> Contract:
    (folder / "order.json").write_text(ORDER)
    (folder / "contract.yaml").write_text(
        f"contract: c\nowner: o\ntopics: {{in: {TOPIC}, out: {{}}, letters: {{}}}}\npipelines:\n"
        f"  p: {{command: [x], reads: [in], writes: [{{topic: out}}], promises: {{delivery: exactly-once{promises}}}}}\n"
    )
    return load(folder)


def test_each_strike_that_finds_a_place_is_in_the_input_and_counts_drawn_events_only(tmp_path: Path) -> None:
    made = contract(tmp_path, ", dead-letter: letters")
    events = draw(made, "p", seed=1)
    intake = altered(made, "p", events, [POISON, TWICE, replace(POISON, nth=99)])
    assert intake.struck == {POISON, TWICE}
    assert [event.kind for event in intake.events[2:5]] == ["poison", None, "again"]
    assert [event for event in intake.events if event.drawn] == list(events)


def test_a_plan_is_the_same_text_and_its_input_is_told() -> None:
    plan = Plan("c", "p", 1, strikes=(POISON, Strike("kill-app", "p-0", "producer", "EndTxn", 1, "before")))
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.altered == (POISON,)
    assert plan.disturbed
    assert not replace(plan, strikes=plan.altered).disturbed
    assert str(moment_of(POISON)) == "before event#3 of in (input)"
    assert str(POISON) == "poison-record before event#3 of in (input)"


def test_bytes_that_the_schema_takes_poison_nobody(tmp_path: Path) -> None:
    contract(tmp_path)
    (tmp_path / "order.avsc").write_text('{"type": "fixed", "name": "Any3", "size": 3}')
    text = (tmp_path / "contract.yaml").read_text().replace("order.json", "order.avsc")
    (tmp_path / "contract.yaml").write_text(text)
    fixed = load(tmp_path)
    assert altered(fixed, "p", draw(fixed, "p", seed=1), [POISON]).struck == frozenset()
    assert possible(fixed, "p", draw(fixed, "p", seed=1), ["poison-record"]) == []


@pytest.mark.parametrize(
    ("promises", "strikes", "end"),
    [
        (", dead-letter: letters", [POISON], "letters"),
        (", poison: skip", [POISON], "clean"),
        ("", [POISON], "own"),
        (", duplicates: once", [TWICE], "clean"),
        (", duplicates: once", [TWICE, POISON], "own"),
        (", duplicates: once, dead-letter: letters", [TWICE, POISON], "letters"),
        (", late: {allowed: 1m, then: drop}, dead-letter: letters", [LATE, POISON], "own"),
    ],
)
def test_what_a_run_has_to_end_in(tmp_path: Path, promises: str, strikes: list[Strike], end: str) -> None:
    assert ends(contract(tmp_path, promises), "p", strikes) == end


def test_a_sweep_tries_what_is_promised_and_what_was_asked_for(tmp_path: Path) -> None:
    silent = contract(tmp_path)
    events = draw(silent, "p", seed=1)
    assert possible(silent, "p", events, ()) == []
    assert {strike.fault for strike in possible(silent, "p", events, ["late-record", "kill-app"])} == {"late-record"}
    promised = contract(tmp_path, ", duplicates: once")
    assert [strike.what for strike in possible(promised, "p", events, ())] == ["", "later"]
    assert {strike.fault for strike in possible(promised, "p", events, ())} == {"duplicate-record"}


def test_who_speaks_of_a_fault_or_a_kind_that_is_none_is_told(tmp_path: Path) -> None:
    made = contract(tmp_path)
    events = draw(made, "p", seed=1)
    with pytest.raises(UsageError, match=r"'kill-app' strikes what runs, not what is fed; known .*poison-record"):
        altered(made, "p", events, [replace(POISON, fault="kill-app")])
    with pytest.raises(UsageError, match=r"in no kind 'majic'; known: \(the usual\), magic, unknown-id"):
        altered(made, "p", events, [replace(POISON, what="majic")])
