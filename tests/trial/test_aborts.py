"""A transaction that has to be aborted while its process lives: who reads the batch again keeps it, who goes on loses it."""

import pytest

from stream_contracts.contract.load import load
from stream_contracts.findings import Verdict
from stream_contracts.workload.plan import Plan, Strike
from tests.trial.test_promises import ROOT

pytestmark = pytest.mark.broker


@pytest.mark.parametrize(
    ("folder", "verdict"),
    [("contracts/clearing", Verdict.PASS), ("examples/bugs/abort-without-rewind", Verdict.FAIL)],
)
def test_what_was_in_an_aborted_transaction_is_read_again(session, folder, verdict):
    """The loss shows once more input comes behind it: before, a restart would still find it."""
    contract = load(ROOT / folder)
    strike = Strike(
        "refuse-request", "clear-0", "producer", "TxnOffsetCommit", 2, "before", what="transaction_abortable"
    )
    proof = session.replay(contract, Plan(contract.name, "clear", 1, strikes=(strike,), feed="tail"), lambda _: None)
    assert proof.exercised == 1
    assert proof.judgement.verdict is verdict, proof.explained()
    assert [each.rule for each in proof.judgement.findings if each.counts][:1] == ["lost-record"] * (
        verdict is Verdict.FAIL
    )
