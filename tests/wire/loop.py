"""A transactional consume-transform-produce loop, to be watched from outside: ends by itself after COUNT records."""

from __future__ import annotations

import os
import sys

from confluent_kafka import Consumer, Producer, TopicPartition

BATCH, TIMEOUT_S = 4, 20.0


def main() -> None:
    servers, count = os.environ["KAFKA_BOOTSTRAP_SERVERS"], int(os.environ["COUNT"])
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": os.environ["GROUP"],
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer({"bootstrap.servers": servers, "transactional.id": os.environ["TRANSACTIONAL_ID"]})
    producer.init_transactions(TIMEOUT_S)
    consumer.subscribe([os.environ["INPUT"]])
    done = 0
    while done < count:
        messages = consumer.consume(BATCH, TIMEOUT_S)
        if not messages:
            sys.exit("nothing came")
        producer.begin_transaction()
        for message in messages:
            producer.produce(os.environ["OUTPUT"], key=message.key(), value=b"loop:" + (message.value() or b""))
        last = messages[-1]
        position = TopicPartition(last.topic(), last.partition(), (last.offset() or 0) + 1)
        producer.send_offsets_to_transaction([position], consumer.consumer_group_metadata(), TIMEOUT_S)
        producer.commit_transaction(TIMEOUT_S)
        done += len(messages)
        print(done, flush=True)  # noqa: T201 - how the test sees it
    sys.stdin.read()  # stay a member until whoever started us ends us, or closes our input
    consumer.close()


main()
