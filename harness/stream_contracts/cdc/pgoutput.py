"""What a logical slot with ``pgoutput`` says, as data: the committed changes of tables, each with its position.

PostgreSQL documentation, "Logical Replication Message Formats", protocol version 1, values as text. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stream_contracts.errors import HarnessError

Row = Mapping[str, str | None]
"""Column -> its value as text, None for NULL; a column whose value was not sent is left out."""

_EPOCH_S = 946_684_800
"""2000-01-01 in seconds since 1970: PostgreSQL counts its microseconds from there."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One change of a row, in a transaction that committed.

    ``op`` is create, update, delete or truncate. ``old`` is what was sent of the former row: its key where that changed
    or the row was deleted, all of it with REPLICA IDENTITY FULL. ``position`` is the LSN of the change, ``committed`` that
    of its commit, ``at`` the time of that in seconds since 1970.
    """

    table: tuple[str, str]
    op: str
    position: int
    txid: int
    committed: int
    at: float
    new: Row = field(default_factory=dict)
    old: Row = field(default_factory=dict)


def changes(messages: Iterable[tuple[str, int, bytes]]) -> Iterator[RowChange]:
    """The changes in what ``pg_logical_slot_get_binary_changes`` returns, (lsn, xid, data), in commit order.

    Raises `HarnessError` for a message that is none.
    """
    relations: dict[int, tuple[tuple[str, str], list[str]]] = {}
    began = (0, 0.0, 0)
    for lsn, _, data in messages:
        body = _Body(data)
        kind = body.take(1)
        if kind == b"R":
            oid, where, columns = _relation(body)
            relations[oid] = where, columns
        elif kind == b"B":
            committed, micros, xid = struct.unpack_from(">qqi", data, 1)
            began = committed, _EPOCH_S + micros / 1e6, xid
        elif kind in (b"I", b"U", b"D", b"T"):
            committed, at, xid = began
            for oid, op, old, new in _rows(kind, body):
                where, columns = relations[oid]
                yield RowChange(
                    where, op, position(lsn), xid, committed, at, dict(_named(columns, new)), dict(_named(columns, old))
                )
        elif kind not in (b"C", b"O", b"Y", b"M"):
            raise HarnessError(f"a message {kind!r} of the slot is none of pgoutput's")


def position(lsn: str) -> int:
    """An LSN as PostgreSQL writes it, ``16/B374D848``, as the number that Debezium tells."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def lsn(position: int) -> str:
    """A position as PostgreSQL writes it."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


_Values = list[str | bool | None]
"""Values in the order of the columns; False for one that was not sent."""


def _named(columns: list[str], values: _Values) -> Iterator[tuple[str, str | None]]:
    for column, value in zip(columns, values, strict=False):
        if not isinstance(value, bool):
            yield column, value


def _relation(body: _Body) -> tuple[int, tuple[str, str], list[str]]:
    oid = body.number(4)
    where = body.text() or "pg_catalog", body.text()
    body.take(1)
    columns = []
    for _ in range(body.number(2)):
        body.take(1)
        columns.append(body.text())
        body.take(8)
    return oid, where, columns


def _rows(kind: bytes, body: _Body) -> Iterator[tuple[int, str, _Values, _Values]]:
    if kind == b"T":
        count = body.number(4)
        body.take(1)
        for _ in range(count):
            yield body.number(4), "truncate", [], []
        return
    oid, mark = body.number(4), body.take(1)
    if kind == b"I":
        yield oid, "create", [], body.tuple()
    elif kind == b"D":
        yield oid, "delete", _sent(body, mark), []
    else:
        old = _sent(body, mark) if mark in b"KO" else []
        if old:
            body.take(1)
        yield oid, "update", old, body.tuple()


def _sent(body: _Body, mark: bytes) -> _Values:
    """The former row; of one that is only its key (K) the other columns were not sent, and read as NULL."""
    values = body.tuple()
    return [False if mark == b"K" and value is None else value for value in values]


class _Body:
    """A message, read from its front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise HarnessError(f"a message of the slot ends after {len(self._data)} bytes, in the middle of a value")
        self._at += count
        return found

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big", signed=True)

    def text(self) -> str:
        end = self._data.index(b"\0", self._at)
        return self.take(end + 1 - self._at)[:-1].decode("utf-8", "replace")

    def tuple(self) -> _Values:
        values: _Values = []
        for _ in range(self.number(2)):
            mark = self.take(1)
            if mark == b"n":
                values.append(None)
            elif mark == b"u":
                values.append(False)
            else:
                values.append(self.take(self.number(4)).decode("utf-8", "replace"))
        return values
