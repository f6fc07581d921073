"""``stream-contracts check``: may the contracts of the working tree ship?"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stream_contracts.findings import Review
from stream_contracts.reports import REPORTS, report_named

if TYPE_CHECKING:
    from stream_contracts.gate.review import Options

_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line said."""

    paths: tuple[Path, ...]
    against: str
    since: str
    baseline: Path | None
    policy: str
    edition: str
    search: int
    postgres: str


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--against",
    default="kept",
    show_default=True,
    metavar="WHAT",
    help="git:REF (where HEAD left it; git:=REF is REF itself), registry:URL, a folder, or kept: former/ in each contract.",
)
@click.option("--since", default="", metavar="REF", help="Only what changed since HEAD left REF counts.")
@click.option("--baseline", type=_FILE, metavar="FILE", help="Findings that are listed in this file do not count.")
@click.option("--update-baseline", is_flag=True, help="Write all findings of now to the --baseline file.")
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(list(REPORTS)))
@click.option("--output", type=_FILE, metavar="FILE", help="Write the report there; a summary goes to standard output.")
@click.option("--policy", default="STRICT", show_default=True, type=click.Choice(["STRICT", "LENIENT"]))
@click.option(
    "--edition",
    default="confluent-8.3",
    show_default=True,
    type=click.Choice(["confluent-7.4", "confluent-8.3", "confluent-next"]),
    help="Whose registry verdict.",
)
@click.option(
    "--search",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Messages tried per version, beyond the rules.",
)
@click.option(
    "--postgres",
    default="",
    metavar="DSN",
    help="Where migrations of captured tables are tried, in databases made for it; by default one is started.",
)
@click.option("--no-cache", is_flag=True, help="Judge again, even if nothing changed.")
@click.option("--exit-zero", is_flag=True, help="End with 0 where the answer is no (1); 2, 3 and 4 stay.")
def check(**said: Any) -> None:
    """Say whether the contracts in PATHS (by default the current folder) may ship.

    Exit codes: 0 may ship, 1 may not, 2 bad usage or contract, 3 git or the registry cannot be read, 4 could not tell.
    """
    # What Hypothesis keeps between runs is of no use to this command, and must not litter the user's directory.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "stream-contracts"))
    asked = Asked(
        said["paths"] or (Path(),),
        said["against"],
        said["since"],
        said["baseline"],
        said["policy"],
        said["edition"],
        said["search"],
        said["postgres"],
    )
    if said["update_baseline"]:
        _update(asked)
        return
    review = _reviewed(asked, cached=not said["no_cache"])
    _written(report_named(said["form"])(review), review, said["output"])
    code = _exit_code(review)
    sys.exit(0 if code == 1 and said["exit_zero"] else code)


def _reviewed(asked: Asked, *, cached: bool) -> Review:
    """The review, from the cache where nothing that it hangs on has changed."""
    from stream_contracts.gate import cache

    name = _key(asked) if cached else None
    known = cache.get(name) if name else None
    if known is not None:
        return known
    # A short life with many small objects: the search for cycles among them would cost more than it frees.
    gc.set_threshold(100_000, 50, 100)
    from stream_contracts.gate.captured import KIND
    from stream_contracts.gate.review import review

    done = review(asked.paths, _options(asked))
    if name and not any(each.kind == KIND for each in done.unknown):  # PostgreSQL may be there the next time
        cache.put(name, done)
    return done


def _key(asked: Asked) -> str | None:
    """The cache key; a registry has no contents that could be compared, so there is none."""
    from stream_contracts.gate import cache
    from stream_contracts.gate.repository import Repository

    if asked.against.startswith("registry:") or not all(path.exists() for path in asked.paths):
        return None
    told = [
        asked.against,
        asked.since,
        asked.policy,
        asked.edition,
        str(asked.search),
        asked.postgres,
        _today().isoformat(),
    ]
    paths = list(asked.paths)
    for ref in (asked.against.removeprefix("git:") if asked.against.startswith("git:") else "", asked.since):
        if ref:
            repository = Repository.around(paths[0])
            told.append(repository.commit(ref.removeprefix("="), merge_base=not ref.startswith("=")))
    if asked.against != "kept" and not asked.against.startswith("git:"):
        paths.append(Path(asked.against))
    if asked.baseline:
        told.append(asked.baseline.read_text(encoding="utf-8", errors="replace") if asked.baseline.exists() else "")
    return cache.key(paths, told)


def _options(asked: Asked) -> Options:
    from stream_contracts.gate.review import Options
    from stream_contracts.schema.format import Edition, Policy

    return Options(
        _today(),
        asked.against,
        asked.since,
        asked.baseline,
        Policy(asked.policy),
        Edition(asked.edition),
        asked.search,
        asked.postgres,
    )


def _today() -> Any:
    """Waivers expire at the end of a day where the command runs."""
    return datetime.now().astimezone().date()


def _exit_code(review: Review) -> int:
    from stream_contracts.gate.verdicts import exit_code

    return exit_code(review)


def _written(text: str, review: Review, output: Path | None) -> None:
    from stream_contracts.errors import UsageError
    from stream_contracts.reports.text import summary, verdict

    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output {output}: cannot be written: {error.strerror}") from None
    click.echo(f"{verdict(review)}: {summary(review)}\nwrote {output}")


def _update(asked: Asked) -> None:
    from dataclasses import replace

    from stream_contracts.errors import UsageError
    from stream_contracts.gate.review import review
    from stream_contracts.gate.waivers import write_known

    if asked.baseline is None:
        raise UsageError("--update-baseline writes a file: name it with --baseline FILE")
    done = review(asked.paths, _options(replace(asked, baseline=None)))
    count = write_known(asked.baseline, done)
    click.echo(f"wrote {count} finding{'s' * (count != 1)} to {asked.baseline}")
