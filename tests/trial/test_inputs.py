"""Inputs that nobody hopes for, on a real broker: who promised to stand them does, and who does not is found out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.findings import Finding, Reason, Verdict
from stream_contracts.trial.in_hand import StreamCase
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.session import Session
from tests.trial.test_promises import ROOT, copy, rewrite

pytestmark = pytest.mark.broker


def case(session: Session, contract: Contract) -> StreamCase:
    return StreamCase(session, contract, next(iter(contract.pipelines)))


def broken(proof: Proof, rule: str) -> Finding:
    """The finding of that rule; the trial has failed, and all that it did took effect."""
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    assert proof.exercised == proof.moments
    found = {finding.rule: finding for finding in proof.judgement.findings if finding.counts}
    assert rule in found, found
    return found[rule]


def test_what_nobody_can_read_is_a_letter_once_though_the_pipeline_dies(session):
    trial = case(session, load(ROOT / "contracts/dead_letters")).event(3).poison("unknown-id")
    proof = trial.moment("EndTxn", nth=1, phase="before").kill("app").expect_kept()
    assert proof.exercised == 2


def test_what_nobody_can_read_and_is_passed_over_is_named(session):
    proof = case(session, load(ROOT / "examples/bugs/bad-bytes-passed-over")).event(3).poison().run()
    assert "event 2000000 (key key-" in broken(proof, "poison-swallowed").what


@pytest.mark.soak
def test_what_nobody_can_read_and_ends_the_process_is_named(session):
    proof = case(session, load(ROOT / "examples/bugs/bad-bytes-end-it")).event(3).poison().run()
    assert "the first event without an effect is 2000000" in broken(proof, "poison-loop").what


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["", "magic"])
def test_a_letter_is_written_for_each_kind_of_poison(session, kind):
    case(session, load(ROOT / "contracts/dead_letters")).event(2).poison(kind).expect_kept()


def test_a_frame_that_there_is_none_of_cannot_be_spoiled_and_that_is_no_pass(session):
    proof = case(session, load(ROOT / "contracts/orders")).event(3).poison("magic").run()
    assert (proof.judgement.verdict, proof.judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


TIMED = """
        newest = {}
        for message in batch.messages:
            time = message.timestamp()[1]
            if time < newest.setdefault(message.partition(), time) - 60_000:
                continue
            newest[message.partition()] = max(time, newest[message.partition()])
            value = message.value()
"""


def timed(folder: Path, then: str, *, drops: bool) -> Contract:
    """The enriching pipeline with a promise about late events, and perhaps without those in its output."""
    copy(ROOT / "contracts/orders", folder)
    rewrite(folder / "contract.yaml", "exactly-once}", f"exactly-once, late: {{allowed: 1m, then: {then}}}}}")
    rewrite(folder / "contract.yaml", "keys: 4}", "keys: 1}")  # all of them in one batch or the next
    rewrite(folder / "enrich.py", "BATCH = 4", "BATCH = 12")
    if drops:
        plain = "\n        for message in batch.messages:\n            value = message.value()\n"
        rewrite(folder / "enrich.py", plain, TIMED)
    return load(folder)


def test_a_late_event_that_is_dropped_where_none_may_be_is_named(session, tmp_path):
    proof = case(session, timed(tmp_path / "late", "side-output", drops=True)).event(3).late().run()
    assert "event 2 (key key-0" in broken(proof, "late-dropped-silently").what


@pytest.mark.soak
@pytest.mark.parametrize(
    ("then", "drops", "kind"), [("drop", True, ""), ("drop", True, "in-time"), ("side-output", False, "")]
)
def test_a_late_event_may_be_dropped_where_that_is_promised_and_is_kept_in_time(session, tmp_path, then, drops, kind):
    case(session, timed(tmp_path / "late", then, drops=drops)).event(3).late(kind).expect_kept()


def counted(folder: Path, *, by_content: bool) -> Contract:
    """Balances that promise to count a payment once, told apart by what it says or by where it stands."""
    copy(ROOT / "contracts/dedup", folder)
    rewrite(folder / "contract.yaml", "exactly-once}", "exactly-once, duplicates: once}")
    if by_content:
        place, content = "message.partition(), message.offset()", "0, zlib.crc32(message.key() + message.value())"
        rewrite(folder / "balances.py", place, content)
        rewrite(folder / "balances.py", "import sys\n", "import sys\nimport zlib\n")
    return load(folder)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["", "later"])
def test_a_payment_that_comes_twice_counts_once_by_its_content_and_twice_by_its_place(session, tmp_path, kind):
    case(session, counted(tmp_path / "content", by_content=True)).event(3).duplicate(kind).expect_kept()
    proof = case(session, counted(tmp_path / "place", by_content=False)).event(3).duplicate(kind).run()
    assert "balances row" in broken(proof, "state-divergence").what


@pytest.mark.soak
def test_a_fault_that_was_asked_for_and_has_no_place_is_no_pass(session, monkeypatch):
    asked = replace(session.settings, faults=("restart-database", "cut-link"), budget_s=60.0)
    monkeypatch.setattr(session, "settings", asked)
    proof = session.prove(load(ROOT / "contracts/orders"), "enrich", lambda _: None)
    assert (proof.judgement.verdict, proof.judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert proof.judgement.note == (
        "asked for, and never took effect: restart-database (no request of its kind was seen)"
    )
    assert proof.effects["cut-link"] > 0
    assert proof.effects["kill-app"] == 0
