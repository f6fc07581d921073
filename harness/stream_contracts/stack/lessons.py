"""What a training run does, so that the AOT cache holds the classes that a trial will use."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

from stream_contracts.errors import StackError
from stream_contracts.stack.blueprint import POSTGRES_DATABASE
from stream_contracts.stack.connectors import create_connector, delete_connector
from stream_contracts.stack.model import Stack
from stream_contracts.stack.rest import ask

CLIENT_S = 15.0
TOPIC = "training"


def kafka(stack: Stack) -> None:
    """Do once what clients of a trial do: make a topic, produce in a transaction, consume, commit."""
    # Imported here: a start from a warm cache has no use for a client.
    from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

    settings: dict[str, Any] = dict(stack.client_config)
    admin = AdminClient(settings)
    admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].result(CLIENT_S)
    producer = Producer({**settings, "transactional.id": TOPIC, "compression.type": "none"})
    producer.init_transactions(CLIENT_S)
    consumer = Consumer({**settings, "group.id": TOPIC, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    try:
        for number in range(3):
            producer.begin_transaction()
            producer.produce(TOPIC, key=b"k", value=b"v%d" % number)
            producer.commit_transaction(CLIENT_S)
        consumer.subscribe([TOPIC])
        message = consumer.poll(CLIENT_S)
        if message is None or message.error():
            raise StackError(f"the training run could not read its own record: {message and message.error()}")
        producer.begin_transaction()
        position = [TopicPartition(TOPIC, 0, 1)]
        producer.send_offsets_to_transaction(position, consumer.consumer_group_metadata(), CLIENT_S)
        producer.abort_transaction(CLIENT_S)
        consumer.commit(message=message, asynchronous=False)
    except KafkaException as error:
        raise StackError(f"the training run failed: {error}") from error
    finally:
        consumer.close()


def connect(stack: Stack) -> None:
    """Follow PostgreSQL once: a connector that takes its snapshot of no table and streams, and is removed again."""
    where = urlsplit(stack.postgres_dsn)
    config = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        "database.hostname": where.hostname or "",
        "database.port": str(where.port),
        "database.user": POSTGRES_DATABASE,
        "database.password": POSTGRES_DATABASE,
        "database.dbname": POSTGRES_DATABASE,
        "topic.prefix": TOPIC,
        "slot.name": TOPIC,
        "publication.name": TOPIC,
        # A heartbeat is an event like others: it goes the whole way to the broker.
        "heartbeat.interval.ms": "100",
        "topic.creation.default.partitions": "1",
        "topic.creation.default.replication.factor": "1",
    }
    create_connector(stack.connect_url, TOPIC, config)
    _await_record(stack, f"__debezium-heartbeat.{TOPIC}")
    delete_connector(stack.connect_url, TOPIC)


def sink_config(stack: Stack) -> dict[str, str]:
    """What the sink connector of a training run is told: it makes its table, writes a row and deletes it."""
    where = urlsplit(stack.postgres_dsn)
    return {
        "name": TOPIC,
        "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
        "topics": TOPIC,
        "connection.url": f"jdbc:postgresql://{where.hostname}:{where.port}{where.path}",
        "connection.username": POSTGRES_DATABASE,
        "connection.password": POSTGRES_DATABASE,
        "insert.mode": "upsert",
        "primary.key.mode": "record_key",
        "delete.enabled": "true",
        "schema.evolution": "basic",
        "consumer.override.group.id": TOPIC,
        "transforms": "key,names",
        "transforms.key.type": "org.apache.kafka.connect.transforms.HoistField$Key",
        "transforms.key.field": "id",
        "transforms.names.type": "org.apache.kafka.connect.transforms.RegexRouter",
        "transforms.names.regex": TOPIC,
        "transforms.names.replacement": f"{TOPIC}_table",
    }


def sink_input(stack: Stack) -> None:
    """What the sink connector of a training run reads: a row and its end."""
    from confluent_kafka import KafkaException, Producer
    from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

    admin = AdminClient(dict(stack.client_config))
    try:
        admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].result(CLIENT_S)
    except KafkaException as error:
        raise StackError(f"the training run could not make its topic: {error}") from error
    field = {"field": "text", "type": "string", "optional": False}
    struct = {"type": "struct", "name": TOPIC, "optional": False, "fields": [field]}
    producer = Producer(dict(stack.client_config))
    producer.produce(TOPIC, key=b"k", value=json.dumps({"schema": struct, "payload": {"text": "v"}}).encode())
    producer.produce(TOPIC, key=b"k", value=None)
    producer.flush(CLIENT_S)


def sink(stack: Stack) -> None:
    """Wait until the connector has written what it was given, and committed its offsets."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({**stack.client_config, "group.id": TOPIC})
    deadline = time.monotonic() + 2 * CLIENT_S
    try:
        while time.monotonic() < deadline:
            if consumer.committed([TopicPartition(TOPIC, 0)], CLIENT_S)[0].offset == 2:
                return
            time.sleep(0.1)  # a group tells nobody
    finally:
        consumer.close()
    raise StackError(f"the sink connector of the training run wrote nothing within {2 * CLIENT_S:g} s")


def registry(stack: Stack) -> None:
    """Register a schema twice, look it up, and ask whether the second is compatible."""
    url = stack.schema_registry_url
    headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    schemas = ('"string"', '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "long", "default": 1}]}')
    for schema in schemas:
        ask("POST", f"{url}/subjects/{TOPIC}/versions", {"schema": schema}, headers=headers)
        ask("POST", f"{url}/subjects/{TOPIC}", {"schema": schema}, headers=headers)
        ask("POST", f"{url}/compatibility/subjects/{TOPIC}/versions/latest", {"schema": schema}, headers=headers)
    for path in (f"subjects/{TOPIC}/versions/latest", "subjects", "schemas/ids/1", "config"):
        ask("GET", f"{url}/{path}")


def _await_record(stack: Stack, topic: str) -> None:
    from confluent_kafka import Consumer

    consumer = Consumer({**stack.client_config, "group.id": f"{topic}-reader", "auto.offset.reset": "earliest",
                         "topic.metadata.refresh.interval.ms": 200})  # fmt: skip
    deadline = time.monotonic() + CLIENT_S
    try:
        consumer.subscribe([topic])
        while time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is not None and not message.error():
                return
    finally:
        consumer.close()
    raise StackError(f"the training run saw no record in {topic} within {CLIENT_S:g} s")
