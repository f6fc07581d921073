"""Does a written value survive? The decoded value is held against it, type by type.

A value survives when every part that has a place in the reader's schema is there, equal, and all that the reader fills
in by itself is a value of its type. Numbers are equal by value (5 and 5.0), text and its UTF-8 bytes are equal, a field
that the reader does not have is dropped by design.
"""

from __future__ import annotations

from typing import Any

from stream_contracts.schema.avro_model import Array, Enum, Fixed, Map, Node, Record, Union
from stream_contracts.schema.avro_resolution import ignored, renamed, stolen, taken, targets
from stream_contracts.schema.avro_rules import bad_default, drifted
from stream_contracts.schema.avro_shape import branch_name


def change(writer: Node, reader: Node, value: Any, read: Any, at: str = "") -> str:
    """Say the first thing that did not survive, or nothing; ``value`` names the branch of every union."""
    if ignored(writer, reader):
        return ""
    if isinstance(writer, Union):
        name, inner = value
        branch = next(branch for branch in writer.branches if branch_name(branch) == name)
        return change(branch, reader, inner, read, at)
    chosen = taken(writer, reader)
    if chosen is None:
        return f"{at or 'the value'}: read although the types do not match"
    if isinstance(reader, Union) and drifted(writer, chosen, reader):
        return f"{at or 'the value'}: written as {branch_name(writer)}, read as {branch_name(chosen)}"
    return _inside(writer, chosen, value, read, at)


def _inside(writer: Node, reader: Node, value: Any, read: Any, at: str) -> str:
    if isinstance(writer, Record) and isinstance(reader, Record):
        return _record(writer, reader, value, read, at)
    if isinstance(writer, Array) and isinstance(reader, Array):
        return _items(writer.items, reader.items, dict(enumerate(value)), dict(enumerate(read)), at)
    if isinstance(writer, Map) and isinstance(reader, Map):
        return _items(writer.values, reader.values, value, read, at)
    if isinstance(writer, Fixed) and isinstance(reader, Record | Enum):
        return f"{at or 'the value'}: bytes where a {reader.type} is expected"
    return "" if _equal(value, read) else f"{at or 'the value'}: {value!r} became {read!r}"


def _items(writer: Node, reader: Node, value: dict[Any, Any], read: dict[Any, Any], at: str) -> str:
    if value.keys() != read.keys():
        return f"{at or 'the value'}: {len(value)} items became {len(read)}"
    found = (change(writer, reader, value[key], read[key], f"{at}/{key}") for key in value)
    return next(filter(None, found), "")


def _record(writer: Record, reader: Record, value: dict[str, Any], read: dict[str, Any], at: str) -> str:
    pairs = targets(writer, reader)
    for field, target in pairs:
        if target is not None:
            found = change(field.node, target.node, value[field.name], read[target.name], f"{at}/{target.name}")
            if found:
                return found
    for field, target in stolen(writer, reader):
        if not _equal(plain(value[field.name]), read[target.name]):
            return f"{at}/{target.name}: {plain(value[field.name])!r} was written there, {read[target.name]!r} is read"
    for field, added in renamed(writer, reader):
        if not _equal(plain(value[field.name]), read[added.name]):
            return f"{at}/{field.name}: {plain(value[field.name])!r} is lost, {added.name} is {read[added.name]!r}"
    filled = {target.name for _, target in pairs if target is not None}
    for each in reader.fields:
        if each.name not in filled and bad_default(each.node, each.default):
            return f"{at}/{each.name}: filled with {read[each.name]!r}, which is no value of its type"
    return ""


def _equal(value: Any, read: Any) -> bool:
    if isinstance(value, str) and isinstance(read, bytes):
        return value.encode() == read
    if isinstance(value, bytes) and isinstance(read, str):
        return value == read.encode()
    return bool(value == read)


def plain(value: Any) -> Any:
    """A value without the names of its branches: what fastavro gives back."""
    if isinstance(value, tuple):
        return plain(value[1])
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value
