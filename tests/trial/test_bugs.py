"""A sample of the wrong pipelines, each found as `make proof` has to find all of them."""

from __future__ import annotations

import pytest

from benchmarks.proof_rows import BUGS, bugs, complaints
from benchmarks.proof_trial import of_a_bug
from stream_contracts.contract.load import load

pytestmark = pytest.mark.broker
ALL = {bug.name: bug for bug in bugs()}


@pytest.mark.parametrize("name", ["starts-at-the-latest", "new-id-per-attempt", "schema-deleted-at-the-end"])
def test_a_wrong_pipeline_is_found_by_the_anomaly_of_its_row(name, session):
    contract = load(BUGS / name)
    (pipeline,) = contract.pipelines
    proof = session.prove(contract, pipeline, lambda _: None)
    assert complaints(ALL[name], of_a_bug(contract, proof), set()) == []
