"""A journal as DuckDB tables: one table per kind of row, and the views that the anomalies ask."""

from __future__ import annotations

import dataclasses
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_type_hints

import duckdb

from stream_contracts.errors import HarnessError
from stream_contracts.history.journal import read
from stream_contracts.history.model import TABLES, Row

_SQL_TYPES = {int: "BIGINT", float: "DOUBLE", str: "VARCHAR", bool: "BOOLEAN"}

_VIEWS = """
create view effects as
select * from records where fate in ('committed', 'plain');

create table contents as
select topic, digest, count(*) filter (expected) as wanted, count(*) filter (not expected) as found
from (
    select topic, digest, true as expected from expected
    union all
    select topic, digest, false from effects
)
group by all
having wanted != found;

create view repeats as
select *, row_number() over (partition by topic, digest order by again, partition, "offset") as nth
from (
    select
        f.*, c.wanted, c.found,
        row_number() over (partition by f.topic, f.digest, f.event_id order by f.partition, f."offset") as again
    from effects f
    join contents c on c.topic = f.topic and c.digest = f.digest and c.found > c.wanted and c.wanted > 0
);

create view unexplained as
with extra as (
    select f.* from effects f join contents c on c.topic = f.topic and c.digest = f.digest and c.wanted = 0
    union
    select f.* from effects f join sends s on s.event_id = f.event_id and s.outcome = 'aborted'
),
missing as (
    select e.topic, e.key, count(*) as missing
    from expected e join contents c on c.topic = e.topic and c.digest = e.digest and e.nth > c.found
    group by all
),
aborted as (
    select key, min(event_id) as event_id from sends where outcome = 'aborted' group by all
)
select
    x.topic, x.partition, x."offset", x.key, x.event_id,
    case
        when s.outcome = 'aborted' then s.event_id
        when s.event_id is null and count(*) over (partition by x.topic, x.key) > coalesce(m.missing, 0)
        then a.event_id
    end as aborted_event
from extra x
left join sends s on s.event_id = x.event_id
left join missing m on m.topic = x.topic and m.key is not distinct from x.key
left join aborted a on a.key is not distinct from x.key;
"""
"""``effects``: the records that a read_committed consumer sees.

``contents``: the contents (topic, digest) that stand in the outputs more or less often than in the fault-free run.

``repeats``: the effects of a content that stands there too often. ``nth`` counts equal ones from 1: in log order, but
the second of one event (``again``) after the first of every other, so that the one too many is told of the right event.

``unexplained``: the effects whose content the fault-free run did not write, or that carry the id of an aborted event.
``aborted_event`` is the aborted event that one of them came from: the one whose id it carries; or where no id is known,
one with its key, if this key has more unexplained effects than missing ones (a value in the place of another is no
effect too many). Each unexplained effect is therefore told once: by aborted-visible, or by state-divergence.
"""


def load(journal: Path) -> duckdb.DuckDBPyConnection:
    """Open a journal as tables in memory; the caller closes the connection.

    Raises `HarnessError`, with the line where it can be told, for a file that is no journal. As in `journal.read`, a
    torn last line ends the history and is no error.
    """
    history = duckdb.connect(":memory:", config={"threads": 2})
    try:
        with _whole_lines(journal) as whole:
            _fill(history, whole)
    except duckdb.Error as error:
        history.close()
        for _ in read(journal):
            pass  # it names the line, if there is one
        raise HarnessError(f"{journal}: not a history: {error}") from error
    except BaseException:
        history.close()
        raise
    return history


@contextmanager
def _whole_lines(journal: Path) -> Iterator[Path]:
    """The journal, or a copy of it without its torn last line."""
    with journal.open("rb") as lines:
        size = lines.seek(0, io.SEEK_END)
        lines.seek(max(0, size - 1))
        if lines.read(1) in (b"\n", b""):
            yield journal
            return
    with tempfile.TemporaryDirectory(prefix="stream-contracts-") as folder:
        whole = Path(folder) / "journal.jsonl"
        with journal.open("rb") as torn, whole.open("wb") as copy:
            copy.writelines(line for line in torn if line.endswith(b"\n"))
        yield whole


def _fill(history: duckdb.DuckDBPyConnection, journal: Path) -> None:
    """Read the file once, then deal the lines out to their tables."""
    every = {column: kind for row in TABLES.values() for column, kind in _columns(row).items()}
    shape = ", ".join(f"'{column}': '{kind}'" for column, kind in {"table": "VARCHAR", **every}.items())
    history.execute(
        f"create temp table lines as select * from read_json(?, format = 'newline_delimited', columns = {{{shape}}})",
        [str(journal)],
    )
    strange = history.execute(
        'select "table" from lines where "table" is null or "table" not in (select unnest(?)) limit 1', [list(TABLES)]
    ).fetchone()
    if strange is not None:
        raise duckdb.DataError(f"a line belongs to the table {strange[0]!r}; known: {', '.join(TABLES)}")
    for name, row in TABLES.items():
        hints = get_type_hints(row)
        names = ", ".join(f'"{column}"' for column in _columns(row))
        history.execute(f"create table {name} as select {names} from lines where \"table\" = '{name}'")
        required = [column for column in _columns(row) if not _optional(hints[column])]
        holes = " or ".join(f'"{column}" is null' for column in required)
        if history.execute(f"select 1 from {name} where {holes} limit 1").fetchone() is not None:
            raise duckdb.DataError(f"a row of {name} lacks one of {', '.join(required)}")
    history.execute("drop table lines")
    history.execute(_VIEWS)


def _columns(row: type[Row]) -> dict[str, str]:
    hints = get_type_hints(row)
    return {field.name: _sql_type(hints[field.name]) for field in dataclasses.fields(row)}


def _optional(hint: object) -> bool:
    return type(None) in getattr(hint, "__args__", ())


def _sql_type(hint: object) -> str:
    for python, sql in _SQL_TYPES.items():
        if hint is python or python in getattr(hint, "__args__", ()):
            return sql
    raise TypeError(f"a row of a history has no column type for {hint}")
