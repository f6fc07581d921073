"""``stream-contracts replay``: run a saved plan again, here or on another machine."""

from __future__ import annotations

from pathlib import Path

import click

from stream_contracts.cli import options


@click.command()
@click.argument("plan", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("contract", type=click.Path(exists=True, path_type=Path))
@options.backend
def replay(plan: Path, contract: Path, backend: str) -> None:
    """Run the PLAN that a failing trial saved (plan.json) once more against its CONTRACT, and judge it.

    Ends with 0 where the promise is kept this time, 1 where it is broken, 4 where nothing could be said.
    """
    from stream_contracts.cli.test import conclude, progress, tell
    from stream_contracts.contract.load import load
    from stream_contracts.trial.session import Session, Settings
    from stream_contracts.workload.plan import Plan

    wanted = Plan.from_json(plan.read_text(encoding="utf-8"))
    with Session(Settings(backend), progress) as session:
        proof = session.replay(load(contract), wanted, progress)
    tell(f"{wanted.contract}/{wanted.pipeline}", proof.explained(), proof.told)
    conclude([proof.judgement])
