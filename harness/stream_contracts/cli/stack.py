"""``stream-contracts stack``: prepare ahead what a stack runs on."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stream_contracts.stack.blueprint import Blueprint


@click.group()
def stack() -> None:
    """Prepare what the local stack runs on."""


def blueprint_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what runs; it gets them as one ``Blueprint``."""

    @wraps(command)
    def with_blueprint(brokers: int, registry: str, postgres: bool, connect: bool, **more: object) -> None:
        from stream_contracts.stack.blueprint import Blueprint

        command(Blueprint(brokers=brokers, registry=registry, postgres=postgres, connect=connect), **more)

    options = (
        click.option("--brokers", default=1, show_default=True, help="How many Kafka brokers."),
        click.option("--registry", default="", metavar="NAME", help="A schema registry: embedded, apicurio."),
        click.option("--postgres", is_flag=True, help="PostgreSQL with logical replication."),
        click.option("--connect", is_flag=True, help="Kafka Connect with the Debezium PostgreSQL connector."),
    )
    decorated: Callable[..., None] = with_blueprint
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


@stack.command()
@blueprint_options
def prepare(blueprint: Blueprint) -> None:
    """Fetch and compute all that the local stack needs, so that later starts are fast and work offline.

    Verifies every file against its sha256; what is right already stays.
    """
    from stream_contracts.stack import to_stderr
    from stream_contracts.stack.training import prepare as prepare_all

    begin = time.monotonic()
    summary = prepare_all(to_stderr, blueprint, thorough=True).summary()
    click.echo(f"ready after {time.monotonic() - begin:.1f} s: {summary}", err=True)
