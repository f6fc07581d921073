"""How long a moment takes: the whole sweep of the first example, on a warm cache, with one broker and with three."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from stream_contracts.contract.load import load
from stream_contracts.trial.session import Session, Settings

ORDERS = Path(__file__).parents[1] / "contracts/orders"
TARGETS_S = {1: 2.0, 3: 5.0}


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
            for workers in (1, 2):
                _swept(brokers, where, workers)


def _swept(brokers: int, where: Path, workers: int) -> None:
    with Session(Settings(backend="local", budget_s=1, workers=workers), lambda _: None) as session:
        proof = session.prove(load(where), "enrich", lambda _: None)
    seconds = sorted(proof.trial_seconds)
    print(
        f"orders/enrich on {brokers} broker(s), {workers} trial(s) at a time: {proof.judgement.verdict}: {proof.told}"
    )
    spread = f"least {seconds[0]:.2f} s, median {proof.median_s:.2f} s, most {seconds[-1]:.2f} s"
    print(f"  a moment: {spread} (target: median {TARGETS_S[brokers]:g} s)")
