"""Two outputs are equal when their bytes are, apart from the fields that a contract lets differ."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import fastavro

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.errors import ContractError

Digest = Callable[[bytes | None, bytes | None], str]
"""(key, value) of a record -> a short name of its content."""


def digester(contract: Contract, pipeline: Pipeline, topic: str) -> Digest:
    """How records of this declared topic are compared for this pipeline."""
    paths = [path.removeprefix("$.").split(".") for path in pipeline.compare.ignore]
    if not paths:
        return _digest
    decode = _decoder(contract, topic)

    def digest(key: bytes | None, value: bytes | None) -> str:
        if value is None:
            return _digest(key, None)
        tree = decode(value)
        for path in paths:
            _forget(tree, path)
        return _digest(key, json.dumps(tree, sort_keys=True, default=repr).encode())

    return digest


def _digest(key: bytes | None, value: bytes | None) -> str:
    """Length-prefixed, so that no two (key, value) pairs run together; None is told from empty."""
    parts = (b"-" if part is None else b"%d:%s" % (len(part), part) for part in (key, value))
    return hashlib.sha256(b"".join(parts)).hexdigest()[:20]


def _decoder(contract: Contract, topic: str) -> Callable[[bytes], Any]:
    schema = contract.topics[topic].value
    if schema is None:
        return json.loads
    path = contract.path(schema)
    if path.suffix != ".avsc":
        place = contract.place("topics", topic, "value")
        why = f"compare.ignore needs an Avro schema to look into {topic}, found {path.name}"
        raise ContractError([(str(place), why)])
    parsed = fastavro.parse_schema(json.loads(path.read_text(encoding="utf-8")))
    return lambda value: fastavro.schemaless_reader(io.BytesIO(value), parsed, None)


def _forget(tree: Any, path: list[str]) -> None:
    *parents, last = path
    for name in parents:
        tree = tree.get(name) if isinstance(tree, dict) else None
    if isinstance(tree, dict):
        tree.pop(last, None)
