"""Pipelines that write to tables, or with the schemas of a registry: right ones pass, wrong ones fail with the row."""

import re
from dataclasses import replace
from itertools import count

import pytest

from stream_contracts.anomalies import judge
from stream_contracts.contract.load import load
from stream_contracts.errors import ContractError
from stream_contracts.findings import Verdict
from stream_contracts.history import tables
from stream_contracts.history.journal import read
from stream_contracts.history.model import Write
from stream_contracts.trial import evidence
from stream_contracts.trial.run import run
from stream_contracts.workload.plan import Plan, Strike
from tests.trial.test_promises import ROOT, copy, rewrite

pytestmark = pytest.mark.broker


def small(folder, target, events):
    """A copy of a contract with a smaller workload: every moment of it in seconds."""
    copy(ROOT / folder, target)
    text = (target / "contract.yaml").read_text()
    (target / "contract.yaml").write_text(re.sub(r"events: \d+", f"events: {events}", text))
    return load(target)


@pytest.mark.parametrize(("name", "events", "moments"), [("totals", 2, 15), ("dedup", 2, 19), ("ledger", 3, 13)])
def test_a_right_pipeline_keeps_its_promise_at_every_moment(name, events, moments, session, tmp_path, monkeypatch):
    # Every kill, and each other fault once, is owed whatever the budget.
    monkeypatch.setattr(session, "settings", replace(session.settings, budget_s=1.0))
    contract = small(f"contracts/{name}", tmp_path / name, events)
    proof = session.prove(contract, next(iter(contract.pipelines)), lambda _: None)
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()
    assert proof.moments == proof.exercised == proof.seen
    assert proof.moments >= moments


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_pipeline_finds_its_schemas_in_the_registry_and_keeps_its_promise(phase, session, tmp_path):
    contract = small("contracts/shipments", tmp_path / "shipments", 4)
    strike = Strike("kill-app", "weigh-0", "producer", "EndTxn", 1, phase)
    plan = Plan("shipments", "weigh", 1, with_aborted=True, strikes=(strike,))
    proof = session.replay(contract, plan, lambda _: None)
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()
    assert "unresolvable-schema-id" not in {finding.rule for finding in proof.judgement.findings}


def test_a_record_whose_schema_nobody_has_is_told(session, tmp_path):
    """The serializer is replaced by bytes with an id from some other registry."""
    contract = small("contracts/shipments", tmp_path / "shipments", 4)
    rewrite(
        contract.folder / "weigh.py", "        return self.write({", "        return b'\\0\\0\\0\\1\\0' + self.write({"
    )
    strike = Strike("kill-app", "weigh-0", "producer", "EndTxn", 1, "after")
    proof = session.replay(contract, Plan("shipments", "weigh", 1, strikes=(strike,)), lambda _: None)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    [finding] = [each for each in proof.judgement.findings if each.rule == "unresolvable-schema-id"]
    assert "does not know the schema id 256, with which records of weights begin" in finding.what


WRONG = {
    "commit-before-write": ("lost-record", r"event \d+ \(key \d+, at .*payments-0@\d+\) has no effect in entries"),
    "insert-without-dedup": (
        "duplicate-effect",
        r"event \d+ .* entries row \d+ \(write \d+\) and again entries row \d+",
    ),
    "additive-effect": ("state-divergence", r"balances row key-\d \(write \d+\) .*never wrote"),
}


@pytest.mark.parametrize(
    "bug", [pytest.param(bug, marks=pytest.mark.soak) if bug == "additive-effect" else bug for bug in WRONG]
)
def test_a_wrong_pipeline_fails_with_the_row(bug, session):
    rule, says = WRONG[bug]
    proof = session.prove(load(ROOT / "examples/bugs" / bug), "payments", lambda _: None)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    found = [finding for finding in proof.judgement.findings if finding.rule == rule]
    assert found, proof.explained()
    assert re.search(says, found[0].what)
    assert proof.replayed == "3/3"
    rows = [row for row in read(proof.folder.resolve() / "journal.jsonl") if isinstance(row, Write)]
    assert {str(row.writer).partition("+")[0] for row in rows} <= {"payments-0"}, "itself, or its stand-in"
    assert rows or rule == "lost-record"  # of a plan that was made small, nothing may be left


def test_an_older_row_over_a_newer_one_is_told_though_it_heals(session):
    """The table ends as it should: only the history of its writes shows what a reader saw meanwhile."""
    contract = load(ROOT / "examples/bugs/upsert-without-version-guard")
    promises = contract.pipelines["payments"].promises
    plan = Plan(contract.name, "payments", 1)
    strike = Strike("kill-app", "payments-0", "consumer", "OffsetCommit", 1, "before")
    with session.servers.arena(contract, "payments", 1) as arena:
        numbers = count()
        first = run(plan, arena, next(numbers))
        oracle = evidence.oracle(first.records, first.sends)
        killed = run(Plan(contract.name, "payments", 1, strikes=(strike,)), arena, next(numbers), oracle)
        assert killed.exercised
        with tables.load(killed.journal) as history:
            kept = judge(history, promises.delivery)
            judged = judge(history, promises.made)
    assert kept.verdict is Verdict.PASS, kept
    assert judged.verdict is Verdict.FAIL
    [finding, *_] = judged.findings
    assert finding.rule == "stale-upsert"
    assert re.search(r"latest row key-\d \(write \d+\): an older value was written over a newer one", finding.what)
    assert "transient" in finding.what


def test_a_contract_whose_table_is_not_made_is_told_with_its_line(session, tmp_path):
    copy(ROOT / "contracts/totals", tmp_path / "totals")
    rewrite(tmp_path / "totals/totals.sql", "create table totals", "create table sums")
    contract = load(tmp_path / "totals")
    with pytest.raises(ContractError, match="there is no table 'totals': the migrations make sums") as caught:
        session.prove(contract, "totals", lambda _: None)
    assert caught.value.complaints[0][0] == str(contract.place("pipelines", "totals", "writes", 0))
