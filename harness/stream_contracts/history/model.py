"""The tables of a history, as rows: what was sent, what the log holds, who asked what, what broke, who lived.

Times (``at``, ``answered_at``, …) are seconds since the trial began, on the monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Send:
    """One event that was fed to the pipeline. ``outcome``: ok, fail, unknown, or aborted (never to be acted on)."""

    TABLE: ClassVar[str] = "sends"
    event_id: int
    key: str | None
    seq: int
    """The how-manieth event of its key in this topic, from 0."""
    topic: str
    partition: int
    offset: int | None
    outcome: str
    at: float


@dataclass(frozen=True, slots=True)
class Expected:
    """One record that the fault-free run left in an output: the oracle. ``nth`` counts equal records from 1."""

    TABLE: ClassVar[str] = "expected"
    topic: str
    key: str | None
    digest: str
    nth: int
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """One data record of an output topic, as the log holds it up to the high watermark.

    ``fate``: committed, aborted, open (its transaction has not ended) or plain (written outside a transaction).
    """

    TABLE: ClassVar[str] = "records"
    topic: str
    partition: int
    offset: int
    key: str | None
    digest: str
    event_id: int | None
    producer_id: int
    epoch: int
    fate: str


@dataclass(frozen=True, slots=True)
class Commit:
    """One offset that a pipeline committed. ``via``: OffsetCommit or TxnOffsetCommit."""

    TABLE: ClassVar[str] = "commits"
    group: str
    topic: str
    partition: int
    offset: int
    via: str
    at: float


@dataclass(frozen=True, slots=True)
class Request:
    """One request on the wire and its answer; ``answered_at`` is None where no answer passed, ``error`` 0 is none."""

    TABLE: ClassVar[str] = "requests"
    instance: str
    connection: int
    role: str
    client_id: str
    api: str
    version: int
    nth: int
    at: float
    answered_at: float | None
    error: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class FaultApplied:
    """One fault of the plan, when it took effect and when it was healed; ``applied_at`` None means never."""

    TABLE: ClassVar[str] = "faults"
    fault: str
    moment: str
    applied_at: float | None
    healed_at: float | None
    effect_seen: bool


@dataclass(frozen=True, slots=True)
class ProcessLife:
    """One life of one pipeline process; ``exit`` is the exit status, negative for a signal."""

    TABLE: ClassVar[str] = "processes"
    name: str
    incarnation: int
    started_at: float
    ended_at: float | None
    exit: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that shaped the run and is not a row elsewhere: time compressed, a topic's end, the seed."""

    TABLE: ClassVar[str] = "notes"
    what: str
    detail: str
    at: float


KICKED = "killed by the liveness probe"
"""What a note says of an instance that lived, had work to do, did nothing, and was started anew."""

Row = Send | Expected | Record | Commit | Request | FaultApplied | ProcessLife | Note
TABLES: dict[str, type[Row]] = {
    row.TABLE: row for row in (Send, Expected, Record, Commit, Request, FaultApplied, ProcessLife, Note)
}
