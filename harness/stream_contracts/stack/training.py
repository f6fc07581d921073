"""Everything that is prepared ahead of a start: jars, formatted storage, and the AOT cache of one training run.

The AOT cache (JEP 483, 514, 515) holds classes as the training run loaded and linked them; a broker that starts from it
takes half the time. A JVM that finds the cache unfit runs without it, so a wrong one costs time, never correctness.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stream_contracts.errors import StackError
from stream_contracts.stack import storage
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.brokers import LocalStack, Prepared, running
from stream_contracts.stack.capabilities import Restartable
from stream_contracts.stack.derived import derived
from stream_contracts.stack.runtime import Runtime, runtime

CACHE = "kafka.aot"
WRITE_S = 120.0
"""How long the JVM may take to write the cache after it was asked to end; it takes 3 to 6 s."""
CLIENT_S = 15.0
TOPIC = "training"


def prepare(progress: Progress, *, thorough: bool = False) -> Prepared:
    """Return all that a local start needs, fetching and computing what is not there. StackError where that fails.

    Only the AOT cache is dispensable: where it cannot be made, ``progress`` is told why, and brokers start without it.
    """
    found = runtime(progress, thorough=thorough)
    formatted = storage.template(found, progress)
    try:
        trained = derived(found.home / "aot", found.key("aot"), _train(found, formatted, progress), progress)
    except StackError as error:
        progress(f"brokers will start without an AOT cache, more slowly: {error}")
        return Prepared(found, formatted)
    return Prepared(found, formatted, (f"-XX:AOTCache={trained / CACHE}",))


def _train(found: Runtime, formatted: Path, progress: Progress) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        progress("training the AOT cache (once per Kafka and Java version, takes about ten seconds)")
        output = folder / CACHE
        student = Prepared(found, formatted, (f"-XX:AOTCacheOutput={output}",))
        work = folder / "work"
        with running(student, Blueprint(), run_dir=work, progress=progress) as stack:
            exercise(stack)
            status = stack.service("broker-1", can=Restartable).stop(WRITE_S)
            if not output.is_file():
                raise StackError(
                    f"the training run ended with status {status} and wrote no cache; end of its log:\n"
                    f"{stack.service('broker-1').log_tail()}"
                )
        shutil.rmtree(work, ignore_errors=True)

    return build


def exercise(stack: LocalStack) -> None:
    """Do once what clients of a trial do: make a topic, produce in a transaction, consume, commit."""
    # Imported here: a start from a warm cache has no use for a client.
    from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

    settings: dict[str, Any] = {"bootstrap.servers": stack.bootstrap}
    admin = AdminClient(settings)
    admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].result(CLIENT_S)
    producer = Producer({**settings, "transactional.id": TOPIC, "compression.type": "none"})
    producer.init_transactions(CLIENT_S)
    consumer = Consumer({**settings, "group.id": TOPIC, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    try:
        for number in range(3):
            producer.begin_transaction()
            producer.produce(TOPIC, key=b"k", value=b"v%d" % number)
            producer.commit_transaction(CLIENT_S)
        consumer.subscribe([TOPIC])
        message = consumer.poll(CLIENT_S)
        if message is None or message.error():
            raise StackError(f"the training run could not read its own record: {message and message.error()}")
        producer.begin_transaction()
        position = [TopicPartition(TOPIC, 0, 1)]
        producer.send_offsets_to_transaction(position, consumer.consumer_group_metadata(), CLIENT_S)
        producer.abort_transaction(CLIENT_S)
        consumer.commit(message=message, asynchronous=False)
    except KafkaException as error:
        raise StackError(f"the training run failed: {error}") from error
    finally:
        consumer.close()
