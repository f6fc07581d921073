"""A moment is a point on the wire: whose request, which one, and on which side of the broker's work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["before", "after"]
PHASES: tuple[Phase, ...] = ("before", "after")

ROLES: dict[str, str] = {
    "InitProducerId": "producer",
    "AddPartitionsToTxn": "producer",
    "Produce": "producer",
    "AddOffsetsToTxn": "producer",
    "TxnOffsetCommit": "producer",
    "EndTxn": "producer",
    "JoinGroup": "consumer",
    "SyncGroup": "consumer",
    "ConsumerGroupHeartbeat": "consumer",
    "Heartbeat": "consumer",
    "LeaveGroup": "consumer",
    "OffsetFetch": "consumer",
    "OffsetCommit": "consumer",
    "ListOffsets": "consumer",
    "Fetch": "consumer",
    "CreateTopics": "admin",
    "DeleteTopics": "admin",
    "DeleteRecords": "admin",
}
"""API -> the role that its connection has by asking it (KIP-98 names the producer's side of a transaction)."""

TELLING: frozenset[str] = frozenset(
    {
        "InitProducerId",
        "AddPartitionsToTxn",
        "Produce",
        "AddOffsetsToTxn",
        "TxnOffsetCommit",
        "EndTxn",
        "OffsetCommit",
        "JoinGroup",
        "SyncGroup",
        "Fetch",
    }
)
"""The APIs whose requests are moments: those that change what a broker holds, and Fetch when it brings records."""

URGENCY: tuple[str, ...] = (
    "EndTxn",
    "COMMIT",
    "OffsetCommit",
    "TxnOffsetCommit",
    "Produce",
    "INSERT",
    "UPDATE",
    "DELETE",
)
"""The APIs at which pipelines break first, worst first; a sweep begins with them."""

IDLE: frozenset[str] = frozenset({"InitProducerId"})
"""The APIs that say nothing of work: Flink asks for a producer id at each checkpoint, also while nothing comes."""

ONLY_AFTER: frozenset[str] = frozenset({"Fetch"})
"""A Fetch is a moment only by what it brought, so there is none before it."""


def role_of(api: str) -> str:
    """The role that a connection shows by this request; ``client`` where the request tells nothing."""
    return ROLES.get(api, "client")


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """The ``nth`` request (from 1) of ``api`` by ``instance`` in a run: before the server saw it, or after it answered.

    ``after`` means: the server has done its work, and the client has not heard of it. ``api`` is a Kafka API; with the
    role ``database`` a verb of SQL, with ``registry`` and ``connect`` an endpoint (``GET /schemas/ids/{id}``).
    """

    instance: str
    role: str
    api: str
    nth: int
    phase: Phase

    def __str__(self) -> str:
        return f"{self.phase} {self.api}#{self.nth} of {self.instance} ({self.role})"


def urgency(moment: Moment) -> tuple[int, int]:
    """Sorts moments by where pipelines break first: transaction control, then the rest, each in order of its count."""
    kind = URGENCY.index(moment.api) if moment.api in URGENCY else len(URGENCY)
    return kind, moment.nth
