"""fastavro around our schemas: what a producer writes with one of them and a consumer reads with another."""

from __future__ import annotations

import base64
import datetime as dt
import io
import math
import uuid
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import fastavro

from stream_contracts.schema.avro_model import ABSENT, Array, AvroSchema, Enum, Field, Fixed, Map, Node, Record, Union


class Compiled:
    """A schema as fastavro holds it, each half made when it is asked for.

    ``writing`` has no defaults: they have no part in the encoding, and fastavro refuses to write with bad ones.
    """

    def __init__(self, schema: AvroSchema) -> None:
        self._schema = schema
        self.reading: Any = None
        self.refusal = self.unwritable = ""
        """Why fastavro does not take the schema for reading, or for writing; nothing where it does."""
        try:
            whole = schema.document if schema.local else written_out(schema, defaults=True)
            self.reading = fastavro.parse_schema(whole)
        except Exception as error:
            self.refusal = _said(error)

    @cached_property
    def writing(self) -> Any:
        """What fastavro writes with; None where it refuses, and ``unwritable`` says why."""
        try:
            return fastavro.parse_schema(written_out(self._schema, defaults=False))
        except Exception as error:
            self.unwritable = _said(error)
            return None


@lru_cache(maxsize=512)
def compiled(schema: AvroSchema) -> Compiled:
    """Hand a schema to fastavro: as its author wrote it, or with the references written out."""
    return Compiled(schema)


def encode(schema: Compiled, value: Any) -> bytes:
    """The bytes of a value, without a header; raises what fastavro raises."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, schema.writing, value)
    return stream.getvalue()


def decode(writer: Compiled, reader: Compiled | None, data: bytes, *, naming: bool = False) -> Any:
    """What a consumer gets; ``naming`` asks for the names of branches. Raises what fastavro raises."""
    known = None if reader is None else reader.reading
    return fastavro.schemaless_reader(io.BytesIO(data), writer.reading, known, return_named_type=naming)


def written_out(schema: AvroSchema, *, defaults: bool) -> Any:
    """The JSON of a schema with every named type defined where it is first used."""
    return _json(schema.root, set(), defaults=defaults)


def _json(node: Node, done: set[str], *, defaults: bool) -> Any:
    if isinstance(node, Union):
        return [_json(branch, done, defaults=defaults) for branch in node.branches]
    if isinstance(node, Array):
        return {"type": "array", "items": _json(node.items, done, defaults=defaults)}
    if isinstance(node, Map):
        return {"type": "map", "values": _json(node.values, done, defaults=defaults)}
    if not isinstance(node, Record | Enum | Fixed):
        return {"type": node.type, **dict(_logical(node))} if node.logical else node.type
    if node.fullname in done:
        return node.fullname
    done.add(node.fullname)
    space, _, name = node.fullname.rpartition(".")
    written: dict[str, Any] = {"type": node.type, "name": name, "namespace": space, **dict(_logical(node))}
    if node.aliases:
        written["aliases"] = list(dict.fromkeys([*node.aliases, *node.bare]))
    if isinstance(node, Record):
        written["fields"] = [_field(field, done, defaults=defaults) for field in node.fields]
    elif isinstance(node, Enum):
        written["symbols"] = list(node.symbols)
        if node.default is not None:
            written["default"] = node.default
    else:
        written["size"] = node.size
    return written


def _field(field: Field, done: set[str], *, defaults: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"name": field.name, "type": _json(field.node, done, defaults=defaults)}
    if field.aliases:
        written["aliases"] = list(field.aliases)
    if defaults and field.default is not ABSENT:
        written["default"] = field.default
    return written


def _logical(node: Node) -> Iterator[tuple[str, Any]]:
    if node.logical:
        yield "logicalType", node.logical.name
        if node.logical.precision is not None:
            yield "precision", node.logical.precision
        if node.logical.scale is not None:
            yield "scale", node.logical.scale


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"


def json_ready(value: Any) -> Any:
    """A decoded value as JSON shows it: named branches as ``{name: value}``, bytes in base64, moments as text."""
    if isinstance(value, tuple):
        return None if value[1] is None else {value[0]: json_ready(value[1])}
    if isinstance(value, dict):
        return {key: json_ready(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [json_ready(inner) for inner in value]
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal | uuid.UUID) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
