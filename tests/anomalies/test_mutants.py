"""A condition that no history of the corpus needs is one that nobody has proved: drop each in turn, and some row must change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from stream_contracts.anomalies import ADVICE, ANOMALIES, advice, anomaly
from stream_contracts.history import tables

CORPUS = Path(__file__).parents[1] / "corpus"

NEEDLESS: dict[str, dict[str, str]] = {
    "lost-record": {
        "where (s.topic, s.partition) in (select (source_topic, source_partition) from missing where fate = 'lost')": "speed"
    },
    "commit-ahead-of-output": {"where v.at > p.at + 0.01  -- the log counts in milliseconds": "speed"},
    "torn-transaction": {"where w.event_id in (select event_id from partly)": "speed"},
    "late-dropped-silently": {
        "where w.yes and t.late_s > 0 and (p.late_then is distinct from 'drop' or t.late_s <= p.late_allowed)": (
            "it is about a history as a whole: see test_judge.py"
        )
    },
    "reads-uncommitted": {
        "and exists (select 1 from sends where outcome = 'aborted')": "as above: see test_advice.py",
    },
    "no-schema-id": {"and exists (select 1 from schemas)": "as above: see test_advice.py"},
}
"""Conditions that change no answer, by anomaly, and why they are there all the same."""

_CONDITION = re.compile(r"^(\s*)(and|where|having) (?!exists \($|not exists \($|\($)(.+)$")


def mutants(query: str) -> Iterator[tuple[str, str]]:
    """Each condition that stands on a line of its own, and the query without it."""
    lines = query.splitlines()
    for number, line in enumerate(lines):
        found = _CONDITION.match(line)
        if found and found[3].count("(") == found[3].count(")"):
            rest = [*lines[:number], f"{found[1]}{found[2]} true", *lines[number + 1 :]]
            yield line.strip(), "\n".join(rest)


def answers(histories: list[duckdb.DuckDBPyConnection], query: str) -> list[Any]:
    try:
        return [sorted(map(repr, history.execute(query).fetchall())) for history in histories]
    except duckdb.Error as error:
        return [type(error)]


@pytest.mark.parametrize("name", [*ANOMALIES, *ADVICE])
def test_every_condition_is_needed_by_its_case_or_its_near_miss(name: str) -> None:
    folder = CORPUS / ("anomalies" if name in ANOMALIES else "advice") / name
    query = (anomaly(name) if name in ANOMALIES else advice(name)).query
    asked = json.loads((folder / "asked.json").read_text("utf-8")) if (folder / "asked.json").exists() else {}
    histories = [tables.load(folder / f"{kind}.jsonl") for kind in ("case", "near_miss")]
    try:
        for history in histories:
            tables.promised(
                history, asked.get("promises", {"delivery": "exactly-once"}), asked.get("compare", "records")
            )
        meant = answers(histories, query)
        survived = [line for line, mutant in mutants(query) if answers(histories, mutant) == meant]
    finally:
        for history in histories:
            history.close()
    assert survived == list(NEEDLESS.get(name, {}))
