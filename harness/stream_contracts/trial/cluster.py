"""The harness's own view of a cluster: past the tap, straight to the brokers, in typed requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from time import sleep
from typing import Any, NamedTuple

from kio.schema.consumer_group_describe.v0.request import ConsumerGroupDescribeRequest
from kio.schema.consumer_group_heartbeat.v1.request import ConsumerGroupHeartbeatRequest
from kio.schema.describe_groups.v5.request import DescribeGroupsRequest
from kio.schema.describe_quorum.v1.request import DescribeQuorumRequest
from kio.schema.describe_quorum.v1.request import PartitionData as QuorumPartition
from kio.schema.describe_quorum.v1.request import TopicData as QuorumTopic
from kio.schema.describe_transactions.v0.request import DescribeTransactionsRequest
from kio.schema.find_coordinator.v4.request import FindCoordinatorRequest
from kio.schema.init_producer_id.v4.request import InitProducerIdRequest
from kio.schema.leave_group.v5.request import LeaveGroupRequest, MemberIdentity
from kio.schema.list_offsets.v7.request import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from kio.schema.list_transactions.v0.request import ListTransactionsRequest
from kio.schema.metadata.v12.request import MetadataRequest, MetadataRequestTopic
from kio.schema.offset_commit.v8.request import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from kio.schema.offset_fetch.v8.request import OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics
from kio.schema.types import BrokerId, GroupId, TopicName, TransactionalId
from kio.static.primitive import i8, i32, i32Timedelta, i64

from stream_contracts.errors import HarnessError
from stream_contracts.stack.client import Connection
from stream_contracts.wire.kafka import Address
from stream_contracts.wire.membership import Member

Partition = tuple[str, int]

PATIENCE_S = 5.0
"""How long one answer may take; a broker that is frozen gives none."""
IDLE_S = 240.0
"""A connection that was not used for this long is opened anew, before the broker closes it."""
GROUP, TRANSACTION = 0, 1
"""The kinds of coordinator (FindCoordinator, "key type")."""
METADATA_LOG = "__cluster_metadata"
LATEST = -1
READ_UNCOMMITTED, READ_COMMITTED = 0, 1
_UNSTABLE_OFFSET = 88
_CONCURRENT = 51
_FENCE_FOR = dt.timedelta(seconds=10)
_GONE = {25, 69, 110}
"""Unknown member, no such group, fenced epoch: whoever was to leave has left."""


class OpenTransaction(NamedTuple):
    """A transaction that has not ended: whose, since how many seconds, and where it has written."""

    transactional_id: str
    producer_id: int
    epoch: int
    age_s: float
    partitions: list[Partition]


class Cluster:
    """Ask the brokers of a cluster. Connections are opened on demand, kept, and not shared between threads."""

    def __init__(self, brokers: Iterable[Address]) -> None:
        self._seeds = tuple(brokers)
        self._connections: dict[Address, Connection] = {}
        self._addresses: dict[int, Address] = {}
        self._leaders: dict[Partition, int] = {}
        self._coordinators: dict[str, Address] = {}

    def close(self) -> None:
        """Close every connection."""
        while self._connections:
            self._connections.popitem()[1].close()

    def forget(self) -> None:
        """Close every connection and forget who leads: after something was done to a broker."""
        self.close()
        self._leaders.clear()
        self._coordinators.clear()

    def leader(self, partition: Partition) -> int:
        """The node that leads this topic-partition now."""
        self._leaders.pop(partition, None)
        self.at_leader(partition)
        return self._leaders[partition]

    def coordinator(self, key: str, kind: int) -> int:
        """The node that coordinates a group (kind 0) or a transactional id (kind 1) now."""
        request = FindCoordinatorRequest(key_type=i8(kind), coordinator_keys=(key,))
        found = self._connection(self._seed()).ask(request).coordinators[0]
        if found.error_code:
            raise HarnessError(f"no coordinator for {key}: error {int(found.error_code)}")
        self._addresses[int(found.node_id)] = (found.host, int(found.port))
        return int(found.node_id)

    def controller(self) -> int:
        """The node that is the active controller now."""
        request = DescribeQuorumRequest(
            topics=(
                QuorumTopic(topic_name=TopicName(METADATA_LOG), partitions=(QuorumPartition(partition_index=i32(0)),)),
            )
        )
        answer = self._connection(self._seed()).ask(request)
        return int(answer.topics[0].partitions[0].leader_id)

    def open_transactions(self, transactional_ids: Iterable[str]) -> list[OpenTransaction]:
        """Those of these transactional ids that have a transaction open now (KIP-664, DescribeTransactions)."""
        found = []
        for transactional_id in transactional_ids:
            connection = self._connection(self._addresses[self.coordinator(transactional_id, TRANSACTION)])
            listed = connection.ask(ListTransactionsRequest(state_filters=("Ongoing",), producer_id_filters=()))
            if transactional_id not in [str(state.transactional_id) for state in listed.transaction_states]:
                continue  # of one that is not open, the start is told as -1, which our codec does not take for a time
            request = DescribeTransactionsRequest(transactional_ids=(TransactionalId(transactional_id),))
            (state,) = connection.ask(request).transaction_states
            if not state.error_code and str(state.transaction_state) == "Ongoing":
                age = dt.datetime.now(dt.UTC) - state.transaction_start_time
                parts = [(str(topic.topic), int(number)) for topic in state.topics for number in topic.partitions]
                found.append(
                    OpenTransaction(
                        transactional_id, int(state.producer_id), int(state.producer_epoch), age.total_seconds(), parts
                    )
                )
        return found

    def fence(self, transactional_id: str) -> bool:
        """Begin a new epoch of this transactional id, as a second producer with the same settings does."""
        node = self.coordinator(transactional_id, TRANSACTION)
        request = InitProducerIdRequest(
            transactional_id=TransactionalId(transactional_id), transaction_timeout=i32Timedelta.parse(_FENCE_FOR)
        )
        connection = self._connection(self._addresses[node])
        for _ in range(50):
            code = int(connection.ask(request).error_code)
            if code != _CONCURRENT:
                return not code
            sleep(0.02)  # the open transaction is being aborted: ask again, as every client does
        return False

    def _seed(self) -> Address:
        """A broker that answers: the first of the seeds that lets us in."""
        for address in self._seeds:
            try:
                self._connection(address)
            except HarnessError:
                continue
            return address
        raise HarnessError(f"none of the brokers {self._seeds} lets us in")

    def at_leader(self, partition: Partition) -> Connection:
        """The connection to the broker that leads this topic-partition."""
        if partition not in self._leaders:
            self._learn(partition[0])
        if partition not in self._leaders:
            raise HarnessError(f"{partition[0]}-{partition[1]} has no leader")
        return self._connection(self._addresses[self._leaders[partition]])

    def leads(self, topic: str, partitions: int) -> bool:
        """Whether every partition of a new topic has a leader that answers for it (creating it is not that)."""
        wanted = [(topic, number) for number in range(partitions)]
        self._learn(topic)
        return all(partition in self._leaders for partition in wanted) and None not in self.ends(wanted).values()

    def ends(self, partitions: Iterable[Partition], isolation: int = READ_UNCOMMITTED) -> dict[Partition, int | None]:
        """The high watermark of each partition, or under READ_COMMITTED its last stable offset; None: no answer yet."""
        found: dict[Partition, int | None] = {}
        for partition in partitions:
            topic, number = partition
            part = ListOffsetsPartition(partition_index=i32(number), timestamp=i64(LATEST))
            asked = ListOffsetsTopic(name=TopicName(topic), partitions=(part,))
            request = ListOffsetsRequest(replica_id=BrokerId(-1), isolation_level=i8(isolation), topics=(asked,))
            answer = self.at_leader(partition).ask(request).topics[0].partitions[0]
            found[partition] = None if answer.error_code else int(answer.offset)
        return found

    def committed(self, group: str, partitions: Iterable[Partition]) -> dict[Partition, int] | None:
        """The committed offsets of a group, -1 where there is none; None while one is pending in a transaction."""
        topics: dict[str, list[i32]] = {}
        for topic, number in partitions:
            topics.setdefault(topic, []).append(i32(number))
        asked = tuple(
            OffsetFetchRequestTopics(name=TopicName(topic), partition_indexes=tuple(numbers))
            for topic, numbers in topics.items()
        )
        request = OffsetFetchRequest(
            groups=(OffsetFetchRequestGroup(group_id=GroupId(group), topics=asked),), require_stable=True
        )
        answer = self._coordinator(group).ask(request).groups[0]
        if answer.error_code:
            self._coordinators.pop(group, None)
            return None
        parts = [(str(topic.name), part) for topic in answer.topics for part in topic.partitions]
        if any(int(part.error_code) == _UNSTABLE_OFFSET for _, part in parts):
            return None
        return {(topic, int(part.partition_index)): int(part.committed_offset) for topic, part in parts}

    def rewind(self, group: str, partitions: Iterable[Partition]) -> None:
        """Commit offset 0 of each partition for a group without members, as a reset of its offsets does (KIP-122)."""
        topics: dict[str, list[OffsetCommitRequestPartition]] = {}
        for topic, number in partitions:
            start = OffsetCommitRequestPartition(
                partition_index=i32(number), committed_offset=i64(0), committed_metadata=""
            )
            topics.setdefault(topic, []).append(start)
        asked = tuple(
            OffsetCommitRequestTopic(name=TopicName(topic), partitions=tuple(starts))
            for topic, starts in topics.items()
        )
        answer = self._coordinator(group).ask(OffsetCommitRequest(group_id=GroupId(group), member_id="", topics=asked))
        codes = [int(part.error_code) for topic in answer.topics for part in topic.partitions if part.error_code]
        if codes:
            raise HarnessError(f"the offsets of group {group} could not be reset: error {codes[0]}")

    def is_shared(self, group: str, members: int) -> bool:
        """Whether a group is stable, with that many members: its partitions are dealt out, and nobody is on the way."""
        request = DescribeGroupsRequest(groups=(GroupId(group),), include_authorized_operations=False)
        found: Any = self._coordinator(group).ask(request).groups[0]
        if found.error_code or str(found.group_state) == "Dead":  # none of the classic kind; perhaps one of KIP-848
            asked = ConsumerGroupDescribeRequest(group_ids=(GroupId(group),), include_authorized_operations=False)
            found = self._coordinator(group).ask(asked).groups[0]
        return not found.error_code and str(found.group_state) == "Stable" and len(found.members) == members

    def dismiss(self, members: Iterable[Member]) -> list[Member]:
        """Say goodbye for members that were killed, so that nobody waits for their session to time out."""
        gone = []
        for member in members:
            answer = self._coordinator(member.group).ask(_goodbye(member))
            codes = [int(answer.error_code), *(int(left.error_code) for left in getattr(answer, "members", ()))]
            refusals = [code for code in codes if code and code not in _GONE]
            if refusals:
                raise HarnessError(f"{member.group} would not let {member.member_id} go: error {refusals[0]}")
            gone.append(member)
        return gone

    def _learn(self, topic: str) -> None:
        asked = MetadataRequestTopic(topic_id=None, name=TopicName(topic))
        request = MetadataRequest(
            topics=(asked,), allow_auto_topic_creation=False, include_topic_authorized_operations=False
        )
        answer = self._connection(self._seed()).ask(request)
        self._addresses.update({int(node.node_id): (node.host, int(node.port)) for node in answer.brokers})
        for found in answer.topics:
            for part in found.partitions:
                if not part.error_code and int(part.leader_id) >= 0:
                    self._leaders[topic, int(part.partition_index)] = int(part.leader_id)

    def _coordinator(self, group: str) -> Connection:
        if group not in self._coordinators:
            request = FindCoordinatorRequest(key_type=i8(0), coordinator_keys=(group,))
            found = self._connection(self._seed()).ask(request).coordinators[0]
            if found.error_code:
                raise HarnessError(f"no coordinator for group {group}: error {int(found.error_code)}")
            self._coordinators[group] = (found.host, int(found.port))
        return self._connection(self._coordinators[group])

    def _connection(self, address: Address) -> Connection:
        if address in self._connections and self._connections[address].idle_s > IDLE_S:
            self._connections.pop(address).close()
        if address not in self._connections:
            self._connections[address] = Connection(*address, timeout_s=PATIENCE_S)
        return self._connections[address]


def _goodbye(member: Member) -> Any:
    if member.epochs:
        return ConsumerGroupHeartbeatRequest(
            group_id=GroupId(member.group), member_id=member.member_id, member_epoch=i32(-1), topic_partitions=None
        )
    identity = MemberIdentity(member_id=member.member_id, group_instance_id=member.instance_id)
    return LeaveGroupRequest(group_id=GroupId(member.group), members=(identity,))


def partitions_of(topics: Mapping[str, int]) -> list[Partition]:
    """Every topic-partition of topics given with their partition counts."""
    return [(topic, number) for topic, count in topics.items() for number in range(count)]
