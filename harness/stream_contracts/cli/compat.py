"""``stream-contracts compat``: may the new schema follow the old ones?"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import click

from stream_contracts.cli.compat_lines import answers, summary, survives
from stream_contracts.cli.compat_text import told
from stream_contracts.errors import UsageError
from stream_contracts.schema import FORMATS, format_for, format_named
from stream_contracts.schema.compat import BUDGET, LEVELS, Answer, check
from stream_contracts.schema.format import Edition, Policy, Reference, Source

_EXIT: Final = {True: 0, False: 1, None: 4}


@click.command("compat")
@click.argument("schemas", nargs=-1, type=click.Path(path_type=Path), metavar="OLD… NEW")
@click.option("--level", default="BACKWARD", show_default=True, type=click.Choice(list(LEVELS), case_sensitive=False))
@click.option("--format", "form", type=click.Choice(list(FORMATS), case_sensitive=False), help="Default: by file name.")
@click.option("--policy", default="STRICT", show_default=True, type=click.Choice([each.value for each in Policy]))
@click.option(
    "--edition",
    default=Edition.CONFLUENT_8_3.value,
    show_default=True,
    type=click.Choice([each.value for each in Edition]),
    help="Whose registry verdict.",
)
@click.option("--verdict", default="registry", show_default=True, type=click.Choice(["registry", "decoder"]))
@click.option("--reference", "references", multiple=True, metavar="NAME=FILE", help="A schema that others refer to.")
@click.option(
    "--budget", default=BUDGET, show_default=True, type=click.IntRange(0), help="Values tried per comparison."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--jsonl", is_flag=True, help="Answer JSON lines from standard input, one line each.")
def compat(schemas: tuple[Path, ...], *, jsonl: bool, **options: Any) -> None:
    """Say whether NEW may follow OLD… (oldest first), and show a message that breaks.

    Two verdicts: what Confluent Schema Registry says, and what a decoder really does. --verdict chooses the one that
    decides the exit code: 0 compatible, 1 not, 2 bad usage or schema, 4 could not tell.
    """
    # What Hypothesis keeps between runs is of no use to this command, and must not litter the user's directory.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "stream-contracts"))
    if jsonl:
        for line in answers(sys.stdin, verdict=options["verdict"], budget=options["budget"]):
            click.echo(line)
            sys.stdout.flush()
        return
    if len(schemas) < 2:
        raise UsageError("give at least two files: the former versions, oldest first, then the new schema")
    answer = _asked(schemas, options)
    if options["as_json"]:
        click.echo(json.dumps(summary(answer, verdict=options["verdict"]), ensure_ascii=False, indent=2))
    else:
        for line in told(answer, verdict=options["verdict"]):
            click.echo(line)
    sys.exit(_EXIT[answer.registry if options["verdict"] == "registry" else survives(answer.decoder)])


def _asked(schemas: tuple[Path, ...], options: dict[str, Any]) -> Answer:
    form = format_named(options["form"].upper()) if options["form"] else format_for(schemas[-1])
    references = tuple(_reference(written) for written in options["references"])
    *former, new = (Source(_text(path), references, called=str(path)) for path in schemas)
    policy, edition = Policy(options["policy"]), Edition(options["edition"])
    return check(form, former, new, options["level"].upper(), policy=policy, edition=edition, budget=options["budget"])


def _reference(written: str) -> Reference:
    name, found, path = written.partition("=")
    if not found:
        raise UsageError(f"--reference {written}: write NAME=FILE")
    return Reference(name, text=_text(Path(path)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8, byte {error.start}") from None
