"""How long a moment takes: the whole sweep of the first example, on a warm cache, with one broker and with three."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.figures import figure
from stream_contracts.contract.load import load
from stream_contracts.trial.runner import Runner
from stream_contracts.trial.session import Session, Settings
from stream_contracts.workload.plan import Plan

ORDERS = Path(__file__).parents[1] / "contracts/orders"
TARGETS_S = {1: 2.0, 3: 5.0}
QUIET_RUNS = 5


def main() -> None:
    """Print the sweep's own account, and the quartiles of a trial, with a trial at a time and with two."""
    with tempfile.TemporaryDirectory() as folder:
        three = Path(folder) / "orders"
        shutil.copytree(ORDERS, three)
        text = (three / "contract.yaml").read_text("utf-8")
        (three / "contract.yaml").write_text(
            text.replace("    partitions: 2\n", "    partitions: 2\n    replication: 3\n")
        )
        for brokers, where in ((1, ORDERS), (3, three)):
            quiet_s = _quiet(where)
            for workers in (1, 2):
                _swept(brokers, where, workers, quiet_s)


def _quiet(where: Path) -> float:
    """Median seconds of a trial without faults."""
    contract = load(where)
    with (
        Session(Settings(backend="local"), lambda _: None) as session,
        session.servers.arena(contract, "enrich", 1) as arena,
    ):
        runner, plan = Runner(arena), Plan(contract.name, "enrich", 1, with_aborted=True)
        runner.record(arena, plan)
        return median(runner.run(arena, plan).seconds for _ in range(QUIET_RUNS))


def _swept(brokers: int, where: Path, workers: int, quiet_s: float) -> None:
    with Session(Settings(backend="local", budget_s=0, workers=workers), lambda _: None) as session:
        proof = session.prove(load(where), "enrich", lambda _: None)
    seconds = sorted(proof.trial_seconds)
    print(
        f"orders/enrich on {brokers} broker(s), {workers} trial(s) at a time: {proof.judgement.verdict}: {proof.told}"
    )
    spread = f"least {seconds[0]:.2f} s, median {proof.median_s:.2f} s, most {seconds[-1]:.2f} s"
    print(f"  a moment: {spread}")
    what = f"trial with a kill, {brokers} broker{'s' * (brokers > 1)}, {workers} at a time"
    figure(what, proof.median_s, "s", ("the same trial without a fault, alone", quiet_s), TARGETS_S[brokers])
