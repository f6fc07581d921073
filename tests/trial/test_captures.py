"""Captured tables on trial: a real connector, real faults, and a second slot that knows better."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from stream_contracts.contract.load import load
from stream_contracts.findings import Verdict
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.session import Session, Settings
from stream_contracts.workload.plan import Plan, Strike

pytestmark = pytest.mark.broker
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    keep = tmp_path_factory.mktemp("kept")
    with Session(Settings(keep_in=keep, budget_s=60), lambda _: None) as opened:
        yield opened


def tried(session: Session, folder: str, *strikes: Strike) -> Proof:
    contract = load(ROOT / folder)
    (capture,) = contract.tried_captures
    return session.replay(contract, Plan(contract.name, capture, 1, strikes=strikes), lambda _: None)


def strike(fault: str, api: str, phase: str, nth: int = 2, what: str = "") -> Strike:
    return Strike(fault, "users-0", "producer", api, nth, phase, what=what)


def found(proof: Proof) -> set[str]:
    return {finding.rule for finding in proof.judgement.findings if finding.counts}


def test_a_right_connector_keeps_its_promises_when_its_worker_dies(session: Session) -> None:
    """Before the commit of a transaction: its records are aborted, and its offset with them."""
    proof = tried(session, "contracts/users_cdc", strike("kill-app", "EndTxn", "before"))
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()
    assert proof.exercised == 1


@pytest.mark.parametrize(
    ("folder", "rule"),
    [
        ("examples/bugs/cdc-tombstones-off", "cdc-tombstone-lost"),
        ("examples/bugs/cdc-no-snapshot", "cdc-gap"),
    ],
)
def test_what_is_wrong_without_a_fault_shows_without_one(session: Session, folder: str, rule: str) -> None:
    proof = tried(session, folder)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    assert rule in found(proof)


@pytest.mark.parametrize(
    ("folder", "how", "rule"),
    [
        ("examples/bugs/cdc-slot-dropped-on-stop", strike("stop-app", "Produce", "before"), "cdc-gap"),
        ("examples/bugs/cdc-offset-unchecked", strike("drop-slot", "Produce", "before"), "cdc-gap"),
    ],
)
def test_a_gap_names_the_row_and_where_it_stands_in_the_log(
    session: Session, folder: str, how: Strike, rule: str
) -> None:
    proof = tried(session, folder, how)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    assert rule in found(proof)
    gap = next(finding for finding in proof.judgement.findings if finding.rule == "cdc-gap")
    assert {"key", "op", "position"} <= set(gap.witness)


def test_half_of_exactly_once_is_at_least_once(session: Session) -> None:
    """What was written and not acknowledged is written again; the promise makes an error of it, or not.

    The sixteenth request comes after the connector has kept an offset: from then on it takes no other snapshot.
    """
    proof = tried(session, "examples/bugs/cdc-exactly-once-half", strike("kill-app", "Produce", "after", 16))
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    assert found(proof) == {"cdc-duplicate"}


BESIDES = [("offsets-behind", "before", 16), ("take-over", "after", 16)]


@pytest.mark.soak
@pytest.mark.parametrize(("fault", "phase", "nth"), BESIDES)
def test_who_keeps_offsets_apart_tells_changes_twice(session: Session, fault: str, phase: str, nth: int) -> None:
    proof = tried(session, "examples/bugs/cdc-exactly-once-half", strike(fault, "Produce", phase, nth))
    assert found(proof) == {"cdc-duplicate"}, proof.explained()


@pytest.mark.soak
@pytest.mark.parametrize(("fault", "what"), [("offsets-behind", ""), ("take-over", ""), ("take-over", "pause")])
def test_who_writes_offsets_with_the_records_tells_nothing_twice(session: Session, fault: str, what: str) -> None:
    proof = tried(session, "contracts/users_cdc", strike(fault, "Produce", "before", 4, what))
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()


@pytest.mark.soak
def test_a_connector_that_fails_for_good_behind_what_it_survives_does_not_recover(
    session: Session, tmp_path: Path
) -> None:
    copytree(ROOT / "examples/bugs/cdc-offset-unchecked", tmp_path / "stops")
    file = tmp_path / "stops/debezium.json"
    told = {**json.loads(file.read_text("utf-8")), "offset.mismatch.strategy": "trust_offset"}
    file.write_text(json.dumps(told), encoding="utf-8")
    proof = tried(session, str(tmp_path / "stops"), strike("drop-slot", "Produce", "before", 4))
    assert "no-recovery" in found(proof), proof.explained()
    told_of = next(finding for finding in proof.judgement.findings if finding.rule == "no-recovery")
    assert "DebeziumException" in told_of.witness["trace"]


def test_an_outbox_that_is_relayed_with_a_snapshot_loses_what_was_removed(session: Session) -> None:
    """Killed before its first offset: the right one reads its slot from the start, the wrong one takes a new snapshot."""
    how = strike("kill-app", "Produce", "after", 1)
    wrong = tried(session, "examples/bugs/cdc-outbox-snapshot", replace(how, instance="orders-0"))
    right = tried(session, "contracts/outbox", replace(how, instance="orders-0"))
    assert found(wrong) == {"cdc-gap"}, wrong.explained()
    assert right.judgement.verdict is Verdict.PASS, right.explained()


@pytest.mark.soak
def test_the_sweep_of_a_right_connector_accuses_nobody(session: Session) -> None:
    contract = load(ROOT / "contracts/users_cdc")
    proof = session.prove_capture(contract, "users", print)
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()
