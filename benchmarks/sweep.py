"""How long a moment takes: the whole sweep of the first example, on a warm cache."""

from __future__ import annotations

from pathlib import Path

from stream_contracts.contract.load import load
from stream_contracts.trial.session import Session, Settings

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print the sweep's own account, and the quartiles of a trial."""
    with Session(Settings(), lambda _: None) as session:
        proof = session.prove(load(ROOT / "contracts/orders"), "enrich", lambda _: None)
    seconds = sorted(proof.trial_seconds)
    print(f"orders/enrich {proof.judgement.verdict}: {proof.told}")
    print(f"a moment: least {seconds[0]:.2f} s, median {proof.median_s:.2f} s, most {seconds[-1]:.2f} s")
