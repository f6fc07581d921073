"""A sink connector as a pipeline: what it is told in a trial, when its worker counts as ended, and how it is judged."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.errors import ContractError
from stream_contracts.findings import Verdict
from stream_contracts.pipelines import kind_of
from stream_contracts.pipelines.sink import placed
from stream_contracts.stack.sink import FAILED, SinkWorker
from stream_contracts.trial.runner import Runner
from stream_contracts.workload.plan import Plan, Strike
from tests.waiting import until

CUSTOMERS = Path(__file__).parents[2] / "contracts/customers"
URL = "postgresql://me:p%40ss@127.0.0.1:5433/shop?options=-csearch_path%3Dt_1%2Cpublic%20-cx.y%3Dsink-0"


def test_what_differs_between_trials_is_set_and_what_the_user_says_stays():
    held = {
        "topics": "a.b, c", "transforms": "mine", "connection.url": "jdbc:postgresql://db/crm?reWriteBatchedInserts=true&options=x",
        "collection.name.format": "public.${topic}", "errors.deadletterqueue.topic.name": "letters", "insert.mode": "upsert",
    }  # fmt: skip
    told = placed(held, {"a.b": "run.a.b", "c": "run.c", "letters": "run.letters"}, "run.group", URL)
    assert told["topics"] == "run.a.b,run.c"
    first, second, last = told["transforms"].split(",")
    assert last == "mine"
    assert told[f"transforms.{first}.regex"] == "run[.]a[.]b"
    assert told[f"transforms.{first}.replacement"] == "a.b"
    assert told[f"transforms.{second}.replacement"] == "c"
    assert told["connection.url"].startswith("jdbc:postgresql://127.0.0.1:5433/shop?options=-csearch_path%3Dt_1")
    assert told["connection.url"].endswith("&reWriteBatchedInserts=true")
    assert (told["connection.username"], told["connection.password"]) == ("me", "p@ss")
    assert told["collection.name.format"] == "t_1.${topic}"
    assert told["errors.deadletterqueue.topic.name"] == "run.letters"
    assert (told["consumer.override.group.id"], told["insert.mode"]) == ("run.group", "upsert")


@pytest.mark.parametrize(
    ("given", "there"),
    [
        ("${topic}", "t_1.${topic}"),
        ("crm.customers", "t_1.customers"),
        ("${source.schema}.${source.table}", "t_1.${source.table}"),
        ("x_${source.table}", "t_1.x_${source.table}"),
    ],
)
def test_the_schema_of_the_table_is_that_of_the_trial(given, there):
    assert placed({"topics": "a", "table.name.format": given}, {"a": "r.a"}, "g", URL)["table.name.format"] == there


def test_topics_that_the_pipeline_does_not_read_are_told_at_their_place(tmp_path):
    shutil.copytree(CUSTOMERS, tmp_path / "customers")
    file = tmp_path / "customers/sink.json"
    file.write_text(file.read_text("utf-8").replace('"topics": "customers"', '"topics": "orders"'), "utf-8")
    contract = load(tmp_path / "customers")
    with pytest.raises(
        ContractError, match="found the topics orders; allowed: those that the pipeline reads: customers"
    ):
        kind_of(contract.pipelines["sink"]).prepare(contract, "sink", lambda _: None)


def test_a_worker_that_has_given_its_task_up_counts_as_ended_in_that_life_only(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(f"import time; print({FAILED.decode()!r}, flush=True); time.sleep(60)", "utf-8")
    worker = SinkWorker(
        "w", [sys.executable, program.name], cwd=tmp_path, env={}, log_path=tmp_path / "log", run_id="test-sinks",
    )  # fmt: skip
    worker.start()
    try:
        assert until(lambda: not worker.alive)
        assert worker.exit_status == 1
        program.write_text("import time; time.sleep(60)", "utf-8")
        worker.start()
        assert worker.alive
    finally:
        worker.kill()


@pytest.mark.broker
def test_it_is_killed_between_its_rows_and_its_offsets_and_the_table_ends_the_same(session):
    contract = load(CUSTOMERS)
    with session.servers.arena(contract, "sink", 1) as arena:
        runner = Runner(arena)
        first, expected = runner.record(arena, Plan("customers", "sink", 1))
        assert first.restless == ""
        assert [row.key for row in expected if row.op == "delete" and row.final] == ["key-5"]
        strike = Strike("kill-app", "sink-0", "consumer", "OffsetCommit", 1, "before")
        killed = runner.run(arena, Plan("customers", "sink", 1, strikes=(strike,)))
        assert (killed.restless, killed.exercised) == ("", True)
        assert runner.judged(killed).verdict is Verdict.PASS


@pytest.mark.soak
@pytest.mark.broker
@pytest.mark.parametrize("seed", [1, 2])
def test_no_false_alarm(session, seed):
    proof = session.prove(load(CUSTOMERS), "sink", lambda _: None, seed=seed)
    assert proof.judgement.verdict is Verdict.PASS, proof.explained()
