"""A journal as DuckDB tables: one table per kind of row, and the views that the anomalies ask."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_type_hints

import duckdb

from stream_contracts.history.model import TABLES, Row

_SQL_TYPES = {int: "BIGINT", float: "DOUBLE", str: "VARCHAR", bool: "BOOLEAN"}

_VIEWS = """
create view effects as
select *, row_number() over (partition by topic, digest order by partition, "offset") as nth
from records
where fate in ('committed', 'plain');
"""
"""``effects``: the records that a read_committed consumer sees; ``nth`` counts equal ones from 1, in log order."""


def load(journal: Path) -> duckdb.DuckDBPyConnection:
    """Open a journal as tables in memory; the caller closes the connection."""
    history = duckdb.connect(":memory:", config={"threads": 2})
    for name, row in TABLES.items():
        columns = _columns(row)
        shape = ", ".join(f"'{column}': '{kind}'" for column, kind in {"table": "VARCHAR", **columns}.items())
        names = ", ".join(f'"{column}"' for column in columns)
        history.execute(
            f"create table {name} as select {names} "
            f"from read_json(?, format = 'newline_delimited', columns = {{{shape}}}) where \"table\" = '{name}'",
            [str(journal)],
        )
    history.execute(_VIEWS)
    return history


def _columns(row: type[Row]) -> dict[str, str]:
    hints = get_type_hints(row)
    return {field.name: _sql_type(hints[field.name]) for field in dataclasses.fields(row)}


def _sql_type(hint: object) -> str:
    for python, sql in _SQL_TYPES.items():
        if hint is python or python in getattr(hint, "__args__", ()):
            return sql
    raise TypeError(f"a row of a history has no column type for {hint}")
