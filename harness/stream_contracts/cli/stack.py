"""``stream-contracts stack``: prepare ahead what a stack runs on."""

from __future__ import annotations

import time

import click


@click.group()
def stack() -> None:
    """Prepare what the local stack runs on."""


@stack.command()
def prepare() -> None:
    """Fetch and compute all that a local broker needs, so that later starts are fast and work offline.

    Verifies every jar against its sha256; what is right already stays.
    """
    from stream_contracts.stack import to_stderr
    from stream_contracts.stack.training import prepare as prepare_all

    begin = time.monotonic()
    prepared = prepare_all(to_stderr, thorough=True)
    runtime = prepared.runtime
    how = "with" if prepared.flags else "without"
    click.echo(
        f"ready {how} an AOT cache after {time.monotonic() - begin:.1f} s: {len(runtime.jars)} verified jars, "
        f"{sum(jar.size for jar in runtime.jars) / 1e6:.0f} MB, in {runtime.home}",
        err=True,
    )
