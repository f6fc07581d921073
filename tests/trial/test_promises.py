"""The whole way on a real broker: right pipelines keep their promise, wrong ones are caught with a witness."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.findings import Reason, Verdict
from stream_contracts.history.journal import read
from stream_contracts.history.model import FaultApplied, Note, ProcessLife
from stream_contracts.workload.plan import Plan, Strike

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.broker


def prove(session, folder):
    contract = load(ROOT / folder / "contract.yaml")
    return session.prove(contract, next(iter(contract.pipelines)), lambda _: None)


def plan(contract, *strikes):
    return Plan(contract=contract, pipeline="enrich", seed=1, with_aborted=True, strikes=strikes)


def strike(api, nth, phase="after", role="producer"):
    return Strike(fault="kill-app", instance="enrich-0", role=role, api=api, nth=nth, phase=phase)


def test_the_right_pipeline_keeps_exactly_once_at_every_moment(session):
    # Every kill, and each other fault once, is owed whatever the budget.
    proof = session.prove(load(ROOT / "contracts/orders"), "enrich", lambda _: None, budget_s=1.0)
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()
    assert proof.moments == proof.exercised == proof.seen
    assert proof.moments >= 30
    assert f"moments {proof.moments}/{proof.moments} exercised" in proof.told
    assert proof.others >= 9


@pytest.mark.parametrize(
    "bug", ["offsets-after-transaction", pytest.param("produce-flush-commit", marks=pytest.mark.soak)]
)
def test_a_wrong_pipeline_fails_with_the_event_and_its_offsets(session, bug):
    proof = prove(session, f"examples/bugs/{bug}")
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    found = [finding for finding in proof.judgement.findings if finding.rule == "duplicate-effect"]
    assert found
    witness = found[0].witness
    assert re.search(rf"event {witness['event_id']} .*{witness['first']} and again {witness['again']}", found[0].what)
    assert re.fullmatch(r"orders-enriched-\d@\d+", witness["again"])
    assert proof.replayed == "3/3"
    rows = list(read(proof.folder.resolve() / "journal.jsonl"))
    assert any(isinstance(row, FaultApplied) and row.effect_seen for row in rows)
    assert any(isinstance(row, ProcessLife) and row.exit == -9 for row in rows)
    saved = Plan.from_json((proof.folder / "plan.json").read_text())
    again = session.replay(load(ROOT / "examples/bugs" / bug), saved, lambda _: None)
    assert again.judgement.verdict is Verdict.FAIL


def test_an_honest_promise_of_the_same_pipeline_is_kept_with_a_warning(session, tmp_path):
    """Produce, flush, commit is at-least-once: promised as that, a duplicate is no violation, and still told."""
    folder = tmp_path / "honest"
    copy(ROOT / "examples/bugs/produce-flush-commit", folder)
    rewrite(folder / "contract.yaml", "exactly-once}", "at-least-once}")
    contract = load(folder)
    done = session.replay(contract, plan(contract.name, strike("Produce", 1)), lambda _: None)
    assert done.judgement.verdict is Verdict.PASS
    assert {(finding.rule, finding.severity.value) for finding in done.judgement.findings} == {
        ("duplicate-effect", "warning")
    }


def test_a_lost_record_is_named(session, tmp_path):
    """Commit first, write later: at-most-once, promised as at-least-once."""
    folder = tmp_path / "early"
    copy(ROOT / "examples/bugs/produce-flush-commit", folder)
    rewrite(
        folder / "enrich.py",
        "def process(batch, consumer, producer):\n",
        "def process(batch, consumer, producer):\n    consumer.commit(asynchronous=False)\n",
    )
    rewrite(folder / "contract.yaml", "exactly-once}", "at-least-once}")
    proof = session.prove(load(folder), "enrich", lambda _: None)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    assert {finding.rule for finding in proof.judgement.findings} == {"lost-record"}
    assert re.search(r"event \d+ \(key key-\d, at .*orders-\d@\d+\)", proof.judgement.findings[0].what)


def test_a_reader_of_aborted_input_is_caught_without_any_fault(session, tmp_path):
    folder = tmp_path / "dirty"
    copy(ROOT / "contracts/orders", folder)
    rewrite(folder / "enrich.py", '"read_committed"', '"read_uncommitted"')
    proof = session.prove(load(folder), "enrich", lambda _: None)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    assert {finding.rule for finding in proof.judgement.findings} == {"aborted-visible"}
    assert "aborted transactions" in proof.struck_at


def test_a_fault_that_never_took_effect_is_unknown_not_passed(session):
    contract = load(ROOT / "contracts/orders")
    done = session.replay(contract, plan("orders", strike("EndTxn", 99)), lambda _: None)
    assert done.judgement.verdict is Verdict.UNKNOWN
    assert done.judgement.reason is Reason.NOT_EXERCISED
    assert "1 of 1 faults never took effect" in done.judgement.note


def test_a_pipeline_that_writes_nothing_is_unknown(session, tmp_path):
    folder = tmp_path / "mute"
    copy(ROOT / "examples/bugs/produce-flush-commit", folder)
    rewrite(folder / "enrich.py", "        producer.produce(", "        (lambda *_, **__: None)(")
    proof = session.prove(load(folder), "enrich", lambda _: None)
    assert (proof.judgement.verdict, proof.judgement.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "wrote nothing" in proof.judgement.note


def test_a_pipeline_that_cannot_run_is_unknown_and_shows_its_log(session, tmp_path):
    folder = tmp_path / "broken"
    copy(ROOT / "contracts/orders", folder)
    rewrite(folder / "enrich.py", "import io\n", "import io\nimport no_such_module\n")
    proof = session.prove(load(folder), "enrich", lambda _: None)
    assert proof.judgement.verdict is Verdict.UNKNOWN
    assert "ended by itself 6 times" in proof.judgement.note
    assert "No module named 'no_such_module'" in proof.judgement.note


def test_output_that_is_no_function_of_the_input_is_unknown_and_says_what_to_do(session, tmp_path):
    folder = tmp_path / "clock"
    copy(ROOT / "contracts/orders", folder)
    rewrite(
        folder / "enrich.py",
        'order["size"] =',
        'order["note"] = str(__import__("time").time_ns())\n    order["size"] =',
    )
    proof = session.prove(load(folder), "enrich", lambda _: None)
    assert proof.judgement.verdict is Verdict.UNKNOWN
    assert "compare.ignore" in proof.judgement.note
    rewrite(folder / "contract.yaml", "promises: {", "compare: {ignore: [$.note]}\n    promises: {")
    again = session.replay(load(folder), plan("orders", strike("EndTxn", 1)), lambda _: None)
    assert again.judgement.verdict is Verdict.PASS, again.explained()


def test_two_instances_share_the_work_and_one_dies(session, tmp_path):
    folder = tmp_path / "two"
    copy(ROOT / "contracts/orders", folder)
    rewrite(folder / "contract.yaml", "reads: [orders]", "instances: 2\n    reads: [orders]")
    done = session.replay(load(folder), plan("orders", strike("EndTxn", 1, "before")), lambda _: None)
    assert done.judgement.verdict is Verdict.PASS, done.explained()


def test_time_is_compressed_and_the_history_says_so(session):
    """A killed member is waved goodbye, so nobody waits 45 s for its session."""
    name = "offsets-after-transaction"
    proof = session.replay(load(ROOT / "examples/bugs" / name), plan(name, strike("EndTxn", 1)), lambda _: None)
    assert proof.judgement.verdict is Verdict.FAIL, proof.explained()
    rows = list(read(proof.folder.resolve() / "journal.jsonl"))
    assert any(isinstance(row, Note) and "LeaveGroup" in row.detail for row in rows)
    assert max(proof.trial_seconds) < 20


def test_the_same_seed_is_the_same_plan():
    one, other = plan("orders", strike("EndTxn", 1)), plan("orders", strike("EndTxn", 1))
    assert one.to_json() == other.to_json()
    assert replace(one, seed=2).digest != one.digest
    assert json.loads(one.to_json())["seed"] == 1


def copy(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(source)).write_bytes(path.read_bytes())


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
