"""Real brokers: they come up, carry records and transactions, break and come back, and say why when they do not."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from stream_contracts.errors import StackError, UnsupportedError, UsageError
from stream_contracts.stack import BACKENDS, local_stack, open_stack
from stream_contracts.stack.blueprint import KAFKA_VERSION, Blueprint
from stream_contracts.stack.capabilities import Isolatable
from stream_contracts.stack.model import Stack
from stream_contracts.stack.ports import RANGE, reserved
from stream_contracts.stack.warden import RUN_TAG, tagged

pytestmark = pytest.mark.broker


def make_topic(stack: Stack, **settings: Any) -> str:
    topic = f"t-{uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.create_topics([NewTopic(topic, 1, **settings)])[topic].result(15)
    return topic


def send(stack: Stack, topic: str, *values: bytes, commit: bool | None = None) -> None:
    """Send with acks=all; in a transaction that is committed or aborted, where ``commit`` says so."""
    settings = {"bootstrap.servers": stack.bootstrap, "acks": "all", "delivery.timeout.ms": 20_000}
    producer = Producer(settings if commit is None else {**settings, "transactional.id": topic})
    if commit is not None:
        producer.init_transactions(15)
        producer.begin_transaction()
    errors: list[object] = []
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(20) == 0
    assert errors == [None] * len(values)
    if commit is not None:
        (producer.commit_transaction if commit else producer.abort_transaction)(15)


def read(stack: Stack, topic: str, count: int) -> list[bytes]:
    """Read what is committed, from the beginning, until ``count`` records came or nothing came for a while."""
    consumer = Consumer({"bootstrap.servers": stack.bootstrap, "group.id": f"g-{uuid4().hex[:8]}"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    values: list[bytes] = []
    try:
        while len(values) < count and (message := consumer.poll(10)) is not None:
            assert message.error() is None
            values.append(message.value())
        extra = consumer.poll(0.2)
        assert extra is None
    finally:
        consumer.close()
    return values


def test_records_and_transactions(broker: Stack) -> None:
    topic = make_topic(broker)
    send(broker, topic, b"plain")
    send(broker, topic, b"committed", commit=True)
    send(broker, topic, b"aborted", commit=False)
    send(broker, topic, b"last")
    assert read(broker, topic, 3) == [b"plain", b"committed", b"last"]


def test_the_stack_says_what_it_is(broker: Stack) -> None:
    text = broker.describe()
    assert f"Apache Kafka {KAFKA_VERSION}" in text
    assert broker.bootstrap in text
    assert "auto" in text, "which backend auto stands for, and why, is told"
    assert broker.brokers == ((1, "127.0.0.1", broker.brokers[0].port),)
    assert broker.brokers[0].port in RANGE
    assert set(broker.timings) == {"ready_s", "prewarm_s"}
    with pytest.raises(UsageError, match=r"no service 'broker-7'; it has broker-1"):
        broker.service("broker-7")
    with pytest.raises(UnsupportedError, match=r"broker-1 cannot be cut from its peers: under the local backend"):
        broker.service("broker-1", can=Isolatable)


def test_warming_up_leaves_no_group_behind(broker: Stack) -> None:
    listed = AdminClient({"bootstrap.servers": broker.bootstrap}).list_consumer_groups().result(10)
    assert "stream-contracts-warmup" not in [group.group_id for group in listed.valid]


def test_nothing_is_written_outside_of_the_runs_folder(broker: Stack) -> None:
    """The JVM's own files (hsperfdata, unpacked libraries) stay within as well."""
    service = broker.service("broker-1")
    written = []
    for link in Path(f"/proc/{service.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # a broker opens and closes all the time
            told = Path(f"/proc/{service.pid}/fdinfo/{link.name}").read_text().split("flags:")[1].split()[0]
            path = str(link.readlink())
            if int(told, 8) & os.O_ACCMODE != os.O_RDONLY and Path(path).is_file():
                written.append(path)
    assert written
    assert [path for path in written if not path.startswith(str(broker.run_dir))] == []
    assert not Path(f"/tmp/hsperfdata_root/{service.pid}").exists()


def test_a_single_broker_is_killed_and_comes_back_with_its_records(tmp_path: Path) -> None:
    with open_stack("local", Blueprint(), run_dir=tmp_path, progress=print) as stack:
        topic = make_topic(stack)
        send(stack, topic, b"before", commit=True)
        stack.service("broker-1").kill()
        stack.service("broker-1").start()
        stack.await_ready()
        send(stack, topic, b"after", commit=True)
        assert read(stack, topic, 2) == [b"before", b"after"]


def test_three_brokers_carry_on_while_one_is_killed_and_one_was_paused(tmp_path: Path) -> None:
    with open_stack("local", Blueprint(brokers=3), run_dir=tmp_path, progress=print) as stack:
        assert [node for node, _, _ in stack.brokers] == [1, 2, 3]
        topic = make_topic(stack, replication_factor=3, config={"min.insync.replicas": "2"})
        send(stack, topic, b"whole", commit=True)
        stack.service("broker-2").kill()
        send(stack, topic, b"without 2")
        stack.service("broker-2").start()
        stack.await_ready()
        stack.service("broker-3").pause()
        stack.service("broker-3").resume()
        stack.await_ready()
        send(stack, topic, b"whole again", commit=True)
        assert read(stack, topic, 3) == [b"whole", b"without 2", b"whole again"]
        run_id = stack.run_id
    assert tagged(RUN_TAG, run_id) == []
    assert list(tmp_path.iterdir()) == []


def test_two_stacks_at_once_do_not_meet(tmp_path: Path) -> None:
    stacks: dict[int, Stack] = {}
    both, end = threading.Barrier(3, timeout=60), threading.Event()

    def run(number: int) -> None:
        with open_stack("local", Blueprint(), run_dir=tmp_path, progress=print) as stack:
            stacks[number] = stack
            both.wait()
            end.wait(60)

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    both.wait()
    try:
        first, second = stacks[1], stacks[2]
        assert {first.bootstrap, first.run_id, first.run_dir}.isdisjoint(
            {second.bootstrap, second.run_id, second.run_dir}
        )
        topic = make_topic(first)
        send(first, topic, b"here")
        listed = AdminClient({"bootstrap.servers": second.bootstrap}).list_topics(timeout=10)
        assert topic not in listed.topics
    finally:
        end.set()
        for thread in threads:
            thread.join(30)


def test_a_broker_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    blueprint = Blueprint(config={"log.retention.ms": "soon"})
    with (
        pytest.raises(StackError) as error,
        open_stack("local", blueprint, run_dir=tmp_path, progress=print),
    ):
        pytest.fail("it came up with a setting that Kafka refuses")
    text = str(error.value)
    assert "broker-1 ended with status 1 before the broker answers Metadata" in text
    assert "log.retention.ms" in text.partition("end of its log:")[2], "the log tail is in the message"
    assert re.search(r"at: 127\.0\.0\.1:2\d{4}|at: 127\.0\.0\.1:3[01]\d{3}", text)
    assert "kafka.Kafka" in text
    assert "what to do:" in text
    assert list(tmp_path.iterdir()) == [], "and nothing is left of it"


def test_a_port_that_was_taken_in_the_meantime_is_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's program binds one of the ports between our look and the broker's start."""
    lines: list[str] = []
    with reserved(3) as ports, socket.create_server(("127.0.0.1", ports[0])):
        offers = iter([ports])

        @contextmanager
        def stale(count: int, *, host: str) -> Iterator[tuple[int, ...]]:
            offer = next(offers, None)
            if offer is not None:
                yield offer
                return
            with reserved(count, host=host) as fresh:
                yield fresh

        monkeypatch.setattr(local_stack, "reserved", stale)
        with open_stack("local", Blueprint(), run_dir=tmp_path, progress=lines.append) as stack:
            assert stack.brokers[0].port not in ports
            send(stack, make_topic(stack), b"works")
    assert any("a port was taken" in line for line in lines)


def test_an_unknown_backend_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown stack backend 'dokcer'; known are auto, .*local"):
        open_stack("dokcer", Blueprint())
    assert {"local", "external"} <= set(BACKENDS)
