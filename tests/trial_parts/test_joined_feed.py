"""How what is joined is fed: one key, one number of a partition, and rows that are older than what meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Consumer, TopicPartition

from stream_contracts.contract.load import load
from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.feed import Feeder
from stream_contracts.trial.names import Names
from stream_contracts.workload.events import Event, draw

PRICING = Path(__file__).parents[2] / "contracts/pricing"
VISITS = Path(__file__).parents[2] / "contracts/visits"

pytestmark = pytest.mark.broker


def fed(stack: Stack, cluster: Cluster, folder: Path, name: str, epoch_s: float = 0.0):
    """Feed a contract, and read what its input topics then hold: (topic, partition, key, time in ms) each."""
    contract, names = load(folder), Names(f"{stack.run_id}.{name}")
    pipeline = next(iter(contract.pipelines.values()))
    feeder = Feeder(stack.bootstrap, cluster, names.prefix, epoch_s)
    feeder.make_topics(contract, names, 1)
    events = draw(contract, next(iter(contract.pipelines)), seed=1)
    portions = list(feeder.feed(contract, pipeline, names, events, (), lambda: 0.0))
    consumer = Consumer({"bootstrap.servers": stack.bootstrap, "group.id": names.prefix})
    ends = {place: end for portion in portions for place, end in portion.ends.items()}
    found = []
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in ends])
        while len(found) < len(events):
            message = consumer.poll(20)
            assert message is not None
            assert message.error() is None
            kind, at = message.timestamp()
            assert kind == TIMESTAMP_CREATE_TIME
            found.append((message.topic().rpartition(".")[2], message.partition(), message.key(), at))
    finally:
        consumer.close()
    return events, found


def test_both_sides_of_a_join_have_their_keys_at_the_same_places_and_the_table_is_older(stack, cluster):
    _, found = fed(stack, cluster, PRICING, "joined")
    places = {(topic, key): partition for topic, partition, key, _ in found}
    both = {key for topic, key in places if topic == "prices"} & {key for topic, key in places if topic == "sales"}
    assert len(both) > 1
    assert {places["sales", key] for key in both} == {0, 1}
    assert all(places["sales", key] == places["prices", key] for key in both)
    assert max(at for topic, _, _, at in found if topic == "prices") < min(
        at for topic, _, _, at in found if topic == "sales"
    )


def test_an_event_with_a_time_of_its_own_has_it_as_the_timestamp_of_its_record(stack, cluster):
    events, found = fed(stack, cluster, VISITS, "timed", epoch_s=86_400.0)
    told: list[Event] = list(events)
    assert sorted(at for *_, at in found) == sorted(round((86_400 + event.time_s) * 1000) for event in told)
