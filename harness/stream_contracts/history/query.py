"""Ask a history a question within bounds: so many rows are kept, so much time is given, and no file can be touched."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import duckdb

CHUNK = 2048
"""Rows that are taken from an answer at once."""


class Answer(NamedTuple):
    """The first rows of an answer, each by column, and how many there were in all."""

    rows: list[dict[str, Any]]
    times: int


def ask(history: duckdb.DuckDBPyConnection, query: str, *, most: int, limit_s: float) -> Answer:
    """The answer to one query, of which ``most`` rows are kept; `duckdb.Error` where it is wrong or takes too long."""
    timer = threading.Timer(limit_s, history.interrupt)
    timer.daemon = True
    timer.start()
    try:
        answer = history.execute(query)
        columns = [column[0] for column in answer.description or ()]
        kept: list[dict[str, Any]] = []
        times = 0
        while rows := answer.fetchmany(CHUNK):
            kept += (dict(zip(columns, row, strict=True)) for row in rows[: most - len(kept)])
            times += len(rows)
        return Answer(kept, times)
    except duckdb.InterruptException as error:
        raise duckdb.InterruptException(f"it takes longer than {limit_s:g} s") from error
    finally:
        timer.cancel()


def is_one_question(query: str) -> bool:
    """Whether the text is one SELECT and nothing else; `duckdb.Error` where it is no SQL."""
    return [statement.type for statement in duckdb.extract_statements(query)] == [duckdb.StatementType.SELECT]
