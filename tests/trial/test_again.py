"""The whole input once more: who promises `replay` ends as before, whoever counts it twice is told, and silence is no pass."""

import re

import pytest

from stream_contracts.findings import Reason, Verdict
from stream_contracts.history.journal import read
from stream_contracts.history.model import Note
from stream_contracts.workload.plan import Plan
from tests.trial.test_promises import rewrite
from tests.trial.test_sinks import small

pytestmark = pytest.mark.broker


def again(contract, pipeline):
    return Plan(contract, pipeline, seed=1, again=True)


def notes(proof):
    return [row for row in read(proof.folder.resolve() / "journal.jsonl") if isinstance(row, Note)]


def test_who_knows_what_it_has_applied_ends_as_before(session, tmp_path):
    contract = small("contracts/dedup", tmp_path / "dedup", 4)
    proof = session.replay(contract, again("dedup", "balances"), lambda _: None)
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()
    assert proof.judgement.findings == ()


def test_who_adds_without_knowing_ends_elsewhere(session, tmp_path):
    """The table of what was applied is left out; without faults nothing shows of it."""
    contract = small("contracts/dedup", tmp_path / "dedup", 4)
    rewrite(contract.folder / "balances.py", "if cursor.rowcount == 1:", "if True:")
    proof = session.prove(contract, "balances", lambda _: None)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    [finding, *_] = proof.judgement.findings
    assert finding.rule == "replay-divergence"
    assert re.search(r"balances: key \S+ ends with another value: balances row \S+ \(write \d+\)", finding.what)
    assert proof.struck_at == "no fault, and then the whole input once more"
    assert proof.trials == 4
    [note] = [note for note in notes(proof) if note.what == "replayed"]
    assert re.fullmatch(r"offset 0 of \d+ partitions", note.detail)
    saved = Plan.from_json((proof.folder / "plan.json").read_text())
    assert session.replay(contract, saved, lambda _: None).judgement.verdict is Verdict.FAIL


def test_a_replay_that_nobody_can_make_is_no_pass(session, tmp_path):
    """The offsets stand in the database of the pipeline."""
    contract = small("contracts/ledger", tmp_path / "ledger", 3)
    proof = session.replay(contract, again("ledger", "ledger"), lambda _: None)
    assert (proof.judgement.verdict, proof.judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "no consumer group has committed an offset" in proof.judgement.note
