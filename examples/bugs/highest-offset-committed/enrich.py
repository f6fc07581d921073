"""Enrich orders, wrongly: several are worked on at a time, and the highest that is done is committed."""

import io
import json
import os
import queue
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition

WORKERS = 4
ORDER = fastavro.parse_schema(json.loads(Path("order.avsc").read_text()))
ENRICHED = fastavro.parse_schema(json.loads(Path("enriched.avsc").read_text()))


def enriched(value):
    order = fastavro.schemaless_reader(io.BytesIO(value), ORDER)
    coupon = order.pop("coupon")
    out = io.BytesIO()
    fastavro.schemaless_writer(out, ENRICHED, {**order, "discounted": coupon is not None})
    return out.getvalue()


def handle(message, producer, done):
    time.sleep(0.02 + 0.1 * (message.offset() % 4 == 0))  # some orders take longer than others
    acknowledged = threading.Event()
    producer.produce(
        os.environ["OUTPUT"],
        key=message.key(),
        value=enriched(message.value()),
        on_delivery=lambda *_: acknowledged.set(),
    )
    while not acknowledged.is_set():
        producer.poll(0.01)
    done.put(message)


def commit(consumer, done, committed):
    while not done.empty():
        message = done.get()
        place = message.topic(), message.partition()
        if message.offset() + 1 > committed.get(place, 0):  # the mistake: an earlier one may not be done yet
            committed[place] = message.offset() + 1
            consumer.commit(offsets=[TopicPartition(*place, committed[place])], asynchronous=False)


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = Producer({**servers, "enable.idempotence": True, "linger.ms": 0})
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
    done, committed = queue.Queue(), {}
    consumer.subscribe([os.environ["INPUT"]])
    with ThreadPoolExecutor(WORKERS) as pool:
        while running:
            message = consumer.poll(0.01)
            if message is not None and message.error() is None:
                pool.submit(handle, message, producer, done)
            commit(consumer, done, committed)
    commit(consumer, done, committed)
    consumer.close()


if __name__ == "__main__":
    main()
