"""Enrich orders, wrongly: where nothing is committed yet, it begins behind everything that is there."""

import io
import json
import os
import signal
from pathlib import Path

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition

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


def process(batch, consumer, producer):
    producer.begin_transaction()
    for message in batch:
        producer.produce(os.environ["OUTPUT"], key=message.key(), value=enriched(message.value()))
    producer.send_offsets_to_transaction(positions(batch), consumer.consumer_group_metadata(), 30)
    producer.commit_transaction(30)


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = Producer({**servers, "transactional.id": os.environ["TRANSACTIONAL_ID"]})
    consumer = Consumer(
        {
            **servers,
            "group.id": os.environ["GROUP"],
            "enable.auto.commit": False,
            "auto.offset.reset": "latest",  # the mistake: what came before the first look is skipped
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
