"""The journal of a trial: an append-only file of JSON lines, one row of a history each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Lock

from stream_contracts.errors import HarnessError
from stream_contracts.history.model import TABLES, Row


class Journal:
    """Write rows as they happen; every row is on its way to the file when `add` returns. Safe to share by threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")
        self._lock = Lock()

    def add(self, *rows: Row) -> None:
        """Append rows, in order."""
        lines = "".join(json.dumps({"table": row.TABLE, **asdict(row)}) + "\n" for row in rows)
        with self._lock:
            if not self._file.closed:
                self._file.write(lines)

    def close(self) -> None:
        """Flush and close; adding afterwards does nothing (a late answer on the wire is no event of the trial)."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(path: Path) -> Iterator[Row]:
    """Yield the rows of a journal; a line that is no row raises `HarnessError` with its number.

    A torn last line (the writer was killed in the middle of it) ends the history there and is no error.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                fields = json.loads(line)
                yield TABLES[fields.pop("table")](**fields)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise HarnessError(f"{path}:{number}: not a row of a history: {error!r}") from error
