"""``stream-contracts lint``: what is wrong or weak in the contracts as they are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stream_contracts.reports import REPORTS, report_named


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(list(REPORTS)))
@click.option("--strict", is_flag=True, help="End with 1 for a warning, too.")
def lint(paths: tuple[Path, ...], form: str, strict: bool) -> None:
    """Read every contract and schema in PATHS, kept versions too, and give advice; nothing is compared.

    Exit codes: 0 fine (warnings may be there), 1 something cannot work, 2 bad usage, contract or schema.
    """
    from stream_contracts.gate.lint import lint as linted
    from stream_contracts.gate.review import loaded
    from stream_contracts.gate.verdicts import exit_code

    review = linted(loaded(paths or (Path(),)))
    click.echo(report_named(form)(review), nl=False)
    sys.exit(exit_code(review) or (1 if strict and review.findings else 0))
