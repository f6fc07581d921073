"""Enrich orders, wrongly: several requests are on their way at once, and the client may repeat any of them."""

import io
import json
import os
import signal
from pathlib import Path

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition

BATCH = 8
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
    for message in batch:
        producer.produce(os.environ["OUTPUT"], key=message.key(), value=enriched(message.value()))
        producer.poll(0)
    if producer.flush(30):
        raise SystemExit("enrich: not all was acknowledged")
    consumer.commit(offsets=positions(batch), asynchronous=False)


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = Producer({**servers, "linger.ms": 0, "batch.num.messages": 1})  # the mistake: no enable.idempotence
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
