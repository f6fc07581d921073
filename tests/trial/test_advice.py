"""The anti-patterns on the wire of a real broker: the careless pipeline shows them, the careful one none."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.trial.runner import Runner
from stream_contracts.trial.session import Session
from stream_contracts.workload.plan import Plan

FOLDER = Path(__file__).parents[2] / "examples/antipatterns"
SHOWN = {
    "one-partition-topic",
    "unbounded-state",
    "eager-assignor",
    "tight-poll-loop",
    "no-schema-id",
    "idempotence-off",
    "acks-not-all",
}


def advised(session: Session, pipeline: str) -> set[str]:
    contract = load(FOLDER)
    with session.servers.arena(contract, pipeline, 1) as arena:
        runner = Runner(arena)
        done, _ = runner.record(arena, Plan(contract.name, pipeline, 1))
    assert not done.restless
    return {finding.rule for finding in runner.advice}


@pytest.mark.broker
def test_what_a_careless_pipeline_shows_a_careful_one_does_not(session: Session) -> None:
    assert advised(session, "careless") & SHOWN == SHOWN
    assert advised(session, "careful") & SHOWN == set()
