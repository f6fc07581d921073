"""Kafka Connect with Debezium, end to end: a row of a PostgreSQL table becomes a record of a topic."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from confluent_kafka import Consumer, TopicPartition

from stream_contracts.errors import StackError, UsageError
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.capabilities import Killable, Restartable
from stream_contracts.stack.connect import worker_properties
from stream_contracts.stack.connectors import await_running, create_connector, delete_connector
from stream_contracts.stack.model import Stack
from stream_contracts.stack.rest import ask
from tests.stack.test_postgres import rows

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    blueprint = Blueprint(registry="embedded", postgres=True, connect=True)
    with open_stack("local", blueprint, run_dir=tmp_path_factory.mktemp("run"), progress=print) as stack:
        yield stack


def debezium(stack: Stack, name: str, **more: str) -> dict[str, str]:
    where = urlsplit(stack.inside("postgres"))  # as Connect sees it
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        "database.hostname": where.hostname or "",
        "database.port": str(where.port),
        "database.user": where.username or "",
        "database.password": where.password or "",
        "database.dbname": where.path[1:],
        "table.include.list": f"public.{name}",
        "topic.prefix": name,
        "slot.name": name,
        "publication.name": name,
        "publication.autocreate.mode": "filtered",
        "poll.interval.ms": "5",
        "topic.creation.default.partitions": "1",
        "topic.creation.default.replication.factor": "1",
        **more,
    }


class Events:
    """The change events of one table, in the order of the topic."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.topic = f"{name}.public.{name}"
        self.consumer = Consumer({**stack.client_config, "group.id": f"{name}-reader", "isolation.level": "read_committed",
                                  "topic.metadata.refresh.interval.ms": 100, "allow.auto.create.topics": False})  # fmt: skip
        self.consumer.assign([TopicPartition(self.topic, 0, 0)])

    def close(self) -> None:
        self.consumer.close()

    def next(self, timeout_s: float = 30) -> tuple[str, dict[str, Any] | None]:
        """Operation and row of the next event; the topic may not be there yet."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            message = self.consumer.poll(0.1)
            if message is not None and message.error() is None and message.value() is not None:
                payload = json.loads(message.value())["payload"]
                return payload["op"], payload["after"]
        pytest.fail(f"no event in {self.topic} within {timeout_s} s")


def test_a_snapshot_and_streamed_changes_arrive(everything: Stack) -> None:
    rows(everything, "create table shop (id int primary key, name text)")
    rows(everything, "insert into shop values (1, 'before')")
    create_connector(everything.connect_url, "shop", debezium(everything, "shop"))
    with closing(Events(everything, "shop")) as events:
        assert events.next() == ("r", {"id": 1, "name": "before"})
        rows(everything, "insert into shop values (2, 'streamed')")
        assert events.next() == ("c", {"id": 2, "name": "streamed"})
        rows(everything, "update shop set name = 'changed' where id = 2")
        assert events.next() == ("u", {"id": 2, "name": "changed"})
    delete_connector(everything.connect_url, "shop")
    assert ask("GET", f"{everything.connect_url}/connectors") == (200, [])


def test_a_killed_worker_comes_back_and_a_killed_database_is_followed_on(everything: Stack) -> None:
    rows(everything, "create table orders (id int primary key)")
    name, url = "orders", everything.connect_url
    more = {"errors.max.retries": "-1", "retriable.restart.connector.wait.ms": "200"}
    create_connector(url, name, debezium(everything, name, **more))
    with closing(Events(everything, name)) as events:
        rows(everything, "insert into orders values (1)")
        assert events.next() == ("c", {"id": 1})
        everything.service("connect", can=Killable).kill()
        rows(everything, "insert into orders values (2)")
        everything.service("connect", can=Restartable).start()
        everything.await_ready()
        await_running(url, name)
        seen = []
        while {"id": 2} not in seen:
            seen.append(events.next()[1])
        assert set(map(str, seen)) <= {"{'id': 1}", "{'id': 2}"}, "at least once: the first may come again"
        everything.service("postgres", can=Killable).kill()
        everything.service("postgres", can=Restartable).start()
        everything.await_ready()
        rows(everything, "insert into orders values (3)")
        while {"id": 3} not in seen:
            seen.append(events.next()[1])
    delete_connector(url, name)


def test_a_task_that_fails_shows_its_trace(everything: Stack) -> None:
    """The slot is taken by nobody, but its plugin is not there: Connect accepts that, and the task cannot."""
    rows(everything, "create table broken (id int primary key)")
    config = debezium(everything, "broken") | {"publication.autocreate.mode": "disabled"}
    with pytest.raises(StackError, match=r"task 0 of connector broken failed") as error:
        create_connector(everything.connect_url, "broken", config)
    assert "publication" in str(error.value).lower()
    assert "\tat " in str(error.value), "the trace of the task is told"
    delete_connector(everything.connect_url, "broken")


def test_a_configuration_that_connect_refuses_is_told_in_its_words(everything: Stack) -> None:
    with pytest.raises(UsageError, match=r"refuses the connector.*connector.class|Failed to find any class"):
        create_connector(everything.connect_url, "none", {"connector.class": "no.such.Class"})
    with pytest.raises(UsageError, match=r"topic.prefix"):
        create_connector(everything.connect_url, "none", debezium(everything, "none") | {"topic.prefix": ""})


def test_removing_what_is_not_there_is_no_error(everything: Stack) -> None:
    delete_connector(everything.connect_url, "never-made")


def test_each_service_has_its_address_and_its_time(everything: Stack) -> None:
    assert set(everything.services) == {"broker-1", "registry", "postgres", "connect"}
    assert set(everything.timings) == {"ready_s", "registry_s", "postgres_s", "connect_s", "prewarm_s"}
    assert ask("GET", f"{everything.schema_registry_url}/subjects") == (200, [])
    for address in (everything.bootstrap, everything.schema_registry_url, everything.connect_url):
        assert address in everything.describe()


def test_what_connect_is_told() -> None:
    blueprint = Blueprint(brokers=2, connect=True, connect_config={"session.timeout.ms": "9000", "group.id": "x"})
    told = worker_properties(blueprint, "run", "127.0.0.1:1", 2)
    assert told["session.timeout.ms"] == "9000", "the user's settings win"
    assert told["group.id"] == "run.connect", "but not over who the worker is"
    assert told["config.storage.replication.factor"] == "2"


def test_a_worker_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    blueprint = Blueprint(connect=True, connect_config={"key.converter": "no.such.Converter"})
    with pytest.raises(StackError) as error, open_stack("local", blueprint, run_dir=tmp_path, progress=print):
        pytest.fail("it came up with a setting that Connect refuses")
    text = str(error.value)
    assert "connect ended with status" in text
    assert "no.such.Converter" in text.partition("end of its log:")[2]
    assert list(tmp_path.iterdir()) == [], "and the broker that was ready is gone as well"
