"""The queries of the shelf against their corpus: which wrong versions do neither the case nor the near miss tell?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from benchmarks.mutation.sql import Mutant, mutants
from stream_contracts.anomalies import ADVICE, ANOMALIES, advice, anomaly
from stream_contracts.history import tables

CORPUS = Path(__file__).parents[2] / "tests" / "corpus"
EXACTLY_ONCE = {"delivery": "exactly-once"}


class Tried(NamedTuple):
    """One query: how many wrong versions there were, and those that gave the right answers everywhere."""

    name: str
    times: int
    survivors: list[Mutant]


def tried(names: tuple[str, ...] = (*ANOMALIES, *ADVICE)) -> Iterator[Tried]:
    """Try every mutant of these queries on the case and the near miss of each."""
    for name in names:
        asked = anomaly(name) if name in ANOMALIES else advice(name)
        text = f"{asked.first};\n\n{asked.query}" if asked.first else asked.query
        every = list(mutants(text))
        with ExitStack() as opened:
            histories = _opened(opened, CORPUS / ("anomalies" if name in ANOMALIES else "advice") / name)
            meant = [answer(each, text) for each in histories]
            left = [
                mutant
                for mutant in every
                if all(answer(each, mutant.text) == right for each, right in zip(histories, meant, strict=True))
            ]
        yield Tried(name, len(every), left)


def answer(history: duckdb.DuckDBPyConnection, text: str) -> Any:
    """The rows that are told, in their order; of what cannot be asked, that it cannot."""
    *first, query = text.split(";\n\n")
    try:
        if first and history.execute(first[0]).fetchone() is None:
            return []
        return history.execute(query).fetchall()
    except duckdb.Error as error:
        return type(error)


def _opened(opened: ExitStack, folder: Path) -> list[duckdb.DuckDBPyConnection]:
    file = folder / "asked.json"
    asked = json.loads(file.read_text("utf-8")) if file.exists() else {}
    found = []
    for journal in sorted(folder.glob("*.jsonl")):
        history = opened.enter_context(tables.load(journal))
        tables.promised(history, asked.get("promises", EXACTLY_ONCE), asked.get("compare", "records"))
        found.append(history)
    return found
