"""Which event an output is the effect of: told by its header, guessed by order where that is sound, or left open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.history.model import Expected, Record, Send
from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.evidence import asked_at, oracle, records
from stream_contracts.trial.feed import EVENT_HEADER
from stream_contracts.trial.names import Names
from tests.trial_parts.conftest import NewTopicName


def sent(event: int, key: str | None, topic: str = "in", outcome: str = "ok") -> Send:
    return Send(event, key, 0, topic, 0, event, outcome, 0.0)


def held(offset: int, key: str | None, digest: str, event: int | None = None, fate: str = "committed") -> Record:
    return Record("out", 0, offset, key, digest, event, 1, 0, fate)


def events(expected: list[Expected]) -> list[int | None]:
    return [row.event_id for row in expected]


def test_the_header_of_an_output_names_its_event() -> None:
    assert events(oracle([held(0, "b", "x", 7), held(1, "a", "y", 3)], [sent(3, "a"), sent(7, "a")])) == [7, 3]


def test_without_a_header_the_order_within_a_key_does() -> None:
    sends = [sent(0, "a"), sent(1, "b"), sent(2, "a"), sent(3, None), sent(4, "a", outcome="aborted")]
    found = [held(0, "a", "0"), held(1, None, "3"), held(2, "a", "2"), held(3, "b", "1")]
    assert events(oracle(found, sends)) == [0, 3, 2, 1]


def test_where_the_numbers_differ_nothing_is_guessed() -> None:
    assert events(oracle([held(0, "a", "0"), held(1, "a", "1")], [sent(0, "a")])) == [None, None]
    assert events(oracle([held(0, "a", "0")], [sent(0, "a"), sent(1, "a")])) == [None]
    assert events(oracle([held(0, "other", "0")], [sent(0, "a")])) == [None]


def test_where_a_key_came_from_two_topics_nothing_is_guessed() -> None:
    sends = [sent(0, "a", "left"), sent(1, "a", "right"), sent(2, "b", "left")]
    assert events(oracle([held(0, "a", "0"), held(1, "a", "1"), held(2, "b", "2")], sends)) == [None, None, 2]


def test_what_is_not_committed_is_not_expected_and_equal_outputs_are_counted() -> None:
    found = [
        held(0, "a", "x"),
        held(1, "a", "x", fate="aborted"),
        held(2, "a", "x", fate="plain"),
        held(3, "a", "y", fate="open"),
    ]
    expected = oracle(found, [])
    assert [(row.digest, row.nth) for row in expected] == [("x", 1), ("x", 2)]


CONTRACT = """\
contract: evidence
owner: tests
topics: {in: {}, out: {partitions: 2}}
pipelines:
  copy: {command: [cat], reads: [in], writes: [{topic: out}], promises: {delivery: exactly-once}}
"""


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    (tmp_path / "contract.yaml").write_text(CONTRACT, "utf-8")
    return load(tmp_path / "contract.yaml")


@pytest.mark.broker
def test_the_outputs_are_read_from_every_partition_under_their_declared_names(
    stack: Stack, cluster: Cluster, new_topic: NewTopicName, contract: Contract
) -> None:
    names = Names(f"{stack.run_id}.evidence")
    topic = new_topic(2, name=names.topic("out"))
    writer = Producer({"bootstrap.servers": stack.bootstrap, "linger.ms": 0})
    numbers: list[bytes | None] = [b"7", b"-1", b"", None, b"x", b"9" * 30, "\u0663".encode()]
    for offset, number in enumerate(numbers):
        writer.produce(topic, key=b"k%d" % offset, value=b"v", headers=[(EVENT_HEADER, number)], partition=0)
    writer.produce(topic, key=b"\xff\x00", value=None, partition=1)
    writer.produce(topic, key=None, value=b"", partition=1)
    assert writer.flush(20) == 0
    pipeline = contract.pipelines["copy"]
    found = records(cluster, contract, pipeline, names, {})
    assert [(row.topic, row.partition, row.offset, row.key) for row in found] == [
        *(("out", 0, offset, f"k{offset}") for offset in range(len(numbers))),
        ("out", 1, 0, "0xff00"),
        ("out", 1, 1, None),
    ]
    assert [row.event_id for row in found] == [7, *[None] * 8]
    assert len({row.digest for row in found}) == len(found)
    causes = {("out", found[-1].digest): 5, ("out", found[0].digest): 6}
    again = records(cluster, contract, pipeline, names, causes)
    assert again == [*found[:-1], replace(found[-1], event_id=5)]  # a header is believed before a content


def test_a_record_was_on_its_way_when_its_produce_was_asked() -> None:
    at = asked_at([{5: 1.0, 8: 3.0}, {20: 2.0, 30: 4.0}])
    assert [at(offset) for offset in (4, 5, 7, 30, 99)] == [None, 1.0, 1.0, 4.0, 4.0]
    # What was asked at 3.0 stands before what was asked at 2.0, so it was there by then.
    assert [at(offset) for offset in (8, 19, 20)] == [2.0, 2.0, 2.0]


def test_without_a_produce_on_the_wire_nobody_knows_the_time() -> None:
    assert asked_at([])(0) is None
