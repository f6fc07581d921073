"""``stream-contracts register``: put the schemas of the working tree into a registry."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--to", "url", required=True, metavar="URL", help="The registry, as http://HOST:PORT.")
@click.option("--dry-run", is_flag=True, help="Ask only: what is new, and would it be taken?")
def register(paths: tuple[Path, ...], url: str, dry_run: bool) -> None:
    """Register every schema of the contracts in PATHS, what is referred to first.

    The registry is asked about all of them before the first one is registered; where it refuses one, none is.
    Exit codes: 0 done, 1 refused, 2 bad usage or contract, 3 the registry cannot be reached, 4 it gave no verdict.
    """
    from stream_contracts.gate.publish import register as registered
    from stream_contracts.gate.publish import worst
    from stream_contracts.gate.remote import Remote
    from stream_contracts.gate.review import loaded
    from stream_contracts.gate.subjects import tree

    now = tree(loaded(paths or (Path(),)))
    steps = []
    for step in registered(now, Remote.at(url), dry_run=dry_run):
        steps.append(step)
        click.echo(f"{step.name}: {step.outcome}{f' ({step.words})' if step.words else ''}")
    sys.exit(worst(steps))
