"""The tables of a history, as rows: what was sent, what the log holds, who asked what, what broke, who lived.

Times (``at``, ``answered_at``, …) are seconds since the trial began, on the monotonic clock. A column that may be None
is one that not every trial can fill; what needs it finds nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, get_args


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
    kind: str | None = None
    """None for an ordinary event; ``delete`` for one that takes its key away, ``poison`` for one that none can process."""
    time: float | None = None
    """The event's own time, in seconds; the newest of them are sent first or last as the plan says."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One effect of the fault-free run: the oracle. ``nth`` counts equal ones from 1; ``topic`` may name a table.

    Of a table every write is expected, and only what is left at the end is compared.
    """

    TABLE: ClassVar[str] = "expected"
    topic: str
    key: str | None
    digest: str
    nth: int
    event_id: int | None
    kind: str | None = None
    """``table`` for a row of a table, else a record of a topic."""
    window: str | None = None
    """What tells effects of one key apart where windows are compared."""
    op: str | None = None
    """``delete`` for a tombstone or a deleted row."""
    position: int | None = None
    """The how-manieth effect of its key (and window) in this output, from 0."""
    final: bool | None = None
    """Whether it was the last of its key (and window)."""


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
    at: float | None = None
    """When its pipeline asked the log to take it, as the wire saw it, or a little before; None where that was not seen."""
    op: str | None = None
    """``delete`` for a tombstone; of a change: ``create``, ``update``, ``delete``, ``read`` for one of a snapshot,
    ``tombstone`` for what follows a delete, and ``event`` for what a router made of a row of an outbox."""
    window: str | None = None
    """What tells the records of one key apart where windows are compared."""
    schema_id: int | None = None
    """The id that its value begins with, where the topic has such a framing."""
    position: int | None = None
    """Where in the log of its source a change stands (an LSN); of a tombstone that of the delete before it."""
    counted: int | None = None
    """How many events it says that it counts, where it is a window."""
    txid: int | None = None
    """The transaction of the source that a change belongs to."""


@dataclass(frozen=True, slots=True)
class Write:
    """One committed write to a table, as an audit trigger saw it: every one of them, not only the last of a row.

    ``seq`` counts the writes in the order in which they took effect; ``op`` is insert, update or delete; ``digest`` and
    ``content`` (the row as JSON) are those of the row afterwards, or of the deleted one.
    """

    TABLE: ClassVar[str] = "writes"
    sink: str
    seq: int
    key: str | None
    op: str
    digest: str
    content: str
    event_id: int | None
    txid: int
    at: float | None = None
    writer: str | None = None
    """Who wrote it: the instance, as far as the connection told."""


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change of a source table, from a slot of our own: what a CDC topic has to hold.

    ``topic`` is where it has to appear; ``op`` is create, update or delete; ``tombstone`` where one is owed
    after a delete, and ``event`` for a new row of an outbox; ``position`` is its LSN.
    """

    TABLE: ClassVar[str] = "changes"
    topic: str
    key: str | None
    op: str
    position: int
    txid: int
    at: float
    committed: int | None = None
    """The LSN of its commit: what a snapshot holds is what was committed before it."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a source table at the end; ``digest`` is that of a record of ``topic`` that tells the same row."""

    TABLE: ClassVar[str] = "source_rows"
    topic: str
    key: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Boundary:
    """The end of a transaction of the source, as a connector told it: how many events of a topic belong to it."""

    TABLE: ClassVar[str] = "boundaries"
    topic: str
    txid: int
    events: int


@dataclass(frozen=True, slots=True)
class SchemaId:
    """One id that a registry gave out, or answers for, during the trial."""

    TABLE: ClassVar[str] = "schemas"
    id: int
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """One topic that the pipeline reads or writes, as its contract declares it (a small stack may have less)."""

    TABLE: ClassVar[str] = "topics"
    topic: str
    partitions: int
    replication: int
    min_insync: int | None = None
    cleanup_policy: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Where an output ended when the run was over: its last stable offset, and its high watermark behind it."""

    TABLE: ClassVar[str] = "ends"
    topic: str
    partition: int
    stable: int
    high: int
    at: float


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction that a coordinator knew. ``state``: open, committed or aborted, when the run was over.

    ``ended_by``: client; timeout (the coordinator gave it up); fenced (its successor ended it); harness (we did, since
    nobody else would have in time). ``topic`` and ``partition`` are one where it has records.
    """

    TABLE: ClassVar[str] = "transactions"
    transactional_id: str
    producer_id: int
    epoch: int
    state: str
    started_at: float
    ended_at: float | None = None
    ended_by: str | None = None
    topic: str | None = None
    partition: int | None = None


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
    fate: str | None = None
    """Of one inside a transaction: committed, aborted or open; None where it is not known."""


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
    """Something that shaped the run and is not a row elsewhere.

    ``rest``: it came to rest at that time; ``restless``: it did not, and why; ``compressed``: a time-out was not waited
    for; ``replayed``: the whole input was processed again from then on; ``gave up``: a connector that failed for good, and
    why; ``trace``: what its task said of that, in full; ``seed``.
    """

    TABLE: ClassVar[str] = "notes"
    what: str
    detail: str
    at: float


KICKED = "killed by the liveness probe"
"""What a note says of an instance that lived, had work to do, did nothing, and was started anew."""

REPLAYED = "replayed"
"""What a note says where the whole input was processed again from then on."""

Row = (
    Send
    | Expected
    | Record
    | Write
    | Change
    | SourceRow
    | Boundary
    | SchemaId
    | Declared
    | Commit
    | Request
    | Transaction
    | End
    | FaultApplied
    | ProcessLife
    | Note
)
TABLES: dict[str, type[Row]] = {row.TABLE: row for row in get_args(Row)}
