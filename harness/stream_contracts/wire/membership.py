"""Who joined which group, read from the wire: needed to say goodbye for a member that was killed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a consumer group as its coordinator knows it; ``epochs`` for the protocol of KIP-848."""

    group: str
    member_id: str
    instance_id: str | None
    epochs: bool = False


def joined(api: str, request: Any, response: Any) -> Member | None:
    """The member that this exchange made known to a coordinator, if it did."""
    if api == "JoinGroup":
        member_id = str(response.member_id) or str(request.member_id)
        instance_id = getattr(request, "group_instance_id", None)
        return Member(str(request.group_id), member_id, instance_id) if member_id else None
    if api == "ConsumerGroupHeartbeat" and int(request.member_epoch) >= 0:
        member_id = str(response.member_id or request.member_id)
        return Member(str(request.group_id), member_id, request.instance_id, epochs=True)
    return None


def moved(api: str, request: Any, response: Any) -> bool:
    """Whether this heartbeat brought its member into another epoch: the round of a rebalance, in the protocol of KIP-848."""
    if api != "ConsumerGroupHeartbeat" or request is None or response is None:
        return False
    return not int(response.error_code) and int(response.member_epoch) > max(int(request.member_epoch), -1) >= 0


def left(api: str, request: Any) -> tuple[str, ...]:
    """The ids of the members that this request took out of their group."""
    if api == "LeaveGroup":
        if hasattr(request, "members"):
            return tuple(str(member.member_id) for member in request.members)
        return (str(request.member_id),)
    if api == "ConsumerGroupHeartbeat" and int(request.member_epoch) < 0:
        return (str(request.member_id),)
    return ()


def committed(request: Any, response: Any) -> list[tuple[str, str, int, int]]:
    """What an OffsetCommit or TxnOffsetCommit was granted: (group, topic, partition, offset) each; none unanswered."""
    granted = {
        (_topic(topic), int(part.partition_index))
        for topic in getattr(response, "topics", None) or ()
        for part in topic.partitions or ()
        if not int(part.error_code)
    }
    group = str(request.group_id)
    return [
        (group, _topic(topic), int(part.partition_index), int(part.committed_offset))
        for topic in request.topics or ()
        for part in topic.partitions or ()
        if (_topic(topic), int(part.partition_index)) in granted
    ]


def _topic(topic: Any) -> str:
    return str(topic.name if hasattr(topic, "name") else topic.topic_id)  # ids since OffsetCommit version 10


_PARTS = (
    "responses",
    "topics",
    "results",
    "results_by_transaction",
    "topic_results",
    "results_by_topic_v3_and_below",
    "partition_responses",
    "partitions",
    "results_by_partition",
    "members",
    "coordinators",
)
"""Where a response keeps the answers for each of the things it was asked about."""
_CODES = ("error_code", "partition_error_code")
"""What the error is called there; the second by AddPartitionsToTxn alone."""


def errors_in(body: Any) -> int:
    """The first error code that a response carries, wherever it stands in it; 0 for none."""
    own = next((int(code) for name in _CODES if (code := getattr(body, name, 0))), 0)
    if own:
        return own
    for name in _PARTS:
        for part in getattr(body, name, None) or ():
            found = errors_in(part)
            if found:
                return found
    return 0
