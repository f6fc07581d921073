"""``stream-contracts pull``: keep what a registry holds in the contracts' folders."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--from", "url", required=True, metavar="URL", help="The registry, as http://HOST:PORT.")
@click.option("--overwrite", is_flag=True, help="Replace kept versions that have other content.")
def pull(paths: tuple[Path, ...], url: str, overwrite: bool) -> None:
    """Write the versions that a registry holds to former/ in each contract of PATHS, so that checks need no network.

    Exit codes: 0 done, 1 a kept version has other content, 2 bad usage or contract, 3 the registry cannot be reached.
    """
    from stream_contracts.gate.publish import pull as pulled
    from stream_contracts.gate.publish import worst
    from stream_contracts.gate.remote import Remote
    from stream_contracts.gate.review import loaded
    from stream_contracts.gate.subjects import tree

    steps = []
    for step in pulled(tree(loaded(paths or (Path(),))), Remote.at(url), overwrite=overwrite):
        steps.append(step)
        click.echo(f"{step.name}: {step.outcome} ({step.words})")
    sys.exit(worst(steps))
