"""Groups as their coordinator tells of them: of the classic kind, and of KIP-848."""

from __future__ import annotations

from time import monotonic

import pytest
from confluent_kafka import Consumer

from stream_contracts.contract.load import load
from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.feed import Feeder
from stream_contracts.trial.names import Names
from tests.trial.test_promises import ROOT


@pytest.mark.broker
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_is_shared_once_all_its_members_are_there(stack: Stack, protocol: str) -> None:
    cluster, group = Cluster((broker.host, broker.port) for broker in stack.brokers), f"shared-{protocol}"
    names, contract = Names(f"{stack.run_id}.{group}", bare=False), load(ROOT / "contracts/orders")
    Feeder(stack.bootstrap, cluster, group).make_topics(contract, names, 1)
    consumer = Consumer({"bootstrap.servers": stack.bootstrap, "group.id": group, "group.protocol": protocol})
    try:
        assert not cluster.is_shared(group, 1)
        consumer.subscribe([names.topic("orders")])
        until = monotonic() + 20
        while not cluster.is_shared(group, 1) and monotonic() < until:
            consumer.poll(0.1)
        assert cluster.is_shared(group, 1)
        assert not cluster.is_shared(group, 2)
    finally:
        consumer.close()
        cluster.close()
