"""What the wire tells of offsets: by the names of topics, with the fate of their transaction, and since when output went."""

from __future__ import annotations

import uuid
from types import SimpleNamespace as Told
from typing import Any

import pytest

from stream_contracts.history.model import Commit
from stream_contracts.wire.kafka import API_KEYS
from stream_contracts.wire.membership import moved
from stream_contracts.wire.offsets import Offsets
from stream_contracts.wire.transactions import Transactions

KNOWN, UNKNOWN = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def rows() -> list[Commit]:
    return []


@pytest.fixture
def offsets(rows: list[Commit]) -> Offsets:
    found = Offsets(rows.append)
    found.named(Told(topics=(Told(topic_id=KNOWN, name="in"), Told(topic_id=uuid.uuid4(), name=None))))
    found.named(Told(topics=(Told(name="old"),)))
    return found


def asked(topic_id: uuid.UUID = KNOWN, transactional_id: str | None = None, error: int = 0) -> tuple[Any, Any]:
    request = Told(
        group_id="g",
        topics=(Told(topic_id=topic_id, partitions=(Told(partition_index=1, committed_offset=7),)),),
    )
    if transactional_id:
        request.transactional_id = transactional_id
    return request, Told(topics=(Told(topic_id=topic_id, partitions=(Told(partition_index=1, error_code=error),)),))


def end(committed: bool) -> Any:
    return Told(transactional_id="t", committed=committed)


def test_a_topic_that_was_committed_by_its_id_has_its_name(offsets: Offsets, rows: list[Commit]) -> None:
    offsets.committed("OffsetCommit", *asked(), 1.0)
    offsets.committed("OffsetCommit", *asked(UNKNOWN), 2.0)
    offsets.committed("OffsetCommit", *asked(error=1), 3.0)
    assert [(row.topic, row.partition, row.offset, row.fate) for row in rows] == [
        ("in", 1, 7, None),
        (str(UNKNOWN), 1, 7, None),
    ]


@pytest.mark.parametrize(("committed", "fate"), [(True, "committed"), (False, "aborted")])
def test_an_offset_has_the_fate_of_its_transaction(
    offsets: Offsets, rows: list[Commit], committed: bool, fate: str
) -> None:
    offsets.committed("TxnOffsetCommit", *asked(transactional_id="t"), 1.0)
    offsets.ending(end(committed))
    assert rows == []
    offsets.ended(end(committed))
    assert [(row.fate, row.at) for row in rows] == [(fate, 1.0)]
    offsets.close()
    assert len(rows) == 1


def test_who_begins_an_epoch_aborts_what_was_open(offsets: Offsets, rows: list[Commit]) -> None:
    offsets.committed("TxnOffsetCommit", *asked(transactional_id="t"), 1.0)
    offsets.began("another")
    assert rows == []
    offsets.began("t")
    assert [row.fate for row in rows] == ["aborted"]


def test_what_was_about_to_end_may_have_ended_either_way(offsets: Offsets, rows: list[Commit]) -> None:
    offsets.committed("TxnOffsetCommit", *asked(transactional_id="t"), 1.0)
    offsets.ending(end(True))
    offsets.began("t")
    assert [row.fate for row in rows] == [None]


def test_what_is_open_at_the_end_is_told_without_a_fate(offsets: Offsets, rows: list[Commit]) -> None:
    offsets.committed("TxnOffsetCommit", *asked(transactional_id="t"), 1.0)
    offsets.close()
    assert [row.fate for row in rows] == [None]


def test_an_output_is_on_its_way_since_its_produce_was_asked(offsets: Offsets) -> None:
    def answer(base: int, error: int = 0) -> Any:
        part = Told(index=0, error_code=error, base_offset=base)
        return Told(responses=(Told(topic_id=KNOWN, partition_responses=(part,)),))

    offsets.appended(answer(5), 1.0)
    offsets.appended(answer(5), 9.0)  # asked again, and told where it stands already
    offsets.appended(answer(-1), 2.0)
    offsets.appended(answer(8, error=6), 3.0)
    assert offsets.appends == {("in", 0): {5: 1.0}}


@pytest.mark.parametrize(
    ("api", "before", "after", "error", "is_round"),
    [
        ("ConsumerGroupHeartbeat", 0, 3, 0, True),
        ("ConsumerGroupHeartbeat", 3, 4, 0, True),
        ("ConsumerGroupHeartbeat", 4, 4, 0, False),
        ("ConsumerGroupHeartbeat", 3, 4, 110, False),
        ("ConsumerGroupHeartbeat", -1, -1, 0, False),
        ("ConsumerGroupHeartbeat", -2, 0, 0, False),
        ("Heartbeat", 3, 4, 0, False),
    ],
)
def test_a_heartbeat_that_brings_another_epoch_is_a_round(
    api: str, before: int, after: int, error: int, is_round: bool
) -> None:
    assert moved(api, Told(member_epoch=before), Told(member_epoch=after, error_code=error)) is is_round


class EndTxnRequest(Told):
    """Named as the codec's class is."""


class AddOffsetsToTxnRequest(Told):
    """Named as the codec's class is."""


def test_an_end_that_is_asked_again_ends_no_other_transaction() -> None:
    """Its answer was lost on the way: the client knows of one transaction, and so do we."""
    assert {"EndTxn", "AddOffsetsToTxn"} < API_KEYS.keys()
    counted = Transactions()
    first, last = AddOffsetsToTxnRequest(transactional_id="t"), EndTxnRequest(transactional_id="t")
    for number in (1, 2):
        assert [counted.number(first), counted.number(last)] == [number, number]
        counted.end(last, number)
        counted.unheard(last)
        assert counted.number(last) == number
        counted.end(last, number)
    assert counted.number(first) == 3


def test_an_end_whose_answer_was_heard_is_not_asked_again() -> None:
    counted, last = Transactions(), EndTxnRequest(transactional_id="t")
    assert counted.number(last) == 1
    counted.end(last, 1)
    counted.unheard(last)
    counted.unheard(last, heard=True)
    assert counted.number(last) == 2
