"""When a run is at rest, asked of a real broker with real clients: each thing that may be unfinished is named."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.rest import unfinished
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.tap import Tap
from tests.trial_parts.conftest import NewTopicName

pytestmark = pytest.mark.broker
PATIENCE_S = 20.0


@pytest.fixture
def lane(stack: Stack) -> Iterator[Callable[[str], Lane]]:
    """Lanes to the broker, by name."""
    with Tap() as tap:
        brokers = [(broker.host, broker.port) for broker in stack.brokers]
        yield lambda name: tap.open_lane(name, brokers, lambda _: None, time.monotonic, threading.Event())


def polled(consumer: Consumer, holds: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            return False
        consumer.poll(0.05)
    return True


def test_what_is_unfinished_is_named_until_nothing_is(
    stack: Stack, cluster: Cluster, new_topic: NewTopicName, lane: Callable[[str], Lane]
) -> None:
    source, output = new_topic(2), new_topic()
    feeder = Producer({"bootstrap.servers": stack.bootstrap})
    for partition in (0, 1):
        feeder.produce(source, value=b"v", partition=partition)
    assert feeder.flush(PATIENCE_S) == 0
    fed = {(source, 0): 1, (source, 1): 1}
    one, two = lane("one"), lane("two")

    def said() -> str:
        return unfinished(cluster, [one, two], fed, [(output, 0)]) or "at rest"

    def comes_to_rest() -> bool:
        """A coordinator answers before its markers stand in every log, so this takes a moment."""
        return polled(first, lambda: said() == "at rest")

    assert said() == "no instance has joined a group or committed an offset yet"

    def consumer(at: Lane) -> Consumer:
        settings = {"bootstrap.servers": at.bootstrap, "group.id": f"{source}.group", "enable.auto.commit": False}
        made = Consumer({**settings, "auto.offset.reset": "earliest"})
        made.subscribe([source])
        return made

    first = consumer(one)
    assert polled(first, lambda: len(first.assignment()) == 2)
    assert said() == f"2 of 2 input partitions are not consumed to their end ({source}-0@1)"
    first.commit(offsets=[TopicPartition(source, 1, 1)], asynchronous=False)
    assert said() == f"1 of 2 input partitions are not consumed to their end ({source}-0@1)"

    writer = Producer({"bootstrap.servers": one.bootstrap, "transactional.id": f"{source}.id"})
    writer.init_transactions(PATIENCE_S)
    writer.begin_transaction()
    metadata = first.consumer_group_metadata()
    writer.send_offsets_to_transaction([TopicPartition(source, 0, 1)], metadata, PATIENCE_S)
    assert said() == f"an offset of group {source}.group is pending in a transaction"
    writer.commit_transaction(PATIENCE_S)
    assert comes_to_rest()

    writer.begin_transaction()
    writer.produce(output, value=b"v")
    assert writer.flush(PATIENCE_S) == 0
    assert said() == f"a transaction is open on {output}-0: readers are blind behind offset 0"
    writer.abort_transaction(PATIENCE_S)
    assert comes_to_rest()

    second = consumer(two)
    assert polled(second, lambda: two.in_flight)  # it asks to join, and the first one does not know yet
    assert said() == "two waits for the answer to a request"
    done = threading.Thread(target=lambda: polled(second, second.assignment))
    done.start()
    assert polled(first, lambda: len(first.assignment()) == 1)
    done.join(PATIENCE_S)
    assert comes_to_rest()
    for leaving in (first, second):
        leaving.close()


def test_a_group_counts_though_nobody_on_this_wire_is_its_member_any_more(
    cluster: Cluster, new_topic: NewTopicName, lane: Callable[[str], Lane]
) -> None:
    source, one = new_topic(), lane("one")
    settings = {"bootstrap.servers": one.bootstrap, "group.id": f"{source}.group", "enable.auto.commit": False}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(source, 0, 0)])
    consumer.commit(offsets=[TopicPartition(source, 0, 1)], asynchronous=False)
    consumer.close()
    assert not one.members
    assert unfinished(cluster, [one], {(source, 0): 2}, []) is not None
    assert unfinished(cluster, [one], {(source, 0): 1}, []) is None
