"""A message for one break of several: found for the field of that break by itself, the other fields being left out.

Two schemas that break in three places have one message that breaks, and it may show any of the three. So each place is
searched on its own: for Avro and JSON Schema between two schemas that have only that field, for Protobuf, whose messages
need not set a field, at that field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from stream_contracts.errors import SchemaError
from stream_contracts.schema import format_named
from stream_contracts.schema.compat import Comparison, Direction, parsed
from stream_contracts.schema.format import Source, Witness

SEARCH: Final = 20
"""Values tried for one place."""


def witness_of(form: str, comparison: Comparison, new: Source, at: str) -> Witness | None:
    """A message that breaks at ``at``, whatever else breaks; None where none was found that shows this and no other place."""
    written, read = comparison.former, new
    if comparison.direction is Direction.FORWARD:
        written, read = read, written
    engine = format_named(form)
    try:
        if engine.proof is not None:
            return engine.proof(parsed(engine, written), parsed(engine, read), at, SEARCH)
        texts = _only(form, json.loads(written.text), json.loads(read.text), tuple(_steps(at)))
        if texts is None:
            return None
        pair = [replace(side, text=json.dumps(text)) for side, text in zip((written, read), texts, strict=True)]
        return engine.decoding(parsed(engine, pair[0]), parsed(engine, pair[1]), SEARCH).witness
    except (SchemaError, ValueError, RecursionError):
        return None  # a type may be defined in a field that was left out


def _only(form: str, writer: Any, reader: Any, steps: tuple[str, ...]) -> tuple[Any, Any] | None:
    if len(steps) < 2 or not isinstance(writer, dict) or not isinstance(reader, dict):
        return None
    if form == "AVRO" and steps[0] == "fields":
        return _only_field(writer, reader, steps[1])
    if form == "JSON" and steps[0] in ("properties", "required"):
        written = writer.get("properties")
        there = steps[0] == "properties" and isinstance(written, dict) and steps[1] in written
        return tuple(_only_property(each, steps[1], there=there) for each in (writer, reader))  # type: ignore[return-value]
    return None


def _only_field(writer: dict[str, Any], reader: dict[str, Any], step: str) -> tuple[Any, Any] | None:
    fields = reader.get("fields")
    if not isinstance(fields, list) or not step.isdecimal() or int(step) >= len(fields) or "fields" not in writer:
        return None
    field = fields[int(step)]
    names = {field["name"], *field.get("aliases", ())}
    wrote = [each for each in writer["fields"] if each["name"] in names]
    return {**writer, "fields": wrote}, {**reader, "fields": [field]}


def _only_property(schema: dict[str, Any], key: str, *, there: bool) -> dict[str, Any]:
    """The schema with one property; ``there`` says that it is always written, so that no message breaks by its absence."""
    found = dict(schema)
    if isinstance(schema.get("properties"), dict):
        found["properties"] = {name: held for name, held in schema["properties"].items() if name == key}
    if there:
        found["required"] = [key]
    elif isinstance(schema.get("required"), list):
        found["required"] = [name for name in schema["required"] if name == key]
        if not found["required"]:
            del found["required"]  # draft-04 wants one at least
    return found


def _steps(pointer: str) -> Iterator[str]:
    for step in pointer.lstrip("#").split("/"):
        if step:
            yield step.replace("~1", "/").replace("~0", "~")
