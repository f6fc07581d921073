"""A captured table judged as it goes: each event as soon as it is there, against the changes that the source has committed.

A fold, not a verdict: what is said of a whole trial is for the anomalies, which see it from its end. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stream_contracts.anomalies import anomaly
from stream_contracts.cdc.pgoutput import RowChange
from stream_contracts.findings import Finding
from stream_contracts.history.model import Record
from stream_contracts.trial.capture_evidence import Reader, expected
from stream_contracts.trial.log import Entry

_Mark = tuple[str | None, str, int | None]
"""Key, kind and position of a change."""


class Live:
    """Tell it what was committed (`committed`), in that order, before the events that say so (`judged`).

    Events of a snapshot are let pass. A tombstone belongs to its delete. ``reader`` is not used elsewhere.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._owed: dict[_Mark, RowChange] = {}
        self._seen: dict[_Mark, str] = {}
        self._newest: dict[str | None, int] = {}
        self._rows: dict[str | None, dict[str, str | None]] = {}

    def committed(self, changes: Iterable[RowChange]) -> None:
        """What the source says that it has committed, behind what it said before."""
        for change in changes:
            for told in expected(self._reader, [change], 0.0, tombstones=False):
                self._owed[told.key, told.op, told.position] = change

    def judged(self, partition: int, entry: Entry) -> list[Finding]:
        """What is wrong with the next event of a partition, as the anomaly of that name says it; nothing where it is right."""
        (record,) = self._reader.records([(partition, entry)])
        if record.op not in ("create", "update", "delete"):
            return []
        return list(self._wrong(record, f"{record.topic}-{partition}@{entry.offset}"))

    def missing(self) -> list[Finding]:
        """The changes that were committed and of which no event has come so far, in the order of their commits."""
        return [
            _finding("cdc-gap", f"{_told(mark)} is not in {self._reader.topic}", mark)
            for mark in self._owed
            if mark not in self._seen
        ]

    def _wrong(self, record: Record, place: str) -> Iterator[Finding]:
        mark: _Mark = (record.key, str(record.op), record.position)
        if mark in self._seen:
            yield _finding("cdc-duplicate", f"{_told(mark)} stands at {self._seen[mark]} and again at {place}", mark)
            return
        self._seen[mark] = place
        if mark not in self._owed:
            yield _finding("cdc-divergence", f"{place} tells {_told(mark)}, and the source has none", mark)
            return
        if record.op != "delete" and record.digest != self._digest(record.key, self._owed[mark]):
            yield _finding("cdc-divergence", f"{place} does not tell the row of {_told(mark)}", mark)
        newest = self._newest.get(record.key, -1)
        if (record.position or 0) < newest:
            yield _finding(
                "cdc-reordered", f"{place} is {_told(mark)}, and stands behind that at position {newest}", mark
            )
        self._newest[record.key] = max(newest, record.position or 0)

    def _digest(self, key: str | None, change: RowChange) -> str:
        """That of the row that the change left; what it did not send again (TOAST) is as it was."""
        row = self._rows[key] = {**self._rows.get(key, {}), **change.new}
        return self._reader.source_row(row).digest


def _told(mark: _Mark) -> str:
    key, op, position = mark
    return f"the {op} of key {key} at position {position} of the source"


def _finding(rule: str, what: str, mark: _Mark) -> Finding:
    asked, (key, op, position) = anomaly(rule), mark
    return Finding(asked.id, what, asked.why, asked.remedy, witness={"key": key, "op": op, "position": position})
