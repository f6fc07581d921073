"""Two outputs are equal when their bytes are, apart from the fields that a contract lets differ.

A value that cannot be decoded has no fields: it is compared as it is, byte for byte, and equals nothing that can be.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import fastavro

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.errors import ContractError
from stream_contracts.schema.framing import unframe

Digest = Callable[[bytes | None, bytes | None], str]
"""(key, value) of a record -> a short name of its content."""


def digester(contract: Contract, pipeline: Pipeline, topic: str) -> Digest:
    """How records of this declared topic are compared for this pipeline."""
    paths = [path.removeprefix("$.").split(".") for path in pipeline.compare.ignore]
    if not paths:
        return digest_of
    decode = _decoder(contract, topic)

    def digest(key: bytes | None, value: bytes | None) -> str:
        if value is None:
            return digest_of(key, None)
        try:
            tree = decode(value)
        except Exception:  # fastavro answers broken bytes with whatever goes wrong first
            return digest_of(key, b"undecodable: " + value)
        for path in paths:
            _forget(tree, path)
        return digest_of(key, json.dumps(tree, sort_keys=True, default=repr).encode())

    return digest


def digest_of(key: bytes | None, value: bytes | None) -> str:
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
    framed = schema.framing == "confluent"
    return lambda value: _read(parsed, unframe(value).data if framed else value)


def _read(parsed: Any, data: bytes) -> Any:
    """The value that these bytes hold, to the last of them."""
    stream = io.BytesIO(data)
    tree = fastavro.schemaless_reader(stream, parsed, None)
    if stream.tell() != len(data):
        raise ValueError(f"{len(data) - stream.tell()} bytes are left over")
    return tree


def _forget(tree: Any, path: list[str]) -> None:
    *parents, last = path
    for name in parents:
        tree = tree.get(name) if isinstance(tree, dict) else None
    if isinstance(tree, dict):
        tree.pop(last, None)
