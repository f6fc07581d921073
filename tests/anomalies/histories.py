"""Histories in a line each: rows as a trial writes them, and what the judge says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from stream_contracts.anomalies import judge
from stream_contracts.findings import Judgement
from stream_contracts.history import tables
from stream_contracts.history.journal import Journal
from stream_contracts.history.model import Expected, Record, Row, Send, Write


@contextmanager
def history(*rows: Row) -> Iterator[duckdb.DuckDBPyConnection]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "journal.jsonl"
        with Journal(file) as journal:
            journal.add(*rows)
        with tables.load(file) as loaded:
            yield loaded


def judged(*rows: Row, promises: str | Mapping[str, Any] = "exactly-once", **how: Any) -> Judgement:
    with history(*rows) as loaded:
        return judge(loaded, promises, **how)


def rules(*rows: Row, **how: Any) -> list[str]:
    return [finding.rule for finding in judged(*rows, **how).findings]


def sent(event: int, key: str | None = "k", outcome: str = "ok") -> Send:
    return Send(event, key, 0, "t.in", 0, event, outcome, 0.0)


def wanted(event: int | None, digest: str, key: str | None = "k", nth: int = 1, **more: Any) -> Expected:
    return Expected("out", key, digest, nth, event, **more)


def row_wanted(
    event: int, key: str, digest: str, position: int, *, final: bool = False, op: str | None = None
) -> Expected:
    return Expected("totals", key, digest, 1, event, "table", None, op, position, final)


def held(
    offset: int, digest: str, key: str | None = "k", event: int | None = None, fate: str = "committed", **more: Any
) -> Record:
    return Record("out", 0, offset, key, digest, event, 1, 0, fate, **more)


def written(seq: int, key: str, digest: str, event: int | None = None, op: str = "update") -> Write:
    return Write("totals", seq, key, op, digest, "{}", event, seq)
