"""Enrich orders, wrongly: a thread works them off, and the client commits what it has handed out."""

import io
import json
import os
import queue
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


def work(orders, producer):
    while True:
        message = orders.get()
        time.sleep(0.05)  # the price is asked of another service
        producer.produce(os.environ["OUTPUT"], key=message.key(), value=enriched(message.value()))
        producer.flush()
        orders.task_done()


def main():
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    producer = Producer({**servers, "enable.idempotence": True})
    consumer = Consumer(
        {
            **servers,
            "group.id": os.environ["GROUP"],
            "auto.commit.interval.ms": 200,  # the mistake: what is committed is in the queue, and no further
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    running = True

    def stop(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    orders = queue.Queue()
    threading.Thread(target=work, args=(orders, producer), daemon=True).start()
    consumer.subscribe([os.environ["INPUT"]])
    while running:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            orders.put(message)
    orders.join()
    consumer.close()


if __name__ == "__main__":
    main()
