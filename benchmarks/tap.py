"""What the tap costs: the same load through it and past it, in turn, as a ratio in one run.

The load is a process of its own, as a pipeline is: in ours it would fight with the tap for the interpreter.
"""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.figures import figure
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.wire.tap import Tap

RECORDS, SIZE, PAIRS = 100_000, 1_000, 7
PATIENCE_S = 150


def main() -> None:
    """Print MB/s each way and the median of the ratios, tapped to direct; then what the tap adds to one round trip."""
    with (
        open_stack("local", Blueprint(), progress=lambda _: None) as stack,
        Tap() as tap,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as load,
    ):
        brokers = [(broker.host, broker.port) for broker in stack.brokers]
        lane = tap.open_lane("load", brokers, lambda _: None, time.monotonic, threading.Event())
        ways = {"direct": stack.bootstrap, "tapped": lane.bootstrap}
        topics = {way: [_topic(stack.bootstrap) for _ in range(PAIRS)] for way in ways}
        for what, work in (("produce", _produce), ("consume", _consume)):
            rates: dict[str, list[float]] = {way: [] for way in ways}
            busy = 0.0
            for number in range(PAIRS):
                for way, bootstrap in _in_turn(ways, number):
                    began = time.process_time()
                    rates[way].append(load.submit(work, bootstrap, topics[way][number]).result(PATIENCE_S))
                    busy += time.process_time() - began if way == "tapped" else 0
            ratio = median(t / d for t, d in zip(rates["tapped"], rates["direct"], strict=True))
            cost = busy * 1000 / (PAIRS * RECORDS * SIZE / 1e6)
            print(f"{what}: median ratio of {PAIRS} pairs {ratio:.2f}; the tap's CPU: {cost:.2f} ms per MB")
            direct = median(rates["direct"])
            figure(f"tap, {what}", ratio * direct, "MB/s", ("past the tap", direct), 0.6, at_least=True, of_ratio=True)
        topic = _topic(stack.bootstrap)
        trips: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(PAIRS):
            for way, bootstrap in _in_turn(ways, number):
                trips[way] += load.submit(_round_trips, bootstrap, topic).result(PATIENCE_S)
        tails = {}
        for way, times in trips.items():
            found = sorted(times)
            tails[way] = found[-len(found) // 100]
            print(f"one acknowledged record, {way}: median {found[len(found) // 2]:.2f} ms, p99 {tails[way]:.2f} ms")
        added = tails["tapped"] - tails["direct"]
        figure("tap, added to one round trip (p99)", added, "ms", ("the round trip past it (p99)", tails["direct"]), 2)
        if lane.failure is not None:
            raise lane.failure


def _in_turn(ways: dict[str, str], number: int) -> list[tuple[str, str]]:
    """The ways, each of them first in every second round: what warms up or wears out is for both."""
    return list(ways.items())[:: -1 if number % 2 else 1]


def _topic(bootstrap: str) -> str:
    name = f"load-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(20)
    return name


def _produce(bootstrap: str, topic: str) -> float:
    producer = Producer({"bootstrap.servers": bootstrap, "queue.buffering.max.messages": RECORDS, "linger.ms": 5})
    value = bytes(SIZE)
    began = time.perf_counter()
    for _ in range(RECORDS):
        producer.produce(topic, value)
    producer.flush(120)
    return RECORDS * SIZE / 1e6 / (time.perf_counter() - began)


def _consume(bootstrap: str, topic: str) -> float:
    # With queues for all of it: a client that finds its queue full waits for up to a second, and we would measure that.
    room = {"queued.min.messages": 10 * RECORDS, "queued.max.messages.kbytes": 10 * RECORDS * SIZE // 1000}
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic, "auto.offset.reset": "earliest", **room})
    consumer.subscribe([topic])
    seen, began = 0, 0.0
    deadline = time.monotonic() + 120
    while seen < RECORDS and time.monotonic() < deadline:
        seen += len(consumer.consume(1000, timeout=1))
        began = began or time.perf_counter()  # from the first records on: joining the group is not the load
    consumer.close()
    return RECORDS * SIZE / 1e6 / (time.perf_counter() - began)


def _round_trips(bootstrap: str, topic: str, times: int = 500) -> list[float]:
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
    trips = []
    for _ in range(times):
        began = time.perf_counter()
        producer.produce(topic, b"x")
        producer.flush(20)
        trips.append((time.perf_counter() - began) * 1000)
    return trips
