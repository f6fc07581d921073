"""A history as a folder of Parquet files, one a table: for runs of millions of records, which JSON lines are too slow for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb


def keep(history: duckdb.DuckDBPyConnection, names: Iterable[str], folder: Path) -> list[Path]:
    """Write those tables of a history, the empty ones left out; the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in names:
        if history.execute(f"select 1 from {name} limit 1").fetchone() is not None:
            written.append(folder / f"{name}.parquet")
            history.execute(f"copy {name} to '{_quoted(written[-1])}' (format parquet)")
    return written


def attach(history: duckdb.DuckDBPyConnection, tables: Mapping[str, Mapping[str, str]], folder: Path) -> None:
    """Make each table, by its columns and their SQL types, out of its file in ``folder``; empty where it has none.

    The rows stay in the files, and these are all that the connection may read once its access to files is shut.
    """
    files = {name: folder / f"{name}.parquet" for name in tables}
    there = [file for file in files.values() if file.exists()]
    allowed = ", ".join(f"'{_quoted(file)}'" for file in there)
    history.execute(f"set allowed_paths = [{allowed}]")
    for name, columns in tables.items():
        if files[name] in there:
            names = ", ".join(f'"{column}"' for column in columns)
            history.execute(f"create view {name} as select {names} from read_parquet('{_quoted(files[name])}')")
        else:
            shape = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            history.execute(f"create table {name} ({shape})")


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("'", "''")
