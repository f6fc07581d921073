"""How long a moment takes: kills at moments of the first example, on a warm cache, with one broker and with three."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.figures import figure
from stream_contracts.contract.load import load
from stream_contracts.findings import Verdict
from stream_contracts.trial.programme import kills, struck_at
from stream_contracts.trial.runner import Runner
from stream_contracts.trial.session import Session, Settings
from stream_contracts.workload.plan import Plan

ORDERS = Path(__file__).parents[1] / "contracts/orders"
TARGETS_S = {1: 2.0, 3: 5.0}
QUIET_RUNS = 5
MOMENTS = 16
"""At most so many of the moments are tried: the whole sweep takes minutes."""


def main() -> None:
    """Print how many trials kept the promise, and how long they took."""
    with tempfile.TemporaryDirectory() as folder:
        three = Path(folder) / "orders"
        shutil.copytree(ORDERS, three)
        text = (three / "contract.yaml").read_text("utf-8")
        (three / "contract.yaml").write_text(
            text.replace("    partitions: 2\n", "    partitions: 2\n    replication: 3\n")
        )
        for brokers, where in ((1, ORDERS), (3, three)):
            _tried(brokers, where)


def _tried(brokers: int, where: Path) -> None:
    """Kill at some of the moments, spread evenly over all of them, one trial at a time; and as often not at all."""
    contract = load(where)
    with (
        Session(Settings(backend="local"), lambda _: None) as session,
        session.servers.arena(contract, "enrich", 1) as arena,
    ):
        runner, plan = Runner(arena), Plan(contract.name, "enrich", 1, with_aborted=True)
        every = kills(runner.record(arena, plan)[0].moments, every_moment=True)
        chosen = every[:: -(-len(every) // MOMENTS)]
        quiet_s = median(runner.run(arena, plan).seconds for _ in range(QUIET_RUNS))
        verdicts = [runner.judged(runner.run(arena, struck_at(plan, "kill-app", moment))).verdict for moment in chosen]
    seconds = sorted(runner.seconds)
    print(
        f"orders/enrich on {brokers} broker(s): {len(chosen)} of {len(every)} moments, {verdicts.count(Verdict.PASS)} pass"
    )
    print(f"  a moment: least {seconds[0]:.2f} s, median {median(seconds):.2f} s, most {seconds[-1]:.2f} s")
    what = f"trial with a kill, {brokers} broker{'s' * (brokers > 1)}"
    figure(what, median(seconds), "s", ("the same trial without a fault", quiet_s), TARGETS_S[brokers])


if __name__ == "__main__":
    main()
