"""The migration gate: 50 captured tables whose migrations changed, both states tried in a PostgreSQL started for it."""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.figures import figure
from stream_contracts.gate.review import Options, review

TABLES = 50
COLUMNS = 20
RUNS = 5
TARGET_S = 3.0


def main() -> None:
    """Print the median of the wall-clock and processor times, PostgreSQL's start included, against the target."""
    with tempfile.TemporaryDirectory() as folder:
        former, now = Path(folder, "former"), Path(folder, "now")
        for at in (former, now):
            _written(at, changed=at is now)
        options = Options(date(2026, 1, 1), str(former))
        wall, busy = zip(*(_timed(now, options) for _ in range(RUNS)), strict=True)
        same = min(_timed(former, options)[0] for _ in range(RUNS))
    load = os.getloadavg()[0]
    print(
        f"{TABLES} tables of {COLUMNS} columns, each changed: {median(busy):.2f} s of it our own processor time, load {load:.1f}"
    )
    figure(f"migration gate, {TABLES} tables changed", median(wall), "s", ("the same, nothing changed", same), TARGET_S)


def _timed(now: Path, options: Options) -> tuple[float, float]:
    began, busy = time.perf_counter(), time.process_time()
    found = [each for each in review([now], options).findings if each.counts]
    assert len(found) in (0, TABLES), found
    return time.perf_counter() - began, time.process_time() - busy


def _written(folder: Path, *, changed: bool) -> None:
    """One contract: every table captured by one connector, from one file of migrations."""
    folder.mkdir()
    columns = ", ".join(
        f"c{number} {('text', 'numeric(10, 2)', 'timestamptz')[number % 3]}" for number in range(COLUMNS)
    )
    sql = [f"create table t{number} (id int primary key, {columns});" for number in range(TABLES)]
    if changed:
        sql += [f"alter table t{number} alter c0 set not null;" for number in range(TABLES)]
    (folder / "m.sql").write_text("\n".join(sql))
    settings = {"topic.prefix": "shop", "plugin.name": "pgoutput", "slot.name": "a", "publication.name": "a"}
    (folder / "c.json").write_text(json.dumps({**settings, "offset.mismatch.strategy": "trust_offset"}))
    captures = "\n".join(
        f"  t{number}: {{table: t{number}, topic: shop.public.t{number}, connector: c.json}}"
        for number in range(TABLES)
    )
    (folder / "contract.yaml").write_text(f"contract: shop\nowner: me\nmigrations: [m.sql]\ncdc:\n{captures}\n")


if __name__ == "__main__":
    main()
