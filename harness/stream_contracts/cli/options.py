"""Options that several commands have."""

from __future__ import annotations

import click

from stream_contracts.stack import AUTO, BACKENDS

backend = click.option(
    "--backend",
    type=click.Choice([AUTO, *BACKENDS]),
    default=AUTO,
    envvar="STREAM_CONTRACTS_BACKEND",
    show_default=True,
    show_envvar=True,
    help="What runs the brokers.",
)
