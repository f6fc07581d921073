"""The shell command: a table of subcommands, each in a file of its own and imported only when it is called."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from stream_contracts import __version__
from stream_contracts.errors import StreamContractsError
from stream_contracts.stack.home import cache_home

COMMANDS: dict[str, str] = {
    "check": "stream_contracts.cli.check:check",
    "compat": "stream_contracts.cli.compat:compat",
    "diff": "stream_contracts.cli.diff:diff",
    "doctor": "stream_contracts.cli.doctor:doctor",
    "explain": "stream_contracts.cli.explain:explain",
    "init": "stream_contracts.cli.init:init",
    "lint": "stream_contracts.cli.lint:lint",
    "pull": "stream_contracts.cli.pull:pull",
    "register": "stream_contracts.cli.register:register",
    "replay": "stream_contracts.cli.replay:replay",
    "registry": "stream_contracts.cli.registry:registry",
    "stack": "stream_contracts.cli.stack:stack",
    "test": "stream_contracts.cli.test:test",
}
"""Subcommand -> ``module:attribute`` of its click command."""


class LazyGroup(click.Group):
    """A click group that imports a subcommand's module when that subcommand is asked for, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every subcommand, in order."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand of that name, or return None."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stream-contracts")
def group() -> None:
    """Contract tests for Kafka pipelines.

    Exit codes: 0 the promise holds, 1 it is broken, 2 bad usage or contract, 3 environment, 4 could not tell.
    """


def main() -> None:
    """Run the command; an error of ours is a message and an exit code, never a traceback."""
    # Hypothesis, which searches for messages that break, would make a folder where the command is called.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(cache_home() / "hypothesis"))
    try:
        group(prog_name="stream-contracts")
    except StreamContractsError as error:
        click.echo(f"stream-contracts: {error}", err=True)
        sys.exit(error.exit_code)
