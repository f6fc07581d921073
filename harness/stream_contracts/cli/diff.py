"""``stream-contracts diff``: what changed, whether it may or not."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--against", default="kept", show_default=True, metavar="WHAT", help="As in `stream-contracts check`.")
def diff(paths: tuple[Path, ...], against: str) -> None:
    """Tell every change of the contracts in PATHS, allowed ones too. It judges nothing and ends with 0: see `check`."""
    from stream_contracts.gate.baseline import opened
    from stream_contracts.gate.diff import told
    from stream_contracts.gate.review import loaded
    from stream_contracts.gate.subjects import tree

    where = paths or (Path(),)
    now = tree(loaded(where))
    with opened(against, where, now) as baseline:
        for line in told(now, baseline):
            click.echo(line)
