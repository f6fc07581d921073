"""A commit that was held in the wire and arrives in the next transaction commits that one: seen on a real broker.

Transaction version 1 (KIP-98), which librdkafka speaks, names a transaction by its producer id and epoch, and the epoch is
the same for all transactions of a producer. So nobody can tell a late EndTxn of the first from one of the second; KIP-890
ends this with an epoch per transaction. It is beyond what a client can do anything about.
"""

from __future__ import annotations

import threading
import time
from typing import Literal

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_contracts.history.model import Request, Row
from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.log import read
from stream_contracts.wire.tap import Tap
from tests.waiting import until

pytestmark = pytest.mark.broker

PATIENCE_S = 30.0


@pytest.mark.parametrize("fate", ["late", "drop"])
def test_a_late_commit_commits_the_next_transaction(stack: Stack, tap: Tap, fate: Literal["late", "drop"]) -> None:
    rows: list[Row] = []
    brokers = [(broker.host, broker.port) for broker in stack.brokers]
    lane = tap.open_lane("app", brokers, rows.append, time.monotonic, threading.Event())
    topic = f"{stack.run_id}.held.{fate}"
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(PATIENCE_S)
    cluster = Cluster(brokers)
    assert until(lambda: cluster.leads(topic, 1))
    producer = Producer({"bootstrap.servers": lane.bootstrap, "transactional.id": topic, "linger.ms": 0})
    producer.init_transactions(PATIENCE_S)

    hold = lane.arm_next("producer", "EndTxn", "before")
    producer.begin_transaction()
    producer.produce(topic, b"of transaction 1")
    producer.flush(PATIENCE_S)
    committing = threading.Thread(target=producer.commit_transaction, args=(PATIENCE_S,))
    committing.start()
    assert hold.hit.wait(PATIENCE_S)
    hold.detach()  # the client sees its connection end and asks again, on another
    committing.join(PATIENCE_S)
    assert not committing.is_alive()

    producer.begin_transaction()
    producer.produce(topic, b"of transaction 2")
    assert producer.flush(PATIENCE_S) == 0
    hold.settle(fate)
    late = fate == "late"
    assert until(lambda: sum(isinstance(row, Request) and row.api == "EndTxn" for row in rows) == 1 + late)
    if late:
        assert until(lambda: read(cluster, (topic, 0))[-1].fate != "open")  # its marker comes after the answer
        with pytest.raises(KafkaException, match="INVALID_TXN_STATE"):
            producer.abort_transaction(PATIENCE_S)
    else:
        producer.abort_transaction(PATIENCE_S)
        assert until(lambda: read(cluster, (topic, 0))[-1].fate != "open")

    assert [(entry.value, entry.fate) for entry in read(cluster, (topic, 0))] == [
        (b"of transaction 1", "committed"),
        (b"of transaction 2", "committed" if late else "aborted"),  # the application wanted it aborted
    ]
    assert lane.failure is None
    cluster.close()
