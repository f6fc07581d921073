"""Enrich orders, wrongly: a commit that was not answered in time counts as one that did not happen."""

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


def rewind(batch, consumer):
    first = {}
    for each in batch:
        first.setdefault((each.topic(), each.partition()), each.offset())
    for place, offset in first.items():
        consumer.seek(TopicPartition(*place, offset))


def new_producer():
    servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    producer = Producer({"bootstrap.servers": servers, "transactional.id": os.environ["TRANSACTIONAL_ID"]})
    producer.init_transactions(30)
    return producer


def process(batch, consumer, producer):
    producer.begin_transaction()
    for message in batch:
        producer.produce(os.environ["OUTPUT"], key=message.key(), value=enriched(message.value()))
    producer.send_offsets_to_transaction(positions(batch), consumer.consumer_group_metadata(), 30)
    try:
        producer.commit_transaction(1.3)
    except KafkaException:
        rewind(batch, consumer)  # the mistake: nobody knows yet whether it was committed
        return new_producer()
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
