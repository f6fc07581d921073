"""A session of our own with PostgreSQL: statements in the simple protocol, errors with the place in the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from stream_contracts.errors import StackError

TIMEOUT_S = 30.0


class RefusedError(StackError):
    """PostgreSQL refused a statement: its SQLSTATE, its words, and the 0-based position in the text where it says so."""

    def __init__(self, told: str, state: str, position: int | None) -> None:
        self.state, self.position, self.told = state, position, told
        super().__init__(told)


class Session:
    """One connection. ``database`` is another one of the same server. StackError where nobody answers."""

    def __init__(self, dsn: str, database: str | None = None) -> None:
        # Imported here: a gate without captured tables needs no client of PostgreSQL.
        import pg8000.native

        parts = urlsplit(dsn)
        self._refused = pg8000.native.DatabaseError
        self._problems: tuple[type[Exception], ...] = (pg8000.native.InterfaceError, OSError)
        self.address = f"{parts.hostname or 'localhost'}:{parts.port or 5432}"
        try:
            self._connection = pg8000.native.Connection(
                unquote(parts.username or "postgres"),
                host=parts.hostname or "localhost",
                port=parts.port or 5432,
                database=database or unquote(parts.path.removeprefix("/")) or None,
                password=unquote(parts.password or "") or None,
                timeout=TIMEOUT_S,
                application_name="stream-contracts",
            )
        except (self._refused, *self._problems) as error:
            raise StackError(f"PostgreSQL at {self.address}: {_told(error)[0]}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, sql: str) -> Sequence[Sequence[Any]]:
        """Carry out one or more statements; the rows of the last one. RefusedError, StackError."""
        try:
            return list(self._connection.execute_simple(sql).rows or ())
        except self._refused as error:
            told, state, position = _told(error)
            raise RefusedError(told, state, position) from error
        except self._problems as error:
            raise StackError(f"PostgreSQL at {self.address}: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        try:
            self._connection.close()
        except (self._refused, *self._problems):
            return


def name(text: str) -> str:
    """A name as SQL quotes it."""
    return '"' + text.replace('"', '""') + '"'


def _told(error: Exception) -> tuple[str, str, int | None]:
    said = error.args[0] if error.args else ""
    if not isinstance(said, dict):
        return str(error) or type(error).__name__, "", None
    detail = f" ({said['D']})" if "D" in said else ""
    at = int(said["P"]) - 1 if "P" in said else None
    return f"{said.get('S', 'ERROR')}: {said.get('M', '')}{detail}", str(said.get("C", "")), at
