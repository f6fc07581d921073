"""How long ten million records take to judge, of a run that lost ten of them: from Parquet, and what JSON lines cost."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from benchmarks.figures import figure
from stream_contracts.anomalies import judge
from stream_contracts.history import tables
from stream_contracts.history.model import TABLES

T = TypeVar("T")
RECORDS = 10_000_000
JSON_RECORDS = 300_000
EVERY = 1_000_003
"""One record of so many is missing."""

_COLUMNS = {
    "sends": "i as event_id, 'k' || (i % 1000) as key, i // 1000 as seq, 't1.orders' as topic, i % 6 as partition, "
    "i // 6 as \"offset\", 'ok' as outcome, i / 1000 as at, null::varchar as kind, null::double as time",
    "expected": "'out' as topic, 'k' || (i % 1000) as key, substr(sha256(i::varchar), 1, 20) as digest, 1 as nth, "
    'i as event_id, null::varchar as kind, null::varchar as "window", null::varchar as op, '
    "null::bigint as position, null::boolean as final",
    "records": "'out' as topic, i % 6 as partition, i // 6 as \"offset\", 'k' || (i % 1000) as key, "
    "substr(sha256(i::varchar), 1, 20) as digest, i as event_id, 7 as producer_id, 0 as epoch, 'committed' as fate, "
    'i / 1000 + 0.5 as at, null::varchar as op, null::varchar as "window", null::bigint as schema_id, '
    "null::bigint as position",
    "commits": "'g' as \"group\", 't1.orders' as topic, i % 6 as partition, i // 6 + 1 as \"offset\", "
    "'OffsetCommit' as via, i / 1000 + 1 as at, null::varchar as fate",
}
_WHICH = {"records": f"where i % {EVERY} != 5", "commits": "where i % 100 = 0"}


def main() -> None:
    """Print wall and CPU time apart: on a machine that is busy otherwise the second one tells."""
    with tempfile.TemporaryDirectory() as folder:
        _written(Path(folder), RECORDS, "parquet")
        plain, _, _ = _timed(lambda: _joined(Path(folder)))
        opened, clock, cpu = _timed(lambda: tables.load(Path(folder)))
        print(f"open {RECORDS:,} records of Parquet, and compare the two runs: {clock:.1f} s ({cpu:.1f} s of CPU)")
        opening = clock
        judgement, clock, cpu = _timed(lambda: judge(opened, {"delivery": "exactly-once", "order": "per-key"}))
        opened.close()
        lost = sum(finding.rule == "lost-record" for finding in judgement.findings)
        print(f"ask every anomaly: {clock:.1f} s ({cpu:.1f} s of CPU), {lost} lost records found")
        yardstick = ("one plain anti-join of them in DuckDB", plain)
        figure(f"judge, {RECORDS // 1_000_000} million records, opened and asked", opening + clock, "s", yardstick, 10)
        print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024:.2f} GB")
    with tempfile.TemporaryDirectory() as folder:
        _written(Path(folder), JSON_RECORDS, "json")
        journal = Path(folder) / "journal.jsonl"
        with journal.open("wb") as whole:
            for table in _COLUMNS:
                whole.write((Path(folder) / f"{table}.json").read_bytes())
        loaded, clock, cpu = _timed(lambda: tables.load(journal))
        loaded.close()
        size = journal.stat().st_size / 1024 / 1024
        print(f"load {JSON_RECORDS:,} records of JSON lines ({size:.0f} MB): {clock:.1f} s ({cpu:.1f} s of CPU)")


def _joined(folder: Path) -> float:
    """Seconds of what cannot be done without: which expected content is in no record."""
    query = f"select count(*) from '{folder}/expected.parquet' anti join '{folder}/records.parquet' using (digest)"
    began = time.perf_counter()
    with duckdb.connect() as history:
        (missing,) = history.execute(query).fetchone() or (0,)
    assert missing, "some are missing"
    return time.perf_counter() - began


def _written(folder: Path, records: int, form: str) -> None:
    with duckdb.connect() as history:
        for table, columns in _COLUMNS.items():
            rest = [
                f'null::{kind} as "{name}"'
                for name, kind in tables.columns(TABLES[table]).items()
                if not _named(name, columns)
            ]
            named = ", ".join([columns, *rest] if form == "parquet" else [f"'{table}' as \"table\"", columns, *rest])
            query = f"select {named} from range({records}) r(i) {_WHICH.get(table, '')}"
            history.execute(f"copy ({query}) to '{folder}/{table}.{form}' (format {form})")


def _named(name: str, columns: str) -> bool:
    return f" as {name}," in f"{columns}," or f' as "{name}",' in f"{columns},"


def _timed(call: Callable[[], T]) -> tuple[T, float, float]:
    clock, cpu = time.perf_counter(), time.process_time()
    done = call()
    return done, time.perf_counter() - clock, time.process_time() - cpu


if __name__ == "__main__":
    main()
