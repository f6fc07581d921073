"""Evidence of a trial of a captured table: what its topic tells, what the source says, and what the table holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stream_contracts.cdc.catalog import Table
from stream_contracts.cdc.events import Shape, Told, boundary, told
from stream_contracts.cdc.outbox import Outbox
from stream_contracts.cdc.pgoutput import Row, RowChange
from stream_contracts.cdc.values import UNTOLD, comparable, of_event, of_row
from stream_contracts.errors import HarnessError
from stream_contracts.history.model import Boundary, Change, Record, SourceRow
from stream_contracts.trial.cluster import Cluster, Partition
from stream_contracts.trial.log import Entry, read

Field = Mapping[str, Any]


@dataclass(slots=True)
class Reader:
    """Reads the records of one captured topic as changes, in their order, all at once or as they come.

    ``table`` is the captured table as it is at the end.
    """

    topic: str
    shape: Shape
    table: Table
    ids: Mapping[str, RowChange] = field(default_factory=dict)
    """Of an outbox: its rows by their id, as text."""
    schemas: dict[str, Field | None] = field(default_factory=dict)
    """The schemas of the columns, as the events have them."""
    _rows: dict[str | None, dict[str, str | None]] = field(default_factory=dict)
    _deleted: dict[tuple[int, str | None], int | None] = field(default_factory=dict)

    def records(self, entries: Sequence[tuple[int, Entry]]) -> list[Record]:
        """The records behind those that it has read already; `HarnessError` for one that cannot be read."""
        read_as = [
            (partition, entry, told(self.shape, entry.key, entry.value, entry.headers)) for partition, entry in entries
        ]
        for partition, entry, each in read_as:
            if each.unread:
                what = (
                    f"{self.topic}-{partition}@{entry.offset} is no event of Debezium that is known here: {each.unread}"
                )
                raise HarnessError(what)
            for column, (_, schema) in {**each.key, **(each.row or {})}.items():
                self.schemas.setdefault(column, schema)
        return [self._record(partition, entry, each) for partition, entry, each in read_as]

    def _record(self, partition: int, entry: Entry, each: Told) -> Record:
        rows, deleted = self._rows, self._deleted
        key, position, txid = self._key(each.key), each.position, each.txid
        if each.event is not None and each.event in self.ids:
            position, txid = self.ids[each.event].position, self.ids[each.event].txid
        if each.op == "tombstone":
            position = deleted.get((partition, key))
        elif each.op == "delete":
            deleted[partition, key] = position
        if each.row is not None and entry.fate in ("committed", "plain"):
            rows[key] = self._row(each.row, rows.get(key, {}))
        return Record(
            self.topic, partition, entry.offset, key, "-" if each.row is None else digest(rows.get(key, {})), None,
            entry.producer_id, entry.epoch, entry.fate, op=each.op, position=position, txid=txid,
        )  # fmt: skip

    def _row(self, row: Mapping[str, Any], before: Mapping[str, str | None]) -> dict[str, str | None]:
        """A row as readers have it: what was not told again is as it was."""
        found = {}
        for column, kind in self.columns():
            value, schema = row.get(column, (None, None))
            found[column] = before.get(column) if value == UNTOLD else of_event(value, kind, schema)
        return found

    def _key(self, key: Mapping[str, Any]) -> str | None:
        if not key:
            return None
        values = [of_event(value, self._kind(column), schema) for column, (value, schema) in key.items()]
        return shown(values)

    def _kind(self, column: str) -> str:
        found = self.table.column(column)
        return found.kind.name if found and not found.kind.array else "text"

    def columns(self) -> Iterator[tuple[str, str]]:
        """The columns that can be compared, with their types: of arrays and of some others there is no common form."""
        for column in self.table.columns:
            schema = self.schemas.get(column.name)
            name = (schema or {}).get("name")
            told = column.name in self.schemas and not column.generated and not column.kind.array
            if told and comparable(column.kind.name, name, enum=bool(column.kind.labels)):
                yield column.name, column.kind.name

    def row_key(self, row: Row) -> str | None:
        """The key of a row, as the events of the topic have it."""
        return shown([self._of_row(row.get(column), column) for column in self.table.key])

    def source_row(self, row: Row) -> SourceRow:
        """A row of the table, with the digest that a record has which tells the same row."""
        kept = {column: self._of_row(row.get(column), column) for column, _ in self.columns()}
        return SourceRow(self.topic, self.row_key(row), digest(kept))

    def _of_row(self, text: str | None, column: str) -> str | None:
        name = (self.schemas.get(column) or {}).get("name")
        return of_row(text, self._kind(column), name)


def shown(values: Sequence[str | None]) -> str | None:
    """A key as people read it: the value itself, or a JSON list where it has several."""
    return values[0] if len(values) == 1 else json.dumps(values, ensure_ascii=False)


def digest(row: Mapping[str, str | None]) -> str:
    """A short name for a row, from its content."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def expected(reader: Reader, found: Sequence[RowChange], ahead_s: float, *, tombstones: bool) -> Iterator[Change]:
    """What the topic has to hold: a row that got another key is deleted under the one and made under the other."""
    for change in found:
        old = reader.row_key({**change.new, **change.old}) if change.op != "create" else None
        new = reader.row_key(change.new) if change.op != "delete" else None
        moved = change.op == "update" and old != new
        told = (("delete", old), ("create", new)) if moved else ((change.op, old if change.op == "delete" else new),)
        for op, key in told:
            row = (change.position, change.txid, change.at - ahead_s, change.committed)
            yield Change(reader.topic, key, op, *row)
            if op == "delete" and tombstones:
                yield Change(reader.topic, key, "tombstone", *row)


def expected_events(topic: str, box: Outbox, found: Sequence[RowChange], ahead_s: float) -> Iterator[Change]:
    """What the topic of an outbox has to hold: an event for each row that was put in, whether it was removed or not."""
    for change in found:
        if change.op == "create" and change.new.get(box.route) == box.routed:
            key = change.new.get(box.key)
            yield Change(topic, key, "event", change.position, change.txid, change.at - ahead_s, change.committed)


def entries(cluster: Cluster, partitions: Sequence[Partition]) -> list[tuple[int, Entry]]:
    """Every record of a topic with its partition; none of one that nobody has made."""
    return [(partition[1], entry) for partition in partitions for entry in read(cluster, partition)]


def boundaries(topic: str, found: Sequence[tuple[int, Entry]], collection: str) -> Iterator[Boundary]:
    """The ends of transactions that a connector told, as far as they are about one table."""
    for _, entry in found:
        end = boundary(entry.value, collection) if entry.fate in ("committed", "plain") else None
        if end is not None:
            yield Boundary(topic, *end)
