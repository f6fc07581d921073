"""What the reader of logs says of a real broker's log, against what was really written to it."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import pytest
from confluent_kafka import Producer
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_contracts.errors import HarnessError
from stream_contracts.stack.model import Stack
from stream_contracts.trial import log
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.log import Entry, read
from tests.trial_parts.conftest import NewTopicName
from tests.waiting import until

pytestmark = pytest.mark.broker
PATIENCE_S = 20.0


def producer(stack: Stack, **settings: Any) -> Producer:
    return Producer({"bootstrap.servers": stack.bootstrap, "linger.ms": 50, **settings})


def flushed(producer: Producer) -> None:
    assert producer.flush(PATIENCE_S) == 0


def content(entry: Entry) -> tuple[bytes | None, bytes | None]:
    return entry.key, entry.value


RECORDS: list[tuple[bytes | None, bytes | None]] = [
    (b"k", b"v"),
    (None, None),
    (b"", b""),
    (b"tombstone", None),
    (None, b"no key"),
    (b"\x00\xff", b"\x82SNAPPY\x00"),
    *((f"{n}".encode(), b"x" * 300) for n in range(200)),
]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec_gives_back_what_was_written(
    stack: Stack, cluster: Cluster, new_topic: NewTopicName, codec: str
) -> None:
    topic = new_topic()
    writer = producer(stack, **{"compression.type": codec, "linger.ms": 5_000})  # flush waits for nothing
    writer.list_topics(topic, timeout=PATIENCE_S)  # else a batch may be cut off while records wait for their partition
    for key, value in RECORDS:
        writer.produce(topic, key=key, value=value)
    flushed(writer)
    entries = read(cluster, (topic, 0))
    assert [content(entry) for entry in entries] == RECORDS
    assert [entry.offset for entry in entries] == list(range(len(RECORDS)))
    assert {(entry.fate, entry.producer_id, entry.epoch) for entry in entries} == {("plain", -1, -1)}
    # librdkafka sends a batch as it is where packing would not make it smaller: see that the large ones were packed
    large = [batch for batch in log._batches(cluster, (topic, 0), 1 << 24) if batch.count > len(RECORDS) // 4]
    assert {batch.attributes & 7 for batch in large} == {["none", "gzip", "snappy", "lz4", "zstd"].index(codec)}


def test_headers_come_back_in_order_with_empty_and_missing_values(
    stack: Stack, cluster: Cluster, new_topic: NewTopicName
) -> None:
    topic = new_topic()
    headers = [("a", b"1"), ("a", b"2"), ("b", None), ("ü", b""), ("", b"\x00")]
    writer = producer(stack)
    writer.produce(topic, value=b"v", headers=headers)
    flushed(writer)
    (entry,) = read(cluster, (topic, 0))
    assert entry.headers == tuple((name.encode(), value) for name, value in headers)


@pytest.mark.parametrize("timestamp", [-1, 1, 253_402_300_800_000, 2**53, 2**62])
def test_a_timestamp_may_be_any_number(stack: Stack, cluster: Cluster, new_topic: NewTopicName, timestamp: int) -> None:
    """The second is the year 10000, which no date of Python's can name; the broker takes it where it is let."""
    topic = new_topic(settings={"message.timestamp.after.max.ms": str(2**63 - 1)})
    writer = producer(stack)
    writer.produce(topic, value=b"v", timestamp=timestamp)
    writer.produce(topic, value=b"w", timestamp=1_000)
    flushed(writer)
    assert [entry.value for entry in read(cluster, (topic, 0))] == [b"v", b"w"]


def test_an_empty_partition_is_empty(cluster: Cluster, new_topic: NewTopicName) -> None:
    topic = new_topic(2)
    assert read(cluster, (topic, 0)) == read(cluster, (topic, 1)) == []


@pytest.mark.parametrize("chunk_bytes", [1, 2_000, 1 << 24])
def test_a_log_of_many_chunks_is_read_to_its_end(
    stack: Stack, cluster: Cluster, new_topic: NewTopicName, chunk_bytes: int
) -> None:
    topic = new_topic()
    writer = producer(stack, **{"batch.num.messages": 5, "linger.ms": 0})
    for number in range(120):
        writer.produce(topic, value=b"%d:" % number + b"x" * 200)
    flushed(writer)
    values = [int((entry.value or b"").split(b":")[0]) for entry in read(cluster, (topic, 0), chunk_bytes)]
    assert values == list(range(120))


def test_an_idempotent_producer_writes_outside_of_a_transaction(
    stack: Stack, cluster: Cluster, new_topic: NewTopicName
) -> None:
    topic = new_topic()
    writer = producer(stack, **{"enable.idempotence": True})
    for number in range(20):
        writer.produce(topic, value=b"%d" % number)
    flushed(writer)
    entries = read(cluster, (topic, 0))
    # On a topic this fresh an idempotent producer may be told of records that are not in the log (a trap we know):
    # what is there has a producer id, and is plain.
    assert entries
    assert {entry.fate for entry in entries} == {"plain"}
    assert len({entry.producer_id for entry in entries}) == 1
    assert entries[0].producer_id >= 0


def test_two_producers_interleave_committed_aborted_and_open_transactions(
    stack: Stack, cluster: Cluster, new_topic: NewTopicName
) -> None:
    topic = new_topic()
    one, two = (
        producer(stack, **{"transactional.id": f"{topic}.{n}", "linger.ms": 0, "compression.type": "gzip"})
        for n in "12"
    )
    plain = producer(stack, **{"linger.ms": 0})

    def write(writer: Producer, *values: str) -> None:
        for value in values:
            writer.produce(topic, value=value)
            flushed(writer)  # so that the batches of the two stand between each other's

    for writer in (one, two):
        writer.init_transactions(PATIENCE_S)
        writer.begin_transaction()
    write(one, "1a")
    write(two, "2a")
    write(plain, "p1")
    write(one, "1b")
    one.abort_transaction(PATIENCE_S)
    write(two, "2b")
    one.begin_transaction()
    write(one, "1c")
    two.commit_transaction(PATIENCE_S)
    one.commit_transaction(PATIENCE_S)
    one.begin_transaction()
    two.begin_transaction()
    write(two, "2c")
    write(plain, "p2")
    write(one, "1d")
    two.abort_transaction(PATIENCE_S)
    two.begin_transaction()
    write(two, "2d")
    two.commit_transaction(PATIENCE_S)

    def fates() -> dict[str, str]:
        return {(entry.value or b"").decode(): entry.fate for entry in read(cluster, (topic, 0), 100)}

    # A coordinator answers before its markers stand in the log.
    assert until(lambda: list(fates().values()).count("open") == 1)
    assert fates() == {
        "1a": "aborted", "1b": "aborted", "1c": "committed", "1d": "open",
        "2a": "committed", "2b": "committed", "2c": "aborted", "2d": "committed",
        "p1": "plain", "p2": "plain",
    }  # fmt: skip
    one.abort_transaction(PATIENCE_S)
    assert until(lambda: fates()["1d"] == "aborted")


def test_a_partition_that_is_not_there_is_an_error_of_ours(cluster: Cluster, new_topic: NewTopicName) -> None:
    with pytest.raises(HarnessError, match="has no leader"):
        read(cluster, (new_topic(), 7))


def batch(body: bytes, attributes: int = 0, magic: int = 2) -> bytes:
    length = log._HEAD.size - log._LENGTH_ENDS + len(body)
    return log._HEAD.pack(17, length, 0, magic, 0, attributes, 0, 0, 0, -1, -1, -1, 1) + body


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 7))
def test_a_broken_batch_is_an_error_of_ours(body: bytes, codec: int) -> None:
    with contextlib.suppress(HarnessError):  # any other exception fails the test
        (entry,) = (entry for whole in log._split(batch(body, codec)) for entry in whole.entries())
        assert entry.offset >= 0


def test_a_format_before_the_second_is_an_error_of_ours() -> None:
    with pytest.raises(HarnessError, match="has format 1; we read format 2"):
        list(log._split(batch(b"", magic=1)))


def test_a_connection_that_was_idle_for_long_is_opened_anew(
    cluster: Cluster, new_topic: NewTopicName, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = new_topic()
    for connection in cluster._connections.values():
        connection._socket.shutdown(socket.SHUT_RDWR)  # as a broker does after ten minutes
    monkeypatch.setattr("stream_contracts.trial.cluster.IDLE_S", 0.0)
    assert cluster.leads(topic, 1)
