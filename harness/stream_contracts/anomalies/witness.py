"""What goes with a violation: the fault and its moment, who lived, and the wire around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

AROUND = 12
"""How many requests around the time in question are shown."""

_WIRE = """
select instance, role, api, nth, "at", answered_at, error, detail from (
    select * from requests where api not in ('Fetch', 'Heartbeat', 'Metadata', 'ApiVersions')
    order by abs("at" - ?), "at" limit ?
)
order by "at"
"""
_FAULTS = (
    "select fault, moment, applied_at, healed_at from faults where applied_at is not null order by applied_at limit 5"
)
_LIVES = "select name, incarnation, started_at, ended_at, exit from processes order by started_at, name limit 20"
_LAST = 'select max("at") from requests'


def circumstances(history: duckdb.DuckDBPyConnection, row: Mapping[str, Any]) -> dict[str, Any]:
    """The faults that took effect, the lives of the processes, and the requests around the time of a row.

    That time is the row's own, where it has one; else the first fault's, else the end of the run. Lists of mappings,
    ready for JSON; an empty list is left out.
    """
    faults = _rows(history, _FAULTS)
    at = row.get("at")
    if not isinstance(at, float | int):
        at = faults[0]["applied_at"] if faults else (history.execute(_LAST).fetchone() or (None,))[0]
    wire = [] if at is None else _rows(history, _WIRE, at, AROUND)
    found = {"faults": faults, "lives": _rows(history, _LIVES), "wire": wire}
    return {name: rows for name, rows in found.items() if rows}


def _rows(history: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[dict[str, Any]]:
    answer = history.execute(query, list(values))
    columns = [column[0] for column in answer.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
