"""``stream-contracts test``: judge every promise of the contracts below a folder, as `pytest --stream-contracts` does."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from stream_contracts.cli import options
from stream_contracts.findings import Judgement, Verdict

if TYPE_CHECKING:
    from stream_contracts.contract.model import Contract
    from stream_contracts.trial.session import Session


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@options.backend
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the generated input.")
@click.option("--every-moment", is_flag=True, help="Kill at every moment, however many there are.")
@click.option("--budget", default="60s", show_default=True, help="How long the faults of one pipeline may take.")
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=0,
    help="How many trials run side by side; 0: one a core, 4 at most.",
)
@click.option("--faults", default="", help="Try these faults and no others, such as kill-broker,late-request.")
def test(
    paths: tuple[Path, ...], backend: str, seed: int, every_moment: bool, budget: str, workers: int, faults: str
) -> None:
    """Judge every promise of the contracts in PATHS (by default the current folder).

    Ends with 0 where every promise is kept, 1 where one is broken, 2 for a wrong contract, 3 where the environment
    lacks something, 4 where of a promise nothing could be said and none is broken.
    """
    from stream_contracts.contract.load import find, load_all
    from stream_contracts.contract.part import asked
    from stream_contracts.errors import UsageError
    from stream_contracts.faults import faults_named
    from stream_contracts.trial.session import Session, Settings

    files = [file for path in paths or (Path(),) for file in find(path)]
    if not files:
        raise UsageError("no contract.yaml found; `stream-contracts init` writes a first one")
    contracts = load_all(files)
    judged: list[Judgement] = []
    wanted = faults_named(faults)
    settings = Settings(backend, seed, every_moment, asked("--budget", budget), workers, faults=wanted)
    with Session(settings, progress) as session:
        for contract in contracts:
            judged += _schemas(contract)
            judged += [judgement for name in contract.pipelines for judgement in _pipeline(session, contract, name)]
    click.echo(f"{len(contracts)} contracts, {len(judged)} promises judged")
    conclude(judged)


def conclude(judged: Iterable[Judgement]) -> NoReturn:
    """End with the exit code that the verdicts ask for; of no promise at all nothing could be said."""
    verdicts = {judgement.verdict for judgement in judged} or {Verdict.UNKNOWN}
    sys.exit(1 if Verdict.FAIL in verdicts else 4 if Verdict.UNKNOWN in verdicts else 0)


def _schemas(contract: Contract) -> list[Judgement]:
    from stream_contracts.gate.decide import decide

    judged = []
    for subject, schema, _ in contract.subjects():
        decision = decide(contract, schema)
        told = f"{decision.level} against {decision.versions} former" if decision.versions else "new"
        tell(f"{contract.name}/{subject}", decision.judgement, told)
        judged.append(decision.judgement)
    return judged


def _pipeline(session: Session, contract: Contract, name: str) -> list[Judgement]:
    judged = []
    for promised in contract.promises(name):
        proof = session.proof(contract, name, progress).of(promised.name)
        done = proof.told if promised.name == "delivery" else "by the same trials"
        tell(f"{contract.name}/{name} promises {promised.name}: {promised.told}", proof.explained(), done)
        if promised.name == "delivery" and proof.idle:
            click.echo(f"  not applicable: {proof.idle}")
        judged.append(proof.judgement)
    return judged


def tell(what: str, judgement: Judgement, done: str) -> None:
    """Print a judgement, and under it what was done for it."""
    from stream_contracts.reports import terminal

    progress("")
    for line in terminal.judged(what, judgement):
        click.echo(line)
    click.echo(f"  {done}")


def progress(line: str) -> None:
    """A line that the next one overwrites; nothing where no person watches."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{line}", nl=False, err=True)
