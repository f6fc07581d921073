"""Other ways to say what is tried: hard-wired names, a model, a trial in hand; and what is told of a bad recovery."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_contracts.contract.load import load
from stream_contracts.errors import ContractError, UsageError
from stream_contracts.findings import Verdict
from stream_contracts.stack.capabilities import Killable
from stream_contracts.trial.in_hand import StreamTrial
from stream_contracts.trial.runner import Runner, _sick
from stream_contracts.trial.session import Session, Settings
from tests.trial.test_promises import ROOT, copy, plan, rewrite, strike

pytestmark = pytest.mark.broker


def orders(folder: Path) -> Path:
    copy(ROOT / "contracts/orders", folder)
    return folder


def test_a_pipeline_with_hard_wired_names_has_a_broker_of_its_own_each_time(session, tmp_path):
    folder = orders(tmp_path / "wired")
    for name, value in (("INPUT", "orders"), ("OUTPUT", "orders-enriched"), ("GROUP", "enrich")):
        rewrite(folder / "enrich.py", f'os.environ["{name}"]', f'"{value}"')
    rewrite(folder / "contract.yaml", "reads: [orders]", "isolation: broker\n    reads: [orders]")
    contract = load(folder)
    for nth in (1, 2):
        done = session.replay(contract, plan("orders", strike("EndTxn", nth)), lambda _: None)
        assert done.judgement.verdict is Verdict.PASS, done.explained()
        assert done.exercised == 1


MODEL = """
def enriched(events):
    return [{"topic": "orders-enriched", "key": event["key"], "value": sized(event["value"])} for event in events]


def sized(order):
    return {**order, "size": "large" if order["quantity"] >= 100 else "small"}
"""


@pytest.mark.parametrize(("word", "verdict"), [("small", Verdict.PASS), ("tiny", Verdict.FAIL)])
def test_a_model_finds_a_pipeline_that_is_wrong_without_faults(session, tmp_path, word, verdict):
    folder = orders(tmp_path / "modelled")
    (folder / "shop_model.py").write_text(MODEL)
    rewrite(folder / "enrich.py", 'else "small"', f'else "{word}"')
    rewrite(folder / "contract.yaml", "reads: [orders]", "model: shop_model:enriched\n    reads: [orders]")
    done = session.replay(load(folder), plan("orders", strike("EndTxn", 1)), lambda _: None)
    assert done.judgement.verdict is verdict, done.explained()
    if verdict is Verdict.FAIL:
        assert "the outputs are not those of the model" in done.explained().note


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no_such_module_of_ours:f", "cannot be imported"),
        ("json:tool", "cannot be imported"),
        ("json:__name__", "no function"),
    ],
)
def test_a_model_that_is_not_there_is_an_error_of_the_contract(session, tmp_path, name, says):
    folder = orders(tmp_path / "nowhere")
    rewrite(folder / "contract.yaml", "reads: [orders]", f"model: {name}\n    reads: [orders]")
    with pytest.raises(ContractError, match=says) as refused:
        session.replay(load(folder), plan("orders", strike("EndTxn", 1)), lambda _: None)
    assert "contract.yaml:" in str(refused.value)


def test_a_trial_in_hand_is_written_in_a_line(session):
    case = StreamTrial(session).case(ROOT / "contracts/orders")
    proof = case.moment("EndTxn", nth=2, phase="before").kill("app").expect_kept()
    assert proof.exercised == 1
    assert json.loads(case.plan.to_json())["strikes"][0]["fault"] == "kill-app"


def test_a_trial_in_hand_of_a_wrong_pipeline_raises_with_the_event(session):
    case = StreamTrial(session).case(ROOT / "examples/bugs/offsets-after-transaction", "enrich")
    with pytest.raises(AssertionError, match=r"fail: kill-app after EndTxn#1(.|\n)*event \d+ .* has 2 effects"):
        case.moment("EndTxn").kill().expect_kept()


def test_what_cannot_be_meant_is_refused_with_what_can(session):
    trial = StreamTrial(session)
    case = trial.case(ROOT / "contracts/orders")
    with pytest.raises(UsageError, match=r"no moments of 'EndTransaction'; known: InitProducerId, .*EndTxn"):
        case.moment("EndTransaction")
    with pytest.raises(UsageError, match="phase is 'during'; known: before, after"):
        case.moment("EndTxn", phase="during")
    with pytest.raises(UsageError, match="no fault named 'explode'; known: cut-link"):
        case.moment("EndTxn").fault("explode")
    with pytest.raises(UsageError, match="no pipeline 'enrichment'; known pipelines: enrich"):
        trial.case(ROOT / "contracts/orders", "enrichment")


def test_a_transaction_that_a_dead_process_left_open_is_ended_and_told(session, tmp_path):
    """A fresh transactional id per start is correct (KIP-447), and leaves readers blind: a warning, or a broken recovery."""
    folder = orders(tmp_path / "fresh")
    rewrite(folder / "enrich.py", 'os.environ["TRANSACTIONAL_ID"]', 'f"fresh-{os.getpid()}-{os.urandom(4).hex()}"')
    done = session.replay(load(folder), plan("orders", strike("EndTxn", 1, "before")), lambda _: None)
    assert done.judgement.verdict is Verdict.PASS, done.explained()
    told = {finding.rule: finding for finding in done.judgement.findings}
    assert "it was ended by us, for nobody else would have in time" in told["hanging-transaction"].what
    assert "fresh-" in told["hanging-transaction"].what
    rewrite(folder / "contract.yaml", "exactly-once}", "exactly-once, recovers-within: 30s}")
    again = session.replay(load(folder), plan("orders", strike("EndTxn", 1, "before")), lambda _: None)
    assert again.of("delivery").judgement.verdict is not Verdict.FAIL
    assert again.of("recovers-within").judgement.verdict is Verdict.FAIL, again.explained()


def test_where_the_brokers_are_not_as_good_as_new_a_trial_gets_others(tmp_path):
    contract = load(ROOT / "contracts/orders")
    with Session(Settings(backend="local", keep_in=tmp_path), lambda _: None) as own:
        before = own.replay(contract, plan("orders", strike("EndTxn", 1)), lambda _: None)
        own.servers.stack().service("broker-1", can=Killable).kill()
        with own.servers.arena(contract, "enrich", 1) as arena:
            runner = Runner(arena)
            done, expected = runner.record(arena, plan("orders"))
            assert expected
            assert not done.restless
    assert before.judgement.verdict is Verdict.PASS


def test_a_transaction_that_a_trial_left_open_is_no_ground_for_the_next_one(session):
    """A near miss beside it: after a trial that came to its end the same brokers are taken again."""
    with session.servers.arena(load(ROOT / "contracts/orders"), "enrich", 1) as arena:
        runner = Runner(arena)
        runner.record(arena, plan("orders"))
        assert not _sick(arena)
        name = f"{arena.prefix}.left"
        producer = Producer({"bootstrap.servers": arena.stack.bootstrap, "transactional.id": name})
        producer.init_transactions(20)
        admin = AdminClient({"bootstrap.servers": arena.stack.bootstrap})
        admin.create_topics([NewTopic(name, 1, 1)])[name].result(20)
        producer.begin_transaction()
        producer.produce(name, b"never committed")
        producer.flush(20)
        assert _sick(arena)
        producer.abort_transaction(20)
        assert not _sick(arena)
