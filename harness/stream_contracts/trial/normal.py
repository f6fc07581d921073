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
from stream_contracts.schema.format import Source
from stream_contracts.schema.framing import unframe
from stream_contracts.workload.writers import Library

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
    writer = Library(contract).current(contract.subject(topic, "value"))
    read = READERS[writer.form](writer.source)
    if schema.framing == "none":
        return read
    protobuf = writer.form == "PROTOBUF"
    return lambda value: read(unframe(value, protobuf=protobuf).data)


def _avro(source: Source) -> Callable[[bytes], Any]:
    named: dict[str, Any] = {}
    for reference in source.references:
        fastavro.parse_schema(json.loads(reference.text or "null"), named)
    parsed = fastavro.parse_schema(json.loads(source.text), named)

    def read(data: bytes) -> Any:
        stream = io.BytesIO(data)
        tree = fastavro.schemaless_reader(stream, parsed, None)
        if stream.tell() != len(data):
            raise ValueError(f"{len(data) - stream.tell()} bytes are left over")
        return tree

    return read


def _protobuf(source: Source) -> Callable[[bytes], Any]:
    """The first message type of the file, by field names; a field that it has not is none that could be ignored."""
    from google.protobuf.message_factory import GetMessageClass

    from stream_contracts.schema.protobuf_protoc import compiled
    from stream_contracts.schema.protobuf_values import picture

    message = GetMessageClass(next(iter(compiled(source).messages.values())))

    def read(data: bytes) -> Any:
        found = message.FromString(data)
        tree = picture(found)
        found.DiscardUnknownFields()
        # What the schema does not know cannot be shown, and still tells two messages apart.
        return tree if found.ByteSize() == len(data) else {**tree, "": data.hex()}

    return read


READERS: dict[str, Callable[[Source], Callable[[bytes], Any]]] = {
    "AVRO": _avro,
    "JSON": lambda _: json.loads,
    "PROTOBUF": _protobuf,
}
"""Format -> what makes the reader of a value by its schema: bytes to a tree of its fields."""


def _forget(tree: Any, path: list[str]) -> None:
    *parents, last = path
    for name in parents:
        tree = tree.get(name) if isinstance(tree, dict) else None
    if isinstance(tree, dict):
        tree.pop(last, None)
