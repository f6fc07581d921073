"""``stream-contracts register``: put the schemas of the working tree into a registry."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stream_contracts.gate.publish import Step


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--to", "url", required=True, metavar="URL", help="The registry, as http://HOST:PORT.")
@click.option("--dry-run", is_flag=True, help="Ask only: what is new, and would it be taken?")
@click.option(
    "--set-compatibility",
    "put",
    is_flag=True,
    help="Set the level that the contract names at each subject, before anything is registered.",
)
def register(paths: tuple[Path, ...], url: str, dry_run: bool, put: bool) -> None:
    """Register every schema of the contracts in PATHS, what is referred to first.

    The registry is asked about all of them before the first one is registered; where it refuses one, none is. Levels
    are left as they are, and a difference is told, unless --set-compatibility is given.
    Exit codes: 0 done, 1 refused, 2 bad usage or contract, 3 the registry cannot be reached, 4 it gave no verdict.
    """
    from stream_contracts.gate.publish import levels, worst
    from stream_contracts.gate.publish import register as registered
    from stream_contracts.gate.remote import Remote
    from stream_contracts.gate.review import loaded
    from stream_contracts.gate.subjects import tree

    now, remote = tree(loaded(paths or (Path(),))), Remote.at(url)
    steps = _told(levels(now, remote, put=put, dry_run=dry_run))
    if all(step.good for step in steps):
        steps += _told(registered(now, remote, dry_run=dry_run))
    sys.exit(worst(steps))


def _told(steps: Iterable[Step]) -> list[Step]:
    """Print each step when it is done."""
    done = []
    for step in steps:
        done.append(step)
        click.echo(f"{step.name}: {step.outcome}{f' ({step.words})' if step.words else ''}")
    return done
