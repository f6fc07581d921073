"""Enrich orders, wrongly: every instance has the same transactional id, and who is fenced goes on with a new producer."""

import io
import json
import os
import signal
from pathlib import Path

import fastavro
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

BATCH = 4
ORDER = fastavro.parse_schema(json.loads(Path("order.avsc").read_text()))
ENRICHED = fastavro.parse_schema(json.loads(Path("enriched.avsc").read_text()))


def enriched(value):
    order = fastavro.schemaless_reader(io.BytesIO(value), ORDER)
    coupon = order.pop("coupon")
    out = io.BytesIO()
    fastavro.schemaless_writer(out, ENRICHED, {**order, "discounted": coupon is not None})
    return out.getvalue()


def positions(batch):
    after = {(each.topic(), each.partition()): each.offset() + 1 for each in batch}
    return [TopicPartition(*place, offset) for place, offset in after.items()]


def new_producer():
    servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    # The first mistake: this name is that of the application, so each instance ends the transactions of the others.
    producer = Producer({"bootstrap.servers": servers, "transactional.id": os.environ["TRANSACTIONAL_ID"]})
    producer.init_transactions(30)
    return producer


def process(batch, consumer, producer):
    try:
        producer.begin_transaction()
        for message in batch:
            producer.produce(os.environ["OUTPUT"], key=message.key(), value=enriched(message.value()))
        producer.send_offsets_to_transaction(positions(batch), consumer.consumer_group_metadata(), 30)
        producer.commit_transaction(30)
    except KafkaException:
        return new_producer()  # the second: what was in the aborted transaction is not read again
    return producer


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = new_producer()
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
    consumer.subscribe([os.environ["INPUT"]])
    while running:
        batch = [message for message in consumer.consume(BATCH, timeout=0.2) if message.error() is None]
        if batch:
            producer = process(batch, consumer, producer)
    consumer.close()


if __name__ == "__main__":
    main()
