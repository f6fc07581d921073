"""A journal as DuckDB tables: one table per kind of row, and the views that the anomalies ask."""

from __future__ import annotations

import dataclasses
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_type_hints

import duckdb

from stream_contracts.errors import HarnessError
from stream_contracts.history import columnar
from stream_contracts.history.journal import read
from stream_contracts.history.model import TABLES, Row
from stream_contracts.history.views import COUNTED, DIFFERENCES, MADE, PASSED, SNAPSHOTS, VISIBLE

_SQL_TYPES = {int: "BIGINT", float: "DOUBLE", str: "VARCHAR", bool: "BOOLEAN"}

MEMORY = "2GB"
"""What a history may take; more is moved to disk where that helps, and is an error where it does not."""

PROMISES = {
    "delivery": "VARCHAR",
    '"order"': "VARCHAR",
    "recovers_within": "DOUBLE",
    "lag_max": "BIGINT",
    "lag_within": "DOUBLE",
    "late_allowed": "DOUBLE",
    "late_then": "VARCHAR",
    "late_to": "VARCHAR",
    "dead_letter": "VARCHAR",
    "atomic": "BOOLEAN",
    "replay": "BOOLEAN",
    "compare": "VARCHAR",
}
"""The columns of the one row of ``promise``."""


def promised(history: duckdb.DuckDBPyConnection, promises: Mapping[str, Any], compare: str) -> None:
    """Say what is asked of a history, and how outputs are compared: ``promise``, and the views that follow from it.

    ``promises`` are named and shaped as in a contract, with times in seconds; what is not among them was not promised.
    """
    given = {
        f"{name}-{part}".replace("-", "_") if isinstance(value, Mapping) else name.replace("-", "_"): each
        for name, value in promises.items()
        for part, each in (value.items() if isinstance(value, Mapping) else (("", value),))
    }
    values = [compare if column == "compare" else given.get(column.strip('"')) for column in PROMISES]
    only_last = compare != "records"
    before = _only_last(history)
    columns = ", ".join(f"{column} {kind}" for column, kind in PROMISES.items())
    history.execute(f"create or replace table promise ({columns})")
    history.execute(f"insert into promise values ({', '.join('?' * len(values))})", values)
    if only_last != before:
        history.execute("; ".join(f"drop {kind} if exists {name}" for kind, name in MADE))
        history.execute(VISIBLE + SNAPSHOTS + PASSED + COUNTED[only_last] + DIFFERENCES)


def _only_last(history: duckdb.DuckDBPyConnection) -> bool | None:
    """What the views were made for; None before there are any."""
    if history.execute("select 1 from duckdb_tables() where table_name = 'promise'").fetchone() is None:
        return None
    return history.execute("select compare != 'records' from promise").fetchall() == [(True,)]


def load(journal: Path) -> duckdb.DuckDBPyConnection:
    """Open a journal as tables in memory, or a folder of Parquet files (`columnar`); the caller closes the connection.

    Raises `HarnessError`, with the line where it can be told, for a file that is no journal. As in `journal.read`, a
    torn last line ends the history and is no error.
    """
    history = _connected()
    try:
        _opened(history, journal)
        promised(history, {}, "records")
        # From here on questions are asked, some of them by the contract: none of them may look at a file.
        history.execute("set enable_external_access = false; set lock_configuration = true")
    except duckdb.Error as error:
        history.close()
        raise HarnessError(f"{journal}: not a history: {error}") from error
    except BaseException:
        history.close()
        raise
    return history


def keep(journal: Path, folder: Path) -> list[Path]:
    """Write a journal again as Parquet files in ``folder``, which `load` opens many times faster; the files.

    Raises `HarnessError` as `load` does.
    """
    with _connected() as history:
        _opened(history, journal)
        return columnar.keep(history, TABLES, folder)


def _connected() -> duckdb.DuckDBPyConnection:
    spill = f"{tempfile.gettempdir()}/stream-contracts-{os.getpid()}.spill"
    return duckdb.connect(":memory:", config={"threads": 2, "memory_limit": MEMORY, "temp_directory": spill})


def _opened(history: duckdb.DuckDBPyConnection, journal: Path) -> None:
    if journal.is_dir():
        columnar.attach(history, {name: columns(row) for name, row in TABLES.items()}, journal)
        return
    try:
        with _whole_lines(journal) as whole:
            _fill(history, whole)
    except duckdb.Error:
        for _ in read(journal):
            pass  # it names the line, if there is one
        raise


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
    every = {column: kind for row in TABLES.values() for column, kind in columns(row).items()}
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
        names = ", ".join(f'"{column}"' for column in columns(row))
        history.execute(f"create table {name} as select {names} from lines where \"table\" = '{name}'")
        required = [column for column in columns(row) if not _optional(hints[column])]
        holes = " or ".join(f'"{column}" is null' for column in required)
        if history.execute(f"select 1 from {name} where {holes} limit 1").fetchone() is not None:
            raise duckdb.DataError(f"a row of {name} lacks one of {', '.join(required)}")
    history.execute("drop table lines")


def columns(row: type[Row]) -> dict[str, str]:
    """The columns of the table for rows of this kind, with their SQL types."""
    hints = get_type_hints(row)
    return {field.name: _sql_type(hints[field.name]) for field in dataclasses.fields(row)}


def _optional(hint: object) -> bool:
    return type(None) in getattr(hint, "__args__", ())


def _sql_type(hint: object) -> str:
    for python, sql in _SQL_TYPES.items():
        if hint is python or python in getattr(hint, "__args__", ()):
            return sql
    raise TypeError(f"a row of a history has no column type for {hint}")
