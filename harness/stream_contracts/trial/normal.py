"""Two outputs are equal when their bytes are, apart from the fields that a contract lets differ.

A value that cannot be decoded has no fields: it is compared as it is, byte for byte, and equals nothing that can be.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import fastavro

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.schema.format import Source
from stream_contracts.schema.framing import unframe
from stream_contracts.workload.writers import Ids, Library

Digest = Callable[[bytes | None, bytes | None], str]
"""(key, value) of a record -> a short name of its content."""


def digester(contract: Contract, pipeline: Pipeline, topic: str) -> Digest:
    """How records of this declared topic are compared for this pipeline."""
    if not pipeline.compare.ignore and pipeline.model is None:
        return digest_of
    decode = decoder(contract, topic)

    def digest(key: bytes | None, value: bytes | None) -> str:
        if value is None:
            return digest_of(key, None)
        try:
            tree = decode(value)
        except Exception:  # fastavro answers broken bytes with whatever goes wrong first
            return digest_of(key, b"undecodable: " + value)
        tree = forgotten(tree, pipeline.compare.ignore)
        return digest_of(key, json.dumps(tree, sort_keys=True, default=repr).encode())

    return digest


def windower(contract: Contract, pipeline: Pipeline, topic: str) -> Callable[[bytes | None], str | None]:
    """What tells the windows of one key apart in records of this topic, where the contract compares windows.

    None for a record without those fields: its key alone says which one it is.
    """
    paths = [path.removeprefix("$.").split(".") for path in pipeline.compare.window]
    if pipeline.compare.how != "windows" or not paths:
        return lambda _: None
    decode = decoder(contract, topic)

    def window(value: bytes | None) -> str | None:
        try:
            tree = None if value is None else decode(value)
        except Exception:  # as above
            return None
        found = [_held(tree, path) for path in paths]
        return None if None in found else json.dumps(found, default=repr)

    return window


def counter(contract: Contract, pipeline: Pipeline, topic: str) -> Callable[[bytes | None], int | None]:
    """How many events a record of this topic says that it counts, where the contract names that field; else None."""
    late = pipeline.promises.late
    if late is None or late.counts is None:
        return lambda _: None
    decode, path = decoder(contract, topic), late.counts.removeprefix("$.").split(".")

    def counted(value: bytes | None) -> int | None:
        try:
            found = None if value is None else _held(decode(value), path)
        except Exception:  # as above
            return None
        return found if type(found) is int else None

    return counted


def digest_of(key: bytes | None, value: bytes | None) -> str:
    """Length-prefixed, so that no two (key, value) pairs run together; None is told from empty."""
    parts = (b"-" if part is None else b"%d:%s" % (len(part), part) for part in (key, value))
    return hashlib.sha256(b"".join(parts)).hexdigest()[:20]


def forgotten(tree: Any, ignore: Sequence[str]) -> Any:
    """A value without the fields that may differ. The value itself is changed."""
    for path in ignore:
        _forget(tree, path.removeprefix("$.").split("."))
    return tree


def digest_of_row(pipeline: Pipeline, row: str) -> str:
    """How the rows of tables are compared: as PostgreSQL writes them, or where a model says what they are, as trees."""
    if pipeline.model is None:
        return digest_of(None, row.encode())
    return digest_of(None, json.dumps(json.loads(row), sort_keys=True, default=repr).encode())


def decoder(contract: Contract, topic: str, ids: Ids | None = None) -> Callable[[bytes], Any]:
    """What reads the values of a declared topic: by its present schema, whichever version wrote them.

    ``ids`` are those of the registry; without them every value is taken for one of the present version.
    """
    schema = contract.topics[topic].value
    if schema is None:
        return json.loads
    library, subject = Library(contract), contract.subject(topic, "value")
    writer = library.current(subject)
    read = READERS[writer.form](writer.source)
    if schema.framing == "none":
        return read
    if ids and writer.form == "AVRO":
        written = {ids[subject, each.source.text]: each.source for each in library.readable(subject)}
        readers: dict[int | None, Callable[[bytes], Any]] = {
            number: _avro(source, writer.source) for number, source in written.items()
        }

        def resolved(value: bytes) -> Any:
            told = unframe(value)
            return readers.get(told.schema_id, read)(told.data)

        return resolved
    protobuf = writer.form == "PROTOBUF"
    return lambda value: read(unframe(value, protobuf=protobuf).data)


def _avro(source: Source, reader: Source | None = None) -> Callable[[bytes], Any]:
    written, wanted = _parsed(source), None if reader is None else _parsed(reader)

    def read(data: bytes) -> Any:
        stream = io.BytesIO(data)
        tree = fastavro.schemaless_reader(stream, written, wanted)
        if stream.tell() != len(data):
            raise ValueError(f"{len(data) - stream.tell()} bytes are left over")
        return tree

    return read


def _parsed(source: Source) -> Any:
    named: dict[str, Any] = {}
    for reference in source.references:
        fastavro.parse_schema(json.loads(reference.text or "null"), named)
    return fastavro.parse_schema(json.loads(source.text), named)


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


def _held(tree: Any, path: list[str]) -> Any:
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _forget(tree: Any, path: list[str]) -> None:
    *parents, last = path
    for name in parents:
        tree = tree.get(name) if isinstance(tree, dict) else None
    if isinstance(tree, dict):
        tree.pop(last, None)
