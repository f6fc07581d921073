"""The shelf of anomalies: one .sql file each, the table of them, and the judge that asks them all.

An anomaly is a query over the history (`history.tables`) whose rows are the violations. Its head is comments:
``-- id: title``, then ``breaks`` (the delivery promises that it breaks; under any other it is a warning), ``why``,
``remedy``, and ``says``: the sentence about one row, with the row's columns in braces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

from stream_contracts.errors import UsageError
from stream_contracts.findings import Finding, Judgement, Reason, Severity

ANOMALIES: tuple[str, ...] = ("lost-record", "duplicate-effect", "aborted-visible", "state-divergence")
"""Every anomaly that is asked, in the order of the report; each is the file of that name."""

WITNESSES = 20
"""How many rows of one anomaly are told; the finding says how many there were."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One way to break a promise, as its file tells it."""

    id: str
    title: str
    breaks: frozenset[str]
    why: str
    remedy: str
    says: str
    query: str


@cache
def anomaly(name: str) -> Anomaly:
    """Read one file of the shelf."""
    return parse(name, files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Anomaly:
    """An anomaly from the text of its file; a head without its lines is a ValueError that names the missing one."""
    head = dict(
        line.removeprefix("--").strip().split(": ", 1)
        for line in text.splitlines()
        if line.startswith("--") and ": " in line
    )
    missing = [line for line in (name, "breaks", "why", "remedy", "says") if line not in head]
    if missing:
        raise ValueError(f"{name}.sql: its head has no line '-- {missing[0]}: …'")
    breaks = frozenset(promise.strip() for promise in head["breaks"].split(","))
    return Anomaly(name, head[name], breaks, head["why"], head["remedy"], head["says"], text)


def judge(history: duckdb.DuckDBPyConnection, delivery: str) -> Judgement:
    """Ask every anomaly; what breaks the promise ``delivery`` is an error, the rest a warning.

    ``unknown`` where the history holds no expectation, for then nothing could be found missing or too much. Raises
    `UsageError` for a promise that no anomaly knows.
    """
    known = sorted(frozenset[str]().union(*(anomaly(name).breaks for name in ANOMALIES)))
    if delivery not in known:
        raise UsageError(f"there is no delivery promise {delivery!r}; known: {', '.join(known)}")
    if history.execute("select 1 from expected limit 1").fetchone() is None:
        note = "the history expects no output: it is that of a recording run, or the recording run wrote nothing"
        return Judgement.unknown(Reason.NOT_EXERCISED, note)
    found = [finding for name in ANOMALIES for finding in _violations(history, anomaly(name), delivery)]
    return Judgement.of(found)


def _violations(history: duckdb.DuckDBPyConnection, asked: Anomaly, delivery: str) -> list[Finding]:
    answer = history.execute(asked.query)
    columns = [column[0] for column in answer.description or ()]
    rows = [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
    severity = Severity.ERROR if delivery in asked.breaks else Severity.WARNING
    told = [
        Finding(asked.id, asked.says.format_map(_Shown(row)), asked.why, asked.remedy, severity=severity, witness=row)
        for row in rows[:WITNESSES]
    ]
    if len(rows) > WITNESSES:
        more = f"{asked.title}: {len(rows)} times in all, the first {WITNESSES} are told"
        told.append(Finding(asked.id, more, asked.why, asked.remedy, severity=severity, witness={"rows": len(rows)}))
    return told


class _Shown(dict[str, Any]):
    """A row for a sentence: what is not known reads as ``?``."""

    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__({name: "?" if value is None else value for name, value in row.items()})
