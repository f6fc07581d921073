"""Counts that no frame can hold, found before the codec sees them.

The codec makes room for as many entries as an array claims before it reads the first: a broken frame that claims thousands of
millions of them would end the process, and nothing could be said of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from functools import cache, partial
from typing import Any, NamedTuple

from kio.serial._introspect import EntityTupleField, classify_field
from kio.serial._parse import get_field_reader, get_reader
from kio.serial.readers import read_compact_array_length, read_legacy_array_length, read_unsigned_varint

_LARGE = re.compile(rb"[\x80-\xff]{3}[\x01-\xff]")
"""A varint of more than two millions begins so; a frame without one makes no claim that matters."""

Behind = Callable[[memoryview, int], int]
"""From the place of something in a frame to the place behind it."""


class ImpossibleCountError(ValueError):
    """An array claims more entries than there are bytes left."""


class _Step(NamedTuple):
    """A field, or where it is an array each of its entries."""

    behind: Behind
    array: bool


def reject_impossible(entity: Any, frame: memoryview, at: int) -> None:
    """Raise `ImpossibleCountError` where an array of the entity that begins at ``at`` cannot be as long as it says.

    What else is wrong with the frame is for the codec to say. Tagged fields are passed over.
    """
    if entity.__flexible__ and not _LARGE.search(frame):
        return
    try:
        _passed(entity, frame, at)
    except ImpossibleCountError:
        raise
    except Exception:  # the codec stops at the same byte, and says why
        return


def _passed(entity: Any, frame: memoryview, at: int) -> int:
    """The place behind the entity."""
    for step in _steps(entity):
        if not step.array:
            at = step.behind(frame, at)
            continue
        count, size = (read_compact_array_length if entity.__flexible__ else read_legacy_array_length)(frame, at)
        at += size
        count = max(count or 0, 0)
        if count > len(frame) - at:
            raise ImpossibleCountError(f"an array claims {count} entries, and {len(frame) - at} bytes are left")
        for _ in range(count):
            at = step.behind(frame, at)
    return _behind_tags(frame, at) if entity.__flexible__ else at


def _behind_tags(frame: memoryview, at: int) -> int:
    count, size = read_unsigned_varint(frame, at)
    at += size
    for _ in range(count):
        at += read_unsigned_varint(frame, at)[1]
        length, size = read_unsigned_varint(frame, at)
        at += size + length
    return at


@cache
def _steps(entity: Any) -> tuple[_Step, ...]:
    found = []
    for field in fields(entity):
        if "tag" in field.metadata:
            continue
        kind: Any = classify_field(field)
        if not kind.is_array:
            found.append(_Step(_read_by(get_field_reader(entity, field, False, False)), False))
        elif isinstance(kind, EntityTupleField):
            found.append(_Step(partial(_passed, kind.type_), True))
        else:
            found.append(_Step(_read_by(get_reader(field.metadata["kafka_type"], entity.__flexible__, False)), True))
    return tuple(found)


def _read_by(reader: Callable[[memoryview, int], tuple[Any, int]]) -> Behind:
    return lambda frame, at: at + reader(frame, at)[1]
