"""Groups as their coordinator tells of them: of the classic kind, and of KIP-848."""

from __future__ import annotations

from time import monotonic

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster
from tests.waiting import until


@pytest.mark.broker
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_is_shared_once_all_its_members_are_there(stack: Stack, protocol: str) -> None:
    cluster, group = Cluster((broker.host, broker.port) for broker in stack.brokers), f"shared-{protocol}"
    topic = f"{stack.run_id}.{group}"
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(20)
    assert until(lambda: cluster.leads(topic, 2))
    consumer = Consumer({"bootstrap.servers": stack.bootstrap, "group.id": group, "group.protocol": protocol})
    try:
        assert not cluster.is_shared(group, 1)
        consumer.subscribe([topic])
        bound = monotonic() + 20
        while not cluster.is_shared(group, 1) and monotonic() < bound:
            consumer.poll(0.1)
        assert cluster.is_shared(group, 1)
        assert not cluster.is_shared(group, 2)
    finally:
        consumer.close()
        cluster.close()
