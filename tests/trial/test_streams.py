"""A Kafka Streams application as a pipeline: compiled from source, run, killed, and judged like any other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.errors import ContractError
from stream_contracts.findings import Verdict
from stream_contracts.pipelines import kind_of
from stream_contracts.trial.runner import Runner
from stream_contracts.workload.plan import Plan, Strike

PRICING = Path(__file__).parents[2] / "contracts/pricing"


def test_what_does_not_compile_is_told_at_its_place_with_the_words_of_the_compiler(tmp_path):
    shutil.copytree(PRICING, tmp_path / "pricing")
    source = tmp_path / "pricing/Pricing.java"
    source.write_text(source.read_text("utf-8").replace("streams.start();", "streams.begin();"), "utf-8")
    contract = load(tmp_path / "pricing")
    with pytest.raises(ContractError) as caught:
        kind_of(contract.pipelines["price"]).prepare(contract, "price", lambda _: None)
    [(place, what)] = caught.value.complaints
    assert place == f"{contract.file}:22:5"
    assert "it does not compile:" in what
    assert "begin() is undefined for the type KafkaStreams" in what


@pytest.mark.broker
def test_it_is_killed_in_a_transaction_and_every_sale_is_priced_once(session):
    contract = load(PRICING)
    with session.servers.arena(contract, "price", 1) as arena:
        runner, plan = Runner(arena), Plan("pricing", "price", 1)
        first, expected = runner.record(arena, plan)
        sales = [event.id for event in arena.draw(1).events if event.topic == "sales"]
        assert (first.restless, len(expected)) == ("", len(sales))
        assert sorted(record.event_id for record in first.records) == sales
        assert runner.judged(first).verdict is Verdict.PASS  # the prices are those of the model, and some are none
        strike = Strike("kill-app", "price-0", "producer", "EndTxn", 1, "before")
        killed = runner.run(arena, Plan("pricing", "price", 1, strikes=(strike,)))
        assert (killed.restless, killed.exercised) == ("", True)
        assert runner.judged(killed).verdict is Verdict.PASS


@pytest.mark.soak
@pytest.mark.broker
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", ["price", "price-in-two"])
def test_no_false_alarm(session, name, seed):
    proof = session.prove(load(PRICING), name, lambda _: None, seed=seed)
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()
