"""The health gate: it sees an open transaction, what is hidden behind one, and a replica that is behind; and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from stream_contracts.errors import StackError
from stream_contracts.stack.health import await_healthy, unhealthy
from stream_contracts.stack.model import Broker, Stack
from stream_contracts.stack.ports import reserved
from tests.waiting import until

pytestmark = pytest.mark.broker


@contextmanager
def transaction(stack: Stack, topic: str, name: str, *values: str) -> Iterator[None]:
    """A transaction that stays open for the block, and is aborted then."""
    producer = Producer({**stack.client_config, "transactional.id": name})
    producer.init_transactions(20)
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(20) == 0
    try:
        yield
    finally:
        producer.abort_transaction(20)


@pytest.fixture
def topic(broker: Stack) -> str:
    name = f"t-{uuid4().hex[:8]}"
    admin = AdminClient(dict(broker.client_config))
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(15)
    assert until(lambda: unhealthy(broker.brokers) is None)
    return name


def test_it_names_the_partition_the_offsets_and_whose_transaction_hides_them(broker: Stack, topic: str) -> None:
    with transaction(broker, topic, f"{topic}-writer", "one", "two"):
        said = unhealthy(broker.brokers)
        assert said is not None
        assert said.startswith(f"{topic}-0 hides offsets 0 to 1 from readers of committed records: producer ")
        assert f"has transaction '{topic}-writer' (Ongoing) from offset 0" in said
        with pytest.raises(StackError) as error:
            await_healthy(broker, 0.3)
        assert f"the last answer was: {topic}-0 hides offsets 0 to 1" in str(error.value)
        assert "end it, or take a fresh cluster" in str(error.value)
    await_healthy(broker, 20)


def test_what_does_not_begin_with_the_prefix_is_left_aside(broker: Stack, topic: str) -> None:
    with transaction(broker, topic, f"{topic}-writer", "one"):
        assert unhealthy(broker.brokers, prefix="ours-") is None
        assert unhealthy(broker.brokers, prefix=topic) is not None
    await_healthy(broker, 20)


def test_it_can_be_asked_between_trials(broker: Stack, topic: str, record_property: object) -> None:
    """With a hundred partitions the processor time of one question is a few milliseconds; the least of ten is taken."""
    names = [f"{topic}-{number}" for number in range(50)]
    admin = AdminClient(dict(broker.client_config))
    for made in admin.create_topics([NewTopic(name, 2, 1) for name in names]).values():
        made.result(30)
    await_healthy(broker, 20)
    took = []
    for _ in range(10):
        begin = time.process_time()
        assert unhealthy(broker.brokers) is None
        took.append((time.process_time() - begin) * 1000)
    record_property("ask_ms", round(min(took), 1))  # type: ignore[operator]
    assert min(took) < 50
    for gone in admin.delete_topics(names).values():
        gone.result(30)


def test_a_broker_that_does_not_answer_is_not_healthy(broker: Stack) -> None:
    with reserved(1) as (port,):
        gone = Broker(2, "127.0.0.1", port)
        said = unhealthy([*broker.brokers, gone])
        assert said is not None
        assert f"no connection to the broker at 127.0.0.1:{port}" in said
        assert unhealthy([*broker.brokers, gone], away={2}) is None
        assert unhealthy([gone], away={2}) is None, "of nobody nothing is known that were wrong"
        missed = unhealthy([*broker.brokers, Broker(2, *broker.brokers[0][1:])])
        assert missed == "broker 1 does not see broker 2"
