"""The events that a pipeline is fed: drawn from the schemas of its contract and their former versions, from one seed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from stream_contracts.contract.model import Contract, Pipeline, Role, Schema, Topic
from stream_contracts.errors import ContractError, StreamContractsError, UsageError
from stream_contracts.schema.format import Source
from stream_contracts.schema.framing import Framed, frame
from stream_contracts.workload.dice import HUGE_BYTES, Dice, Undrawable, below
from stream_contracts.workload.times import timed
from stream_contracts.workload.writers import Ids, Library, Writer

SERIES = {
    "AVRO": "stream_contracts.workload.avro_values",
    "PROTOBUF": "stream_contracts.workload.protobuf_values",
    "JSON": "stream_contracts.workload.json_values",
}
"""Format -> the module whose ``series(source, dice)`` draws its values; imported when asked for, not before."""
FIRST_MESSAGE = (0,)
"""The path to the message type that Protobuf records hold: the first one of the file."""
TOMBSTONE_EVERY = 6
"""In a compacted topic about every sixth event is a tombstone."""


FIRST_ADDED_ID = 2_000_000
"""What faults put into the input is numbered from here."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record to send: ``id`` counts from 0 in feed order, ``topic`` is the name in the contract."""

    id: int
    topic: str
    key: bytes | None
    value: bytes | None
    kind: str | None = None
    """What it is beside an ordinary event: ``poison``, or ``skip`` and ``again`` for one that is to have no effect."""
    time_s: float | None = None
    """Its own time, on the clock of the workload; None: the time at which it is sent."""
    again: int | None = None
    """The event that it is once more."""

    @property
    def drawn(self) -> bool:
        """Whether it belongs to the workload, and not to what a fault put into the input."""
        return self.id < FIRST_ADDED_ID


def draw(contract: Contract, pipeline_name: str, *, seed: int, ids: Ids | None = None) -> tuple[Event, ...]:
    """Draw the input of one pipeline: the same contract, seed and ids give the same bytes, everywhere and always.

    Keys are skewed (the n-th has 1/n of the weight of the first); each topic that the pipeline reads gets an event if
    there are enough. A topic without a value schema gets ``{"event": id}``, one without a key schema ``key-<n>``.
    ``ids`` are those of the registry; without them the ones that an empty registry would give. Raises UsageError for a
    pipeline that the contract has not, ContractError for a schema that gives no values.
    """
    if pipeline_name not in contract.pipelines:
        known = ", ".join(contract.pipelines) or "none"
        raise UsageError(f"{contract.file}: there is no pipeline {pipeline_name!r}; known pipelines: {known}")
    pipeline = contract.pipelines[pipeline_name]
    drawing = _Drawing(contract, seed, ids)
    keys = {topic: drawing.keys(topic, pipeline.workload.keys) for topic in pipeline.reads}
    values = {topic: drawing.values(topic) for topic in pipeline.reads}
    places: Counter[str] = Counter()
    events = []
    for number, topic in enumerate(_topics(pipeline, seed)):
        buried = _is_tombstone(contract.topics[topic], seed, topic, places[topic])
        value = None if buried else values[topic](number)
        events.append(Event(number, topic, _skewed(keys[topic], seed, number), value))
        places[topic] += 1
    late = pipeline.promises.late
    # What becomes of each event is seen only where sums say it; elsewhere a fault makes one late, and all others tell of it.
    return tuple(events) if late is None or late.counts is None else timed(events, late.allowed)


def _topics(pipeline: Pipeline, seed: int) -> list[str]:
    """The topic of each event; what is read as a table comes before what is joined with it."""
    reads, numbers = pipeline.reads, range(pipeline.workload.events)
    chosen = [reads[number if number < len(reads) else below(len(reads), seed, "topic", number)] for number in numbers]
    return sorted(chosen, key=lambda topic: topic not in pipeline.tables)


Encoded = Iterator[bytes]


def _is_tombstone(topic: Topic, seed: int, name: str, place: int) -> bool:
    if "compact" not in topic.settings.get("cleanup.policy", ""):
        return False
    return (place + below(TOMBSTONE_EVERY - 1, seed, "tombstone", name)) % TOMBSTONE_EVERY == TOMBSTONE_EVERY - 1


def _skewed(keys: list[bytes], seed: int, number: int) -> bytes:
    weights = list(accumulate(1_000_000 // place for place in range(1, len(keys) + 1)))
    hit = below(weights[-1], seed, "key", number)
    return next(key for key, weight in zip(keys, weights, strict=True) if hit < weight)


@dataclass(frozen=True, slots=True)
class _Drawing:
    contract: Contract
    seed: int
    ids: Ids | None

    def keys(self, topic: str, count: int) -> list[bytes]:
        """Up to ``count`` distinct keys: fewer where the key schema has not so many values."""
        schema = self.contract.topics[topic].key
        if schema is None:
            return [f"key-{n}".encode() for n in range(count)]
        # Topics that share a key schema share their keys, so that a join finds partners.
        [series] = self._series(topic, "key", schema, schema.file, former=False)
        return list(dict.fromkeys(islice(series, 4 * count + 16)))[:count]

    def values(self, topic: str) -> Callable[[int], bytes]:
        """What gives the value of the event of that number."""
        schema = self.contract.topics[topic].value
        if schema is None:
            return lambda number: json.dumps({"event": number}).encode()
        # Bare bytes do not say who wrote them: a reader could not tell a former version.
        series = self._series(topic, "value", schema, topic, former=schema.framing == "confluent")
        first = below(len(series), self.seed, "writer", topic)
        turns = iter(range(first, 1 << 62))
        return lambda _: next(series[next(turns) % len(series)])

    def _series(self, topic: str, role: Role, schema: Schema, salt: str, *, former: bool) -> list[Encoded]:
        """One series for each version that may have written the topic, the present one last."""
        contract = self.contract
        place = str(contract.place("topics", topic, role, "schema"))
        library, subject = Library(contract), contract.subject(topic, role)
        try:
            writers = library.readable(subject) if former else [library.current(subject)]
            ids = self._ids(library) if schema.framing == "confluent" else None
        except StreamContractsError as error:
            raise ContractError([(place, f"nothing can be drawn: {error}")]) from error
        huge = _huge_bytes(contract.topics[topic]) if role == "value" else 0
        series = []
        for writer in writers:
            # The present version is drawn alike with and without former ones beside it.
            version = () if writer is writers[-1] else (writer.path.name,)
            dice = Dice(self.seed, salt, role, *version, huge_bytes=huge)
            encoded = _encoded(place, writer.path, writer.form, writer.source, dice)
            series.append(encoded if ids is None else _framed(encoded, writer, ids))
        return series

    def _ids(self, library: Library) -> Ids:
        return library.numbered() if self.ids is None else self.ids


def _huge_bytes(topic: Topic) -> int:
    """A quarter of the largest record that the topic takes, at most."""
    largest = topic.settings.get("max.message.bytes", "")
    return min(HUGE_BYTES, int(largest) // 4) if largest.isdigit() else HUGE_BYTES


def _framed(encoded: Encoded, writer: Writer, ids: Ids) -> Encoded:
    schema_id = ids[writer.subject, writer.source.text]
    indexes = FIRST_MESSAGE if writer.form == "PROTOBUF" else None
    return (frame(Framed(data, schema_id, indexes=indexes))[0] for data in encoded)


def _encoded(place: str, file: Path, form: str, source: Source, dice: Dice) -> Encoded:
    """Draw and encode without end."""
    draw_from: Any = import_module(SERIES[form]).series
    try:
        yield from draw_from(source, dice)
    except (Undrawable, StreamContractsError, OSError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        # some of what is wrong with a schema shows only when a value is drawn or encoded
        told = (
            str(error) if isinstance(error, Undrawable | StreamContractsError) else f"{type(error).__name__}: {error}"
        )
        raise ContractError([(place, f"{file}: nothing can be drawn from this schema: {told}")]) from error
