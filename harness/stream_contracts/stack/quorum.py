"""Does the controllers' quorum have a leader, and do all of its voters follow?"""

from __future__ import annotations

from collections.abc import Collection

from kio.schema.describe_quorum.v1.request import DescribeQuorumRequest, PartitionData, TopicData
from kio.schema.types import TopicName
from kio.static.primitive import i32

from stream_contracts.stack.client import Connection

METADATA_LOG = "__cluster_metadata"
"""The topic of the quorum (KIP-595)."""


def incomplete(connection: Connection, *, voters: int = 0, away: Collection[int] = ()) -> str:
    """Say what the quorum lacks; empty where nothing. HarnessError where the broker does not answer.

    A broker passes the question on to the leader; what it says of a controller by itself may be old. A voter follows when
    its log reaches to what is committed; one that died is behind within half a second, for the leader writes that often.
    ``voters`` is how many there should be, if that is known; ``away`` are node ids that are not missed.
    """
    part = PartitionData(partition_index=i32(0))
    topic = TopicData(topic_name=TopicName(METADATA_LOG), partitions=(part,))
    answer = connection.ask(DescribeQuorumRequest(topics=(topic,)))
    if answer.error_code:
        return f"the controllers answer {answer.error_code.name}"
    quorum = answer.topics[0].partitions[0]
    if quorum.error_code or int(quorum.leader_id) < 0:
        return f"no controller leads: {quorum.error_code.name}"
    if voters not in (0, len(quorum.current_voters)):
        return f"{len(quorum.current_voters)} of {voters} controllers vote"
    behind = {int(row.replica_id) for row in quorum.current_voters if int(row.log_end_offset) < quorum.high_watermark}
    late = ", ".join(map(str, sorted(behind - set(away))))
    return f"controller {late} is behind its leader, controller {int(quorum.leader_id)}" if late else ""
