"""Effects kept in one SQLite file: what was acknowledged survives ``kill -9``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stream_contracts.errors import StackError
from stream_contracts.registry.state import Effect, Link, Put, Schema, Table, Version

_FORMAT = 1
"""Version of the file's layout, in ``PRAGMA user_version``."""
_LAYOUT = """
CREATE TABLE rows (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID
"""
_BUSY_S = 1.0


def _schema(said: dict[str, Any]) -> Schema:
    return Schema(**{**said, "references": tuple(Link(**link) for link in said["references"])})


_READ: dict[Table, Callable[[Any], Any]] = {
    Table.SCHEMA: _schema,
    Table.VERSION: lambda said: Version(**said),
    Table.CONFIG: dict,
    Table.MODE: str,
    Table.COUNTER: int,
}
_ORDER = (Table.COUNTER, Table.SCHEMA, Table.VERSION, Table.CONFIG, Table.MODE)


def _spelled(value: Any) -> str:
    return json.dumps(asdict(value) if isinstance(value, Schema | Version) else value, separators=(",", ":"))


class SqliteKeeper:
    """Rows in a SQLite file, in write-ahead mode with full synchronisation: ``save`` returns when they are on the disk.

    Only one registry may hold the file at a time: a second one gets ``StackError``, as two would give ids twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._open()
        except sqlite3.Error as error:
            raise StackError(
                f"{path}: the registry's file cannot be opened: {error}. "
                "Is another registry running on it? Is it a SQLite file that this command made?"
            ) from error

    def _open(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        execute("BEGIN EXCLUSIVE")
        found = execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            execute(_LAYOUT)
            execute(f"PRAGMA user_version = {_FORMAT}")
        elif found != _FORMAT:
            execute("ROLLBACK")
            raise StackError(f"{self.path}: the file has layout {found}; this version reads layout {_FORMAT}")
        execute("COMMIT")

    def load(self) -> Iterator[Effect]:
        """Every row, in an order in which they can be folded."""
        for table in _ORDER:
            for key, value in self._connection.execute("SELECT key, value FROM rows WHERE kind = ?", (table,)):
                yield Put(table, tuple(json.loads(key)), _READ[table](json.loads(value)))

    def save(self, effects: Sequence[Effect]) -> None:
        """Write all effects in one transaction."""
        execute = self._connection.execute
        execute("BEGIN")
        try:
            for effect in effects:
                key = json.dumps(effect.key)
                if isinstance(effect, Put):
                    row = (effect.table, key, _spelled(effect.value))
                    execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", row)
                else:
                    execute("DELETE FROM rows WHERE kind = ? AND key = ?", (effect.table, key))
            execute("COMMIT")
        except BaseException:
            execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
