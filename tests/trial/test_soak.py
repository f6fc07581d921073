"""No false alarm: the correct pipelines under every fault that a sweep has, again and again. Minutes; run with -m soak."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.findings import Verdict

ROOT = Path(__file__).parents[2]
RIGHT = sorted(path.parent.name for path in (ROOT / "contracts").glob("*/contract.yaml"))
TRIALS = 200
"""Of each pipeline: a thousand over five contracts."""
BUDGET_S = 120.0

pytestmark = [pytest.mark.broker, pytest.mark.soak]


@pytest.mark.parametrize("name", RIGHT)
def test_a_correct_pipeline_raises_no_alarm_in_two_hundred_trials(session, name, record_property):
    contract = load(ROOT / "contracts" / name)
    trials = 0
    for seed in range(1, 100):
        if trials >= TRIALS:
            break
        for pipeline in contract.pipelines:
            proof = session.prove(contract, pipeline, lambda _: None, budget_s=BUDGET_S, seed=seed)
            assert proof.judgement.verdict is Verdict.PASS, f"seed {seed}: {proof.told}\n{proof.explained()}"
            trials += len(proof.trial_seconds)
    record_property("trials", trials)
