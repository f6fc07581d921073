"""Enrich orders: consume, transform, produce, with output and offsets in one Kafka transaction."""

import io
import json
import os
import signal
from pathlib import Path

import fastavro
from confluent_kafka import Consumer, KafkaException, Producer

BATCH = 4
ORDER = fastavro.parse_schema(json.loads(Path("order.avsc").read_text()))
ENRICHED = fastavro.parse_schema(json.loads(Path("enriched.avsc").read_text()))


def enriched(value):
    order = fastavro.schemaless_reader(io.BytesIO(value), ORDER)
    coupon = order.pop("coupon")
    out = io.BytesIO()
    fastavro.schemaless_writer(out, ENRICHED, {**order, "discounted": coupon is not None})
    return out.getvalue()


def rewind(consumer):
    """After an abort, read again from the last committed offsets: what was consumed since then never happened."""
    for partition in consumer.committed(consumer.assignment(), timeout=10):
        partition.offset = max(partition.offset, 0)
        consumer.seek(partition)


def process(batch, consumer, producer):
    producer.begin_transaction()
    try:
        for message in batch:
            producer.produce(os.environ["OUTPUT"], key=message.key(), value=enriched(message.value()))
        positions = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata())
        producer.commit_transaction()
    except KafkaException as problem:
        if not problem.args[0].txn_requires_abort():
            raise
        producer.abort_transaction()
        rewind(consumer)


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = Producer({**servers, "transactional.id": os.environ["TRANSACTIONAL_ID"]})
    consumer = Consumer(
        {
            **servers,
            "group.id": os.environ["GROUP"],
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    running = True

    def stop(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    producer.init_transactions(30)
    consumer.subscribe([os.environ["INPUT"]])
    while running:
        batch = [message for message in consumer.consume(BATCH, timeout=0.2) if message.error() is None]
        if batch:
            process(batch, consumer, producer)
    consumer.close()


if __name__ == "__main__":
    main()
