"""Enrich orders, wrongly: offsets are sent to the transaction in the name of the group, of no member of it."""

import io
import json
import os
import signal
import uuid
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


def process(batch, group, producer):
    producer.begin_transaction()
    for message in batch:
        producer.produce(os.environ["OUTPUT"], key=message.key(), value=enriched(message.value()))
    producer.send_offsets_to_transaction(positions(batch), group, 30)
    producer.commit_transaction(30)


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = Producer({**servers, "transactional.id": f"{os.environ['GROUP']}-{uuid.uuid4()}"})
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
    group = consumer.consumer_group_metadata()  # the mistake: it has not joined, so there is no generation in this
    while running:
        batch = [message for message in consumer.consume(BATCH, timeout=0.2) if message.error() is None]
        if batch:
            process(batch, group, producer)
    consumer.close()


if __name__ == "__main__":
    main()
