"""A cluster to ask, and topics to write to, on the session's broker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster

NewTopicName = Callable[..., str]


@pytest.fixture(scope="session")
def cluster(stack: Stack) -> Iterator[Cluster]:
    """The harness's own view of the broker."""
    cluster = Cluster([(broker.host, broker.port) for broker in stack.brokers])
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def new_topic(stack: Stack, cluster: Cluster) -> NewTopicName:
    """Make a topic that answers on every partition; its name is nobody else's."""
    admin, numbers = AdminClient({"bootstrap.servers": stack.bootstrap}), itertools.count(1)

    def made(partitions: int = 1, settings: dict[str, str] | None = None, name: str = "") -> str:
        name = name or f"{stack.run_id}.part.{next(numbers)}"
        admin.create_topics([NewTopic(name, partitions, 1, config=settings or {})])[name].result(20)
        for _ in range(500):
            if cluster.leads(name, partitions):
                return name
            admin.poll(0.02)
        raise AssertionError(f"{name} does not answer")

    return made
