"""Enrich orders, wrongly: what is read ahead is kept in a buffer that drops its oldest when it is full."""

import collections
import io
import json
import os
import signal
import threading
import time
from pathlib import Path

import fastavro
from confluent_kafka import Consumer, Producer

ORDER = fastavro.parse_schema(json.loads(Path("order.avsc").read_text()))
ENRICHED = fastavro.parse_schema(json.loads(Path("enriched.avsc").read_text()))


def enriched(value):
    order = fastavro.schemaless_reader(io.BytesIO(value), ORDER)
    coupon = order.pop("coupon")
    out = io.BytesIO()
    fastavro.schemaless_writer(out, ENRICHED, {**order, "discounted": coupon is not None})
    return out.getvalue()


def read_ahead(consumer, buffer, stopping):
    while not stopping.is_set():
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            buffer.append(message)
    consumer.close()


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = Producer({**servers, "enable.idempotence": True})
    consumer = Consumer(
        {
            **servers,
            "group.id": os.environ["GROUP"],
            "auto.commit.interval.ms": 200,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    consumer.subscribe([os.environ["INPUT"]])
    buffer = collections.deque(maxlen=6)  # the mistake: a slow handler, and the oldest are dropped without a word
    threading.Thread(target=read_ahead, args=(consumer, buffer, stopping)).start()
    while not stopping.is_set():
        if not buffer:
            time.sleep(0.005)
            continue
        message = buffer.popleft()
        time.sleep(0.05)  # the price is asked of another service
        producer.produce(os.environ["OUTPUT"], key=message.key(), value=enriched(message.value()))
        producer.flush()


if __name__ == "__main__":
    main()
