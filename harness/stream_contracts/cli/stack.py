"""``stream-contracts stack``: prepare ahead what a stack runs on; keep one up, look at it, take it down."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from stream_contracts.cli import options

if TYPE_CHECKING:
    from stream_contracts.stack.blueprint import Blueprint
    from stream_contracts.stack.kept import Kept


@click.group()
def stack() -> None:
    """Prepare what the local stack runs on, or keep a stack up to work with."""


def blueprint_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what runs; it gets them as one ``Blueprint``."""

    @wraps(command)
    def with_blueprint(**given: Any) -> None:
        from stream_contracts.stack.blueprint import Blueprint

        asked = {name: given.pop(name) for name in ("brokers", "controllers", "registry", "postgres", "connect")}
        command(Blueprint(**asked), **given)

    options = (
        click.option("--brokers", default=1, show_default=True, help="How many Kafka brokers."),
        click.option("--controllers", default=0, help="How many separate controllers; without, each broker is one."),
        click.option("--registry", default="", metavar="NAME", help="A schema registry: embedded, apicurio."),
        click.option("--postgres", is_flag=True, help="PostgreSQL with logical replication."),
        click.option("--connect", is_flag=True, help="Kafka Connect with the Debezium PostgreSQL connector."),
    )
    decorated: Callable[..., None] = with_blueprint
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


@stack.command()
@click.option("--streams", is_flag=True, help="Also what pipelines run on that are Kafka Streams applications.")
@click.option(
    "--flink", is_flag=True, help="Also what pipelines run on that are Flink jobs; its wheel has to be installed."
)
@click.option("--sink", is_flag=True, help="Also what pipelines run on that are sink connectors of Kafka Connect.")
@blueprint_options
def prepare(blueprint: Blueprint, *, streams: bool, flink: bool, sink: bool) -> None:
    """Fetch and compute all that the local stack needs, so that later starts are fast and work offline.

    Verifies every file against its sha256; what is right already stays.
    """
    from stream_contracts.pipelines import flink as flink_jobs
    from stream_contracts.pipelines.sink import ready as ready_sink
    from stream_contracts.pipelines.streams import ready
    from stream_contracts.stack import to_stderr
    from stream_contracts.stack.training import prepare as prepare_all

    begin = time.monotonic()
    if streams:
        ready(to_stderr)
    if flink:
        flink_jobs.ready(to_stderr)
    if sink:
        ready_sink(to_stderr)
    summary = prepare_all(to_stderr, blueprint, thorough=True).summary()
    click.echo(f"ready after {time.monotonic() - begin:.1f} s: {summary}", err=True)


@stack.command()
@options.backend
@click.option("--hours", default=8.0, show_default=True, help="It is taken down by itself after so long.")
@blueprint_options
def up(blueprint: Blueprint, backend: str, hours: float) -> None:
    """Start a stack that stays when this command ends, and print its addresses for a shell.

    One at a time. In a shell: eval "$(stream-contracts stack up --postgres)"
    """
    from stream_contracts.stack import kept, to_stderr

    for name, address in kept.up(backend, blueprint, hours * 3600, to_stderr).addresses.items():
        click.echo(f"export {name}={quote(address)}")


@stack.command()
@click.option("--reused", is_flag=True, help="Those that runs with --stream-reuse left for the next run, instead.")
def down(reused: bool) -> None:
    """Take down the stack that is up; nothing of it stays."""
    from stream_contracts.errors import UsageError
    from stream_contracts.stack import attached, kept

    found = kept.names(attached.REUSED) if reused else [kept.PERSONS]
    if not found:
        raise UsageError("no stack is kept for the next run")
    for name in found:
        click.echo(f"taken down: {kept.down(name)}", err=True)


@stack.command()
def status() -> None:
    """Say what is up, where, until when, and what of it has died."""
    from stream_contracts.stack import attached, kept

    found = kept.read()
    others = [each for name in kept.names(attached.REUSED) if (each := kept.read(name)) is not None]
    for each in others:
        click.echo("kept for the next run with --stream-reuse; end it by stream-contracts stack down --reused:")
        _tell(each)
    if not others or (found is not None and not found.error):
        _tell(_kept())


def _tell(found: Kept) -> None:
    click.echo(found.description)
    click.echo(f"until {datetime.fromtimestamp(found.until).astimezone():%Y-%m-%d %H:%M}")
    for name, address in found.addresses.items():
        click.echo(f"{name}={address}")
    for name, alive in found.alive.items():
        click.echo(f"{name}: {'runs' if alive else 'has died; see stream-contracts stack logs ' + name}")


@stack.command()
@click.argument("service", default="")
@click.option("-n", "--lines", default=50, show_default=True, help="How many of the last lines.")
def logs(service: str, lines: int) -> None:
    """Show the end of a service's log; of all of them where none is named."""
    from stream_contracts.errors import UsageError
    from stream_contracts.stack.service import tail

    found = _kept().logs
    if service and service not in found:
        raise UsageError(f"no log of {service!r}; there are logs of {', '.join(sorted(found)) or 'nothing'}")
    for name in [service] if service else sorted(found):
        click.echo(f"== {name}: {found[name]}", err=True)
        click.echo(tail(Path(found[name]), lines))


def _kept() -> Kept:
    from stream_contracts.errors import UsageError
    from stream_contracts.stack import kept

    found = kept.read()
    if found is None or found.error:
        raise UsageError("no stack is up; start one: stream-contracts stack up")
    return found
