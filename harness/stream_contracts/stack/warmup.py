"""The first transaction and the first group of a cluster, made before anybody waits for them.

Both coordinators live on internal topics that Kafka makes and loads when they are first asked for: a client that came
first would be sent away and come again, after a second. One transaction that commits one group's offset needs both,
and no topic of ours; the group is deleted again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Any

from kio.schema.add_offsets_to_txn.v3.request import AddOffsetsToTxnRequest
from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.end_txn.v3.request import EndTxnRequest
from kio.schema.errors import ErrorCode
from kio.schema.find_coordinator.v4.request import FindCoordinatorRequest
from kio.schema.init_producer_id.v4.request import InitProducerIdRequest
from kio.schema.offset_fetch.v8.request import OffsetFetchRequest, OffsetFetchRequestGroup
from kio.schema.txn_offset_commit.v3.request import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
)
from kio.schema.types import GroupId, TopicName, TransactionalId
from kio.static.primitive import i8, i32, i32Timedelta, i64

from stream_contracts.errors import HarnessError
from stream_contracts.stack.client import Connection
from stream_contracts.stack.readiness import Question, await_answer
from stream_contracts.stack.service import Watched

NAME = "stream-contracts-warmup"
GROUP, TRANSACTION = i8(0), i8(1)
INTERNAL = TopicName("__consumer_offsets")
"""An offset can be committed for any topic that exists; this one does whenever a group has a coordinator."""

WARM_S = 30.0


def warm_up(brokers: Sequence[tuple[int, str, int]], services: Collection[Watched]) -> None:
    """Commit one transaction with one group's offset in it. StackError where that does not succeed in time."""
    where = ", ".join(f"{host}:{port}" for _, host, port in brokers)
    remedy = "read the log above: the internal topics need as many live brokers as their replication factor"
    await_answer(coordinators_loaded(brokers), tuple(services), timeout_s=WARM_S, where=where, remedy=remedy)


def coordinators_loaded(brokers: Sequence[tuple[int, str, int]]) -> Question:
    """A transaction that commits a group's offset goes through."""
    steps = _Steps({node: (host, port) for node, host, port in brokers})

    def ask() -> str:
        try:
            return steps.go_on()
        except HarnessError as error:
            steps.begin_again()
            return str(error)

    return Question("a transaction with a group's offset is committed", ask)


class _Steps:
    """The transaction, step by step; a step that the broker is not ready for is asked again, not the ones before it."""

    def __init__(self, addresses: dict[int, tuple[str, int]]) -> None:
        self._addresses = addresses
        self.begin_again()

    def begin_again(self) -> None:
        self._coordinators: dict[int, int] = {}
        self._producer: Any = None
        self._left: list[Callable[[], str]] = [
            self._find, self._init, self._add_group, self._commit_offset, self._end, self._settle, self._forget,
        ]  # fmt: skip

    def go_on(self) -> str:
        while self._left:
            missing = self._left[0]()
            if missing:
                return missing
            self._left.pop(0)
        return ""

    def _find(self) -> str:
        """Ask for both at once, so that Kafka makes both internal topics side by side."""
        node = next(iter(self._addresses))
        missing = ""
        for kind in (TRANSACTION, GROUP):
            if kind in self._coordinators:
                continue
            answer = self._ask(node, FindCoordinatorRequest(key_type=kind, coordinator_keys=(NAME,)))
            row = answer.coordinators[0]
            if row.error_code is ErrorCode.none:
                self._coordinators[kind] = int(row.node_id)
            else:
                missing = f"FindCoordinator: {row.error_code.name}"
        return missing

    def _init(self) -> str:
        timeout = i32Timedelta.parse(dt.timedelta(seconds=60))
        request = InitProducerIdRequest(transactional_id=TransactionalId(NAME), transaction_timeout=timeout)
        self._producer = self._ask(self._coordinators[TRANSACTION], request)
        return _missing("InitProducerId", self._producer.error_code)

    def _add_group(self) -> str:
        request = AddOffsetsToTxnRequest(
            transactional_id=TransactionalId(NAME),
            producer_id=self._producer.producer_id,
            producer_epoch=self._producer.producer_epoch,
            group_id=GroupId(NAME),
        )
        return _missing("AddOffsetsToTxn", self._ask(self._coordinators[TRANSACTION], request).error_code)

    def _commit_offset(self) -> str:
        partition = TxnOffsetCommitRequestPartition(
            partition_index=i32(0), committed_offset=i64(0), committed_metadata=None
        )
        request = TxnOffsetCommitRequest(
            transactional_id=TransactionalId(NAME),
            group_id=GroupId(NAME),
            producer_id=self._producer.producer_id,
            producer_epoch=self._producer.producer_epoch,
            topics=(TxnOffsetCommitRequestTopic(name=INTERNAL, partitions=(partition,)),),
        )
        answer = self._ask(self._coordinators[GROUP], request)
        return _missing("TxnOffsetCommit", answer.topics[0].partitions[0].error_code)

    def _end(self) -> str:
        request = EndTxnRequest(
            transactional_id=TransactionalId(NAME),
            producer_id=self._producer.producer_id,
            producer_epoch=self._producer.producer_epoch,
            committed=True,
        )
        return _missing("EndTxn", self._ask(self._coordinators[TRANSACTION], request).error_code)

    def _settle(self) -> str:
        """EndTxn is answered before its marker is written; the offset is stable once it is."""
        group = OffsetFetchRequestGroup(group_id=GroupId(NAME), topics=None)
        answer = self._ask(self._coordinators[GROUP], OffsetFetchRequest(groups=(group,), require_stable=True))
        rows = [row for topic in answer.groups[0].topics for row in topic.partitions]
        codes = {answer.groups[0].error_code, *(row.error_code for row in rows)} - {ErrorCode.none}
        return "" if rows and not codes else f"OffsetFetch: {[code.name for code in codes]} for {len(rows)} offsets"

    def _forget(self) -> str:
        answer = self._ask(self._coordinators[GROUP], DeleteGroupsRequest(groups_names=(GroupId(NAME),)))
        return _missing("DeleteGroups", answer.results[0].error_code)

    def _ask(self, node: int, request: Any) -> Any:
        host, port = self._addresses[node]
        with Connection(host, port, client_id=NAME, timeout_s=5) as connection:
            return connection.ask(request)


def _missing(step: str, code: ErrorCode) -> str:
    return "" if code is ErrorCode.none else f"{step}: {code.name}"
