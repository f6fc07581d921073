"""When a run is at rest, asked of a real broker with real clients: each thing that may be unfinished is named."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stream_contracts.stack.model import Stack
from stream_contracts.trial import rest
from stream_contracts.trial.cluster import Cluster, Partition
from stream_contracts.trial.rest import Rest
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.moment import Moment
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
    signs = Rest(cluster, [one, two], [(output, 0)], time.monotonic, complete=lambda: True)

    def said() -> str:
        return signs.unfinished(fed) or "at rest"

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
    signs = Rest(cluster, [one], [], time.monotonic)
    said = signs.unfinished({(source, 0): 2})
    assert said is not None
    assert said.endswith(f"({source}-0@2)")
    assert signs.unfinished({(source, 0): 1}) in (None, "an effect may still come")


class Silent:
    """A wire on which nothing happens, but for what a test puts there; it is a lane as far as `Rest` looks."""

    def __init__(self) -> None:
        self.instance, self.groups = "one", set[str]()
        self.moments: list[Moment] = []
        self.connections, self.in_flight = 1, 0


class Offsets:
    """A cluster in which nobody has committed an offset, unless a test says how far."""

    def __init__(self) -> None:
        self.at: dict[Partition, int] = {}

    def committed(self, _group: str, _partitions: object) -> dict[Partition, int]:
        return self.at

    def ends(self, _partitions: object, _isolation: int = 0) -> dict[Partition, int]:
        return {}


class Looks:
    """What `Rest` says as time goes by, one look each tenth of a second."""

    def __init__(self) -> None:
        self.now_s, self.lane, self.sinks, self.complete = 0.0, Silent(), (0, False), cast("bool | None", None)
        self.offsets = Offsets()
        self.rest = Rest(
            cast(Cluster, self.offsets), [cast(Lane, self.lane)], [], lambda: self.now_s,
            sinks=lambda: self.sinks, complete=lambda: self.complete,
        )  # fmt: skip

    def rests_after(self, most_s: float) -> float | None:
        """How long it takes until it is at rest; None where it does not within ``most_s``."""
        began_s = self.now_s
        while self.now_s - began_s < most_s:
            if self.rest.unfinished({("in", 0): 1}) is None:
                return self.now_s - began_s
            self.now_s += 0.1
        return None


def test_a_pipeline_that_keeps_its_offsets_elsewhere_rests_when_its_effects_are_there() -> None:
    looks = Looks()
    looks.complete = True
    assert looks.rests_after(60) == pytest.approx(rest.QUIET_S, abs=0.2)


def test_a_recording_run_of_such_a_pipeline_waits_for_a_silence_that_outlasts_a_heartbeat() -> None:
    assert Looks().rests_after(60) == pytest.approx(rest.QUIET_UNKNOWN_S, abs=0.2)


def test_a_missing_effect_is_waited_for_longer() -> None:
    looks = Looks()
    looks.complete = False
    assert looks.rests_after(60) == pytest.approx(rest.QUIET_MISSING_S, abs=0.2)


def test_a_member_of_a_group_may_be_about_to_commit() -> None:
    looks = Looks()
    looks.lane.groups.add("g")
    assert looks.rests_after(60) == pytest.approx(rest.QUIET_GROUP_S, abs=0.2)
    looks = Looks()
    looks.lane.groups.add("g")
    looks.complete = False
    assert looks.rests_after(60) is None
    looks = Looks()
    looks.lane.groups.add("g")
    looks.complete = True
    assert looks.rests_after(60) == pytest.approx(rest.QUIET_S, abs=0.2)


def test_asking_whether_all_is_accounted_for_does_not_disturb_the_silence() -> None:
    looks = Looks()
    looks.sinks, looks.complete = (3, False), False
    assert not looks.rest.accounted({("in", 0): 1})
    assert looks.rests_after(rest.QUIET_S - 0.3) is None
    looks.complete = True
    assert looks.rest.accounted({("in", 0): 1})
    assert looks.rests_after(1) == pytest.approx(0.3, abs=0.2)


def test_every_write_and_every_moment_begins_the_silence_anew() -> None:
    looks = Looks()
    looks.complete = True
    assert looks.rests_after(rest.QUIET_S - 0.3) is None
    looks.sinks = (1, False)
    assert looks.rests_after(rest.QUIET_S - 0.3) is None
    looks.lane.moments.append(Moment("one", "consumer", "Fetch", 1, "after"))
    assert looks.rests_after(rest.QUIET_S - 0.3) is None
    assert looks.rests_after(1) is not None


def test_who_commits_offsets_is_waited_for_until_they_are_behind_every_event() -> None:
    looks = Looks()
    looks.lane.moments.append(Moment("one", "consumer", "OffsetCommit", 1, "after"))
    looks.complete = False
    assert looks.rests_after(60) is None


def test_a_recording_run_may_end_with_offsets_that_are_not_behind_every_event() -> None:
    """Who commits every ten events, or one too low, is never further than that."""
    looks = Looks()
    looks.lane.groups.add("g")
    looks.lane.moments.append(Moment("one", "consumer", "OffsetCommit", 1, "after"))
    assert looks.rests_after(60) == pytest.approx(rest.QUIET_GROUP_S, abs=0.2)


@pytest.mark.parametrize(
    ("complete", "quiet_s"), [(True, 0.0), (False, rest.QUIET_BEHIND_S), (None, rest.QUIET_BEHIND_S)]
)
def test_who_commits_before_the_work_is_done_is_waited_for(complete: bool | None, quiet_s: float) -> None:
    looks = Looks()
    looks.lane.groups.add("g")
    looks.offsets.at, looks.complete = {("in", 0): 1}, complete
    assert looks.rests_after(60) == pytest.approx(quiet_s, abs=0.15)


def test_nobody_rests_who_is_not_connected_waits_for_an_answer_or_has_a_transaction_open() -> None:
    looks = Looks()
    looks.complete = True
    looks.lane.connections = 0
    assert looks.rests_after(30) is None
    looks.lane.connections, looks.lane.in_flight = 1, 1
    assert looks.rests_after(30) is None
    looks.lane.in_flight, looks.sinks = 0, (1, True)
    assert looks.rests_after(30) is None
    looks.sinks = (1, False)
    assert looks.rests_after(30) == pytest.approx(rest.QUIET_S, abs=0.2)
