"""Brokers die, freeze and are cut off under a pipeline: what was promised holds, and acks=1 is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.findings import Verdict
from stream_contracts.trial.session import Session
from stream_contracts.workload.plan import Plan, Strike
from tests.trial.test_promises import ROOT, copy, rewrite

pytestmark = pytest.mark.broker


def replicated(source: str, folder: Path) -> Path:
    """A contract whose topics have three replicas, so that it gets three brokers."""
    copy(ROOT / source, folder)
    path = folder / "contract.yaml"
    text = path.read_text("utf-8")
    changed = text.replace("    partitions: 2\n", "    partitions: 2\n    replication: 3\n")
    changed = changed.replace("{partitions: 2,", "{partitions: 2, replication: 3,")
    assert changed.count("replication: 3") == 2
    path.write_text(changed, "utf-8")
    return folder


@pytest.fixture(scope="module")
def enrich(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return load(replicated("contracts/orders", tmp_path_factory.mktemp("three") / "orders"))


def at(fault: str, api: str, nth: int = 2, phase: str = "before", what: str = "") -> Strike:
    role = "consumer" if api in ("OffsetCommit", "Fetch") else "producer"
    return Strike(fault, "enrich-0", role, api, nth, phase, what=what)


def tried(session: Session, contract: Contract, *strikes: Strike) -> None:
    """Run it, and see that every fault took effect and the promise was kept."""
    plan = Plan(contract.name, "enrich", 1, with_aborted=True, strikes=strikes)
    proof = session.replay(contract, plan, lambda _: None)
    assert proof.judgement.verdict is Verdict.PASS, f"{plan}\n{proof.explained()}"
    assert proof.exercised == len(strikes)


@pytest.mark.parametrize(
    "strike", [at("kill-broker", "Produce"), at("isolate-broker", "EndTxn")], ids=lambda strike: strike.fault
)
def test_the_right_pipeline_outlives_what_is_done_to_a_broker(session, enrich, strike):
    tried(session, enrich, strike)


def test_with_acks_1_a_leader_that_dies_ahead_of_its_followers_loses_a_record(session, tmp_path):
    folder = replicated("examples/bugs/produce-flush-commit", tmp_path / "one-ack")
    rewrite(folder / "enrich.py", '"enable.idempotence": True', '"acks": "1"')
    rewrite(folder / "contract.yaml", "exactly-once}", "at-least-once}")
    contract = load(folder)
    plan = Plan(contract.name, "enrich", 1, strikes=(at("kill-ahead", "Produce", 1),))
    proof = session.replay(contract, plan, lambda _: None)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    assert {finding.rule for finding in proof.judgement.findings if finding.counts} == {"lost-record"}
    tried(session, load(replicated("contracts/orders", tmp_path / "all-acks")), at("kill-ahead", "Produce", 1))


@pytest.mark.soak
@pytest.mark.parametrize("what", ["", "group-coordinator", "transaction-coordinator", "controller"])
@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("api", ["Produce", "EndTxn"])
def test_a_broker_is_killed_at_each_moment(session, enrich, api, nth, phase, what):
    tried(session, enrich, at("kill-broker", api, nth, phase, what))


@pytest.mark.soak
@pytest.mark.parametrize("fault", ["pause-broker", "restart-broker", "isolate-broker"])
@pytest.mark.parametrize("api", ["Produce", "EndTxn"])
def test_a_broker_is_disturbed(session, enrich, api, fault):
    tried(session, enrich, at(fault, api))


@pytest.mark.soak
@pytest.mark.parametrize("what", ["", "die"])
def test_two_instances_with_a_rebalance_at_each_moment(session, tmp_path, what):
    folder = tmp_path / "two"
    copy(ROOT / "contracts/orders", folder)
    rewrite(folder / "contract.yaml", "reads: [orders]", "instances: 2\n    reads: [orders]")
    contract = load(folder)
    missed = 0
    for api, nth, phase in [(api, nth, phase) for api in ("Produce", "EndTxn", "TxnOffsetCommit", "AddOffsetsToTxn")
                            for nth in (1, 2) for phase in ("before", "after")] + [("Fetch", 1, "after")]:  # fmt: skip
        plan = Plan("orders", "enrich", 1, with_aborted=True, strikes=(at("join-app", api, nth, phase, what),))
        proof = session.replay(contract, plan, lambda _: None)
        assert proof.judgement.verdict is not Verdict.FAIL, f"{plan}\n{proof.explained()}"
        missed += proof.judgement.verdict is not Verdict.PASS
    assert missed <= 4, "how two instances share the work is chance, but most moments come"
