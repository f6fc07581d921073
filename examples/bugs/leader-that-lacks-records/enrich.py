"""Enrich orders, rightly, into a topic that may be led by who has not all of it: the mistake is in its settings."""

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
    failed = []
    for message in batch:
        producer.produce(
            os.environ["OUTPUT"],
            key=message.key(),
            value=enriched(message.value()),
            on_delivery=lambda error, _: failed.append(error) if error else None,
        )
    if producer.flush(60) or failed:
        raise SystemExit(f"enrich: not acknowledged: {failed}")
    consumer.commit(offsets=positions(batch), asynchronous=False)


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = Producer({**servers, "acks": "all", "enable.idempotence": True})
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
            process(batch, consumer, producer)
    consumer.close()


if __name__ == "__main__":
    main()
