"""One wrong or right pipeline is tried: a process of its own, so that nothing that goes wrong in it takes others along.

``python -m benchmarks.proof_trial NAME SEED BUDGET_S`` prints one line of JSON, a `Tried`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.proof_rows import BUGS, ROOT, Tried, bugs, source
from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.findings import Severity, Verdict
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.session import Session, Settings
from stream_contracts.wire.moment import role_of
from stream_contracts.workload.plan import Plan, Strike

KEPT = ROOT / ".stream-contracts/proof"
"""The evidence of what failed."""
THREE = ":three brokers"
"""After the folder of a contract: the same with three replicas of every topic."""
NOT_SWEPT = (
    ("silence-link", ""), ("slow-link", ""), ("restart-broker", ""),
    ("restart-database", ""), ("restart-database", "kill"), ("isolate-broker", ""),
)  # fmt: skip
"""The faults that no sweep tries, for the right pipelines."""


def main(name: str, seed: int, budget_s: float) -> None:
    """Try it and print what came of it."""
    if name in {bug.name for bug in bugs()}:
        print(json.dumps(asdict(wrong(name))))
    else:
        print(json.dumps(asdict(right(name, seed, budget_s) if seed else besides(name))))


def wrong(name: str) -> Tried:
    """A sweep of a wrong pipeline, with the settings that anybody has by default."""
    contract = load(BUGS / name)
    (subject,) = subjects(contract)
    with Session(Settings(keep_in=KEPT / name), lambda _: None) as session:
        return of_a_bug(contract, _proved(session, contract, subject))


def of_a_bug(contract: Contract, proof: Proof) -> Tried:
    """What came of a wrong pipeline: how it was found, or what was said in place of that."""
    (subject,) = subjects(contract)
    tried = Tried(contract.name, source(contract.folder.absolute()), proof.judgement.verdict.value, told(proof))
    if proof.judgement.verdict is not Verdict.FAIL:
        return replace(tried, trials=proof.trials, seconds=proof.seconds)
    plan = proof.folder and Plan.from_json((proof.folder / "plan.json").read_text(encoding="utf-8"))
    return replace(
        tried, rules=rules(proof), struck_at=proof.struck_at, trials=proof.found_after, seconds=proof.found_after_s,
        size=events(contract, subject, plan) if plan else "", replayed=proof.replayed,
    )  # fmt: skip


def subjects(contract: Contract) -> tuple[str, ...]:
    """What of a contract is put on trial: its pipelines and its captured tables."""
    return (*contract.pipelines, *contract.tried_captures)


def _proved(
    session: Session, contract: Contract, name: str, *, budget_s: float | None = None, seed: int | None = None
) -> Proof:
    prove = session.prove if name in contract.pipelines else session.prove_capture
    return prove(contract, name, lambda _: None, budget_s=budget_s, seed=seed)


def right(name: str, seed: int, budget_s: float) -> Tried:
    """A sweep of each right pipeline of a contract; what is told is of the first that does not pass, if one does not."""
    with contract_of(name) as contract, Session(_settings(name, seed), lambda _: None) as session:
        proofs = [_proved(session, contract, of, budget_s=budget_s or None, seed=seed) for of in subjects(contract)]
    worst = next((each for each in proofs if each.judgement.verdict is not Verdict.PASS), proofs[0])
    return Tried(
        name, source(_folder(name)), worst.judgement.verdict.value, told(worst), seed, rules(worst), worst.struck_at,
        sum(len(each.trial_seconds) for each in proofs), sum(each.seconds for each in proofs),
        exercised=sum(each.exercised for each in proofs), moments=sum(each.moments for each in proofs),
        others_exercised=sum(each.others_exercised for each in proofs), others=sum(each.others for each in proofs),
    )  # fmt: skip


def besides(name: str) -> Tried:
    """The faults that no sweep tries, each at the end of the work of a right pipeline."""
    tried = Tried(name, source(_folder(name)), Verdict.PASS.value, seed=0)
    with contract_of(name) as contract, Session(_settings(name, 0), lambda _: None) as session:
        for plan in _plans(contract):
            proof = session.replay(contract, plan, lambda _: None)
            verdict, exercised = proof.judgement.verdict, proof.exercised == len(plan.strikes)
            tried = replace(tried, trials=tried.trials + exercised, seconds=tried.seconds + proof.seconds)
            if verdict is not Verdict.PASS and (exercised or verdict is Verdict.FAIL):
                return replace(tried, verdict=verdict.value, told=told(proof), rules=rules(proof), struck_at=str(plan))
    return tried


def _plans(contract: Contract) -> Iterator[Plan]:
    for name in contract.pipelines:  # the programme of a captured table has all that can strike one
        yield from _plans_of(contract, name)


def _plans_of(contract: Contract, name: str) -> Iterator[Plan]:
    pipeline = contract.pipelines[name]
    brokers = max(topic.replication for topic in contract.topics.values())
    api = "COMMIT" if pipeline.tables_written else "Produce"
    role = "database" if pipeline.tables_written else role_of(api)
    for fault, what in NOT_SWEPT:
        if (fault == "restart-database" and api != "COMMIT") or (fault == "isolate-broker" and brokers == 1):
            continue
        kind = "broker-1" if fault == "restart-broker" and api == "COMMIT" else what
        for phase in ("before", "after"):
            strike = Strike(fault, f"{name}-0", role, api, 1, phase, what=kind)
            yield Plan(contract.name, name, 1, with_aborted=True, strikes=(strike,))


def _settings(name: str, seed: int) -> Settings:
    return Settings(keep_in=KEPT / f"{name.replace('/', '-').replace(':', '-').replace(' ', '-')}-{seed}")


def _folder(name: str) -> Path:
    return ROOT / name.removesuffix(THREE)


@contextmanager
def contract_of(name: str) -> Iterator[Contract]:
    """The contract of a control."""
    if not name.endswith(THREE):
        yield load(_folder(name))
        return
    with tempfile.TemporaryDirectory() as above:
        copy = Path(above) / "contract"
        shutil.copytree(_folder(name), copy, ignore=shutil.ignore_patterns("__pycache__"))
        file = copy / "contract.yaml"
        text = file.read_text("utf-8").replace("    partitions: 2\n", "    partitions: 2\n    replication: 3\n")
        file.write_text(text, "utf-8")
        yield load(copy)


def told(proof: Proof) -> str:
    """What was done, and what there is to say of a verdict that is no pass."""
    explained = proof.explained()
    more = "" if explained.verdict is Verdict.PASS else f"; {explained.note}"
    return proof.told + more + "".join(f"; {finding.rule}: {finding.what}" for finding in explained.findings[:3])


def rules(proof: Proof) -> list[str]:
    """The anomalies that broke the promise."""
    return sorted({each.rule for each in proof.judgement.findings if each.severity is Severity.ERROR})


def events(contract: Contract, pipeline: str, plan: Plan) -> str:
    """How many faults and events a plan has, as ``1 fault, 2 of 12 events``."""
    captured = pipeline not in contract.pipelines
    whole = contract.cdc[pipeline].workload.units if captured else contract.pipelines[pipeline].workload.events
    count = len(plan.strikes)
    faults = f"{count} fault{'s' * (count != 1)}" if count else "no fault"
    return f"{faults}, {len(plan.events) or whole} of {whole} events"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
