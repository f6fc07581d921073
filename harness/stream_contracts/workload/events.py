"""The events that a pipeline is fed: drawn from the schemas of its contract, from one seed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import fastavro

from stream_contracts.contract.model import Contract, Role, Schema
from stream_contracts.errors import ContractError, UsageError
from stream_contracts.workload.values import Undrawable, Values, below


@dataclass(frozen=True, slots=True)
class Event:
    """One record to send: ``id`` counts from 0 in feed order, ``topic`` is the name in the contract."""

    id: int
    topic: str
    key: bytes | None
    value: bytes | None


def draw(contract: Contract, pipeline_name: str, *, seed: int) -> tuple[Event, ...]:
    """Draw the input of one pipeline: the same contract and seed give the same bytes, everywhere and always.

    Keys are skewed (the n-th has 1/n of the weight of the first); each topic that the pipeline reads gets an event if
    there are enough. A topic without a value schema gets ``{"event": id}``, one without a key schema ``key-<n>``.
    Raises UsageError for a pipeline that the contract has not, ContractError for a schema that gives no values.
    """
    if pipeline_name not in contract.pipelines:
        known = ", ".join(contract.pipelines) or "none"
        raise UsageError(f"{contract.file}: there is no pipeline {pipeline_name!r}; known pipelines: {known}")
    pipeline = contract.pipelines[pipeline_name]
    count, topics = pipeline.workload.events, pipeline.reads
    keys = {topic: _keys(contract, topic, pipeline.workload.keys, seed) for topic in topics}
    values = {topic: _series(contract, topic, "value", seed, topic) for topic in topics}
    return tuple(_event(number, topics, keys, values, seed) for number in range(count))


Series = Iterator[bytes]


def _event(
    number: int, topics: tuple[str, ...], keys: dict[str, list[bytes]], values: dict[str, Series | None], seed: int
) -> Event:
    turn = number if number < len(topics) else below(len(topics), seed, "topic", number)
    topic = topics[turn]
    series = values[topic]
    value = next(series) if series else json.dumps({"event": number}).encode()
    return Event(number, topic, _skewed(keys[topic], seed, number), value)


def _skewed(keys: list[bytes], seed: int, number: int) -> bytes:
    weights = list(accumulate(1_000_000 // place for place in range(1, len(keys) + 1)))
    hit = below(weights[-1], seed, "key", number)
    return next(key for key, weight in zip(keys, weights, strict=True) if hit < weight)


def _keys(contract: Contract, topic: str, count: int, seed: int) -> list[bytes]:
    """Up to ``count`` distinct keys: fewer where the key schema has not so many values."""
    schema = contract.topics[topic].key
    # Topics that share a key schema share their keys, so that a join finds partners.
    series = _series(contract, topic, "key", seed, schema.file if schema else "")
    if series is None:
        return [f"key-{n}".encode() for n in range(count)]
    return list(dict.fromkeys(islice(series, 4 * count + 16)))[:count]


def _series(contract: Contract, topic: str, role: Role, seed: int, salt: str) -> Series | None:
    """The encoded values of a topic's schema, without end; None where it has no schema."""
    schema: Schema | None = getattr(contract.topics[topic], role)
    if schema is None:
        return None
    where = str(contract.place("topics", topic, role, "framing"))
    if schema.framing != "none":
        raise ContractError([(where, f"found framing {schema.framing!r}; events can be drawn for 'none' only")])
    place = str(contract.place("topics", topic, role, "schema"))
    if not schema.file.endswith(".avsc"):
        raise ContractError([(place, f"events can be drawn from Avro schemas (.avsc) only; found {schema.file!r}")])
    return _encoded(place, contract.path(schema), seed, salt, role)


def _encoded(place: str, file: Path, *where: object) -> Series:
    """Draw and encode without end."""
    try:
        encode, values = _avro(json.loads(file.read_text("utf-8")), *where)
        while True:
            yield encode(values.next())
    except (Undrawable, OSError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        # some of what is wrong with a schema shows only when a value is drawn or encoded
        told = str(error) if isinstance(error, Undrawable) else f"{type(error).__name__}: {error}"
        raise ContractError([(place, f"{file}: nothing can be drawn from this schema: {told}")]) from error


def _avro(written: Any, *where: object) -> tuple[Callable[[Any], bytes], Values]:
    named: dict[str, Any] = {}
    try:
        parsed: Any = fastavro.parse_schema(written, named)
    except Exception as error:  # fastavro answers a malformed schema with whatever goes wrong first
        raise Undrawable(f"{type(error).__name__}: {error}") from error

    def encode(value: Any) -> bytes:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, value)
        return buffer.getvalue()

    return encode, Values(parsed, named, *where)
