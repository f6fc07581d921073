"""A history kept as Parquet files is the same history, and the files are all that it may read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from stream_contracts.anomalies import judge
from stream_contracts.errors import HarnessError
from stream_contracts.findings import Finding
from stream_contracts.history import tables

CASE = Path(__file__).parents[1] / "corpus/anomalies/torn-transaction/case.jsonl"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    tables.keep(CASE, tmp_path / "it's kept")
    return tmp_path / "it's kept"


def findings(path: Path) -> list[Finding]:
    with tables.load(path) as history:
        return list(judge(history, {"delivery": "exactly-once", "atomic": True}).findings)


def test_it_is_judged_the_same(kept: Path) -> None:
    assert sorted(file.name for file in kept.iterdir()) == [
        "expected.parquet", "notes.parquet", "records.parquet", "sends.parquet", "writes.parquet",
    ]  # fmt: skip
    assert findings(kept) == findings(CASE)


def test_no_other_file_can_be_read(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    with tables.load(kept) as history, pytest.raises(duckdb.Error):
        history.execute(f"select * from read_csv('{tmp_path / 'other.csv'}')")


def test_a_file_that_is_no_table_is_told(kept: Path) -> None:
    (kept / "sends.parquet").write_text("no parquet")
    with pytest.raises(HarnessError, match="not a history"):
        tables.load(kept)
