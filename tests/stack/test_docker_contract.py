"""The same promises under both backends: a cluster carries records and transactions through what is done to its brokers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from stream_contracts.errors import UsageError
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.capabilities import Isolatable, Killable, Pausable, Restartable
from stream_contracts.stack.health import await_healthy, out_of_sync, unhealthy
from stream_contracts.stack.model import Stack
from tests.stack.docker_lane import docker_stack
from tests.waiting import until

pytestmark = pytest.mark.broker

CLIENT = {"socket.timeout.ms": 3000, "metadata.max.age.ms": 2000, "reconnect.backoff.max.ms": 500}
"""A client that notices a silent broker soon; with the defaults it waits for a minute."""

PATIENCE_S = 60


def opened(request: pytest.FixtureRequest, folder: Path, blueprint: Blueprint) -> AbstractContextManager[Stack]:
    """The blueprint by the backend that is the request's parameter."""
    if request.param == "docker":
        return docker_stack(request.getfixturevalue("engine"), blueprint, folder)
    return open_stack(request.param, blueprint, run_dir=folder, progress=print)


@pytest.fixture(scope="module", params=["local", "docker"])
def three(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Three brokers, by each backend."""
    with opened(request, tmp_path_factory.mktemp("run"), Blueprint(brokers=3, partable=True)) as stack:
        yield stack


@pytest.fixture(params=["local", "docker"])
def beside_a_controller(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    """One broker that is no controller, and one that is."""
    with opened(request, tmp_path, Blueprint(controllers=1)) as stack:
        yield stack


def bootstrap(stack: Stack, without: int = 0) -> str:
    """The addresses of the brokers but one: a client that asked the one that is cut off would believe it for long."""
    return ",".join(f"{host}:{port}" for node, host, port in stack.brokers if node != without)


def make_topic(stack: Stack) -> str:
    topic = f"t-{uuid4().hex[:8]}"
    settings = NewTopic(topic, 3, 3, config={"min.insync.replicas": "2"})
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.create_topics([settings])[topic].result(30)
    return topic


def whole(stack: Stack, without: int = 0) -> bool:
    """Whether every partition, the internal ones too, has all replicas in sync and a leader, or all but one of them."""
    return out_of_sync(stack.brokers, away={without} - {0}) is None


def send(stack: Stack, topic: str, *values: str, without: int = 0) -> None:
    """Send one record to each partition with acks=all, every value in a transaction of its own."""
    producer = Producer(
        {**CLIENT, "bootstrap.servers": bootstrap(stack, without), "transactional.id": uuid4().hex, "acks": "all"}
    )
    producer.init_transactions(PATIENCE_S)
    for value in values:
        producer.begin_transaction()
        errors: list[object] = []
        for partition in range(3):
            producer.produce(
                topic, value, partition=partition, on_delivery=lambda error, _, to=errors: to.append(error)
            )
        producer.commit_transaction(PATIENCE_S)
        assert errors == [None] * 3


def read(stack: Stack, topic: str) -> dict[int, list[str]]:
    """Everything that is committed, by partition."""
    settings = {**CLIENT, "bootstrap.servers": stack.bootstrap, "group.id": uuid4().hex, "enable.partition.eof": True}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(3)])
    found: dict[int, list[str]] = {0: [], 1: [], 2: []}
    ended: set[int] = set()
    deadline = time.monotonic() + 30
    try:
        while len(ended) < 3:
            assert time.monotonic() < deadline, f"the ends of {ended} were seen, and {found}"
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error() is None:
                found[message.partition()].append(message.value().decode())
            else:
                assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                ended.add(message.partition())
    finally:
        consumer.close()
    return found


@contextmanager
def killed(stack: Stack, name: str) -> Iterator[None]:
    stack.service(name, can=Killable).kill()
    assert not stack.service(name).alive
    yield
    stack.service(name, can=Restartable).start()


@contextmanager
def stopped(stack: Stack, name: str) -> Iterator[None]:
    stack.service(name, can=Restartable).stop(30)
    assert not stack.service(name).alive
    yield
    stack.service(name, can=Restartable).start()


@contextmanager
def paused(stack: Stack, name: str) -> Iterator[None]:
    stack.service(name, can=Pausable).pause()
    assert stack.service(name).alive
    yield
    stack.service(name, can=Pausable).resume()


@contextmanager
def isolated(stack: Stack, name: str) -> Iterator[None]:
    stack.service(name, can=Isolatable).isolate()
    # Cut off, it does not learn that it was replaced; a client that is sent to it meanwhile stays with it.
    assert until(lambda: whole(stack, without=int(name.rpartition("-")[2])), PATIENCE_S)
    yield
    stack.service(name, can=Isolatable).rejoin()


@pytest.mark.parametrize("disturbed", [killed, stopped, paused, isolated], ids=lambda how: how.__name__)
def test_a_cluster_carries_on_while_each_broker_in_turn_is(
    disturbed: Callable[[Stack, str], contextmanager[None]], three: Stack, record_property: Callable[..., None]
) -> None:
    topic = make_topic(three)
    assert until(lambda: whole(three), PATIENCE_S)
    sent = []
    for node, _, _ in three.brokers:
        send(three, topic, before := f"before {node}")
        begin = time.monotonic()
        with disturbed(three, f"broker-{node}"):
            send(three, topic, during := f"while {node} is away", without=node)
            record_property(f"carried_on_s_{node}", round(time.monotonic() - begin, 2))
        begin = time.monotonic()
        three.await_ready()
        assert until(lambda: whole(three), PATIENCE_S)
        record_property(f"whole_again_s_{node}", round(time.monotonic() - begin, 2))
        sent += [before, during]
    send(three, topic, "after")
    begin = time.monotonic()
    # A marker that was sent to a broker just before it went away is sent again after the brokers' request timeout.
    # Until then all that follows it is hidden from a reader of committed records, and not lost.
    record_property("hidden", unhealthy(three.brokers) or "")
    await_healthy(three)
    record_property("healthy_after_s", round(time.monotonic() - begin, 2))
    assert read(three, topic) == {partition: [*sent, "after"] for partition in range(3)}


def test_what_is_aborted_is_not_read(three: Stack) -> None:
    topic = make_topic(three)
    producer = Producer({"bootstrap.servers": three.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    for value, end in (("aborted", producer.abort_transaction), ("committed", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(topic, value, partition=0)
        producer.flush(20)
        end(30)
    assert read(three, topic)[0] == ["committed"]


def test_a_stack_says_what_it_is_and_what_it_has_not(three: Stack) -> None:
    assert three.describe().startswith(three.backend)
    assert three.bootstrap in three.describe()
    assert "asked for" in three.describe()
    assert set(three.services) == {"broker-1", "broker-2", "broker-3"}
    assert set(three.timings) == {"ready_s", "prewarm_s"}
    assert three.client_config["bootstrap.servers"] == three.bootstrap
    with pytest.raises(UsageError, match=r"no service 'broker-7'; it has broker-1, broker-2, broker-3"):
        three.service("broker-7")
    with pytest.raises(UsageError, match=r"this stack has 3 brokers"):
        _ = three.postgres_dsn


def test_the_log_of_a_broker_is_read_through_all_its_starts(three: Stack) -> None:
    assert "Kafka Server started" in three.service("broker-1").log_tail(4000)


def test_a_separate_controller_can_be_lost_without_the_broker(beside_a_controller: Stack) -> None:
    stack = beside_a_controller
    assert list(stack.services) == ["controller-1", "broker-1"]
    assert [broker.node_id for broker in stack.brokers] == [1]
    assert unhealthy(stack.brokers) is None
    admin = AdminClient(dict(stack.client_config))
    admin.create_topics([NewTopic("kept", 3, 1)])["kept"].result(30)
    send(
        stack, "kept", "with one"
    )  # a topic that was created is known to the controller first, and to the broker by and by
    stack.service("controller-1", can=Killable).kill()
    send(stack, "kept", "without")
    with pytest.raises(KafkaException):
        admin.create_topics([NewTopic("refused", 1, 1)], operation_timeout=1, request_timeout=2)["refused"].result(10)
    stack.service("controller-1", can=Restartable).start()
    stack.await_ready()
    await_healthy(stack)
    assert read(stack, "kept") == {partition: ["with one", "without"] for partition in range(3)}
