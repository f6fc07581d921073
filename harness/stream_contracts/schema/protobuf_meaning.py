"""When a value means the same to reader and writer: names of fields and constants, and the values themselves."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SINGLE_MESSAGE = (FieldDescriptor.TYPE_MESSAGE, FieldDescriptor.TYPE_GROUP)


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a message type, extensions included, by number and by name."""

    by_number: dict[int, FieldDescriptor]
    by_name: dict[str, FieldDescriptor]


@lru_cache(maxsize=4096)
def shape(message: Descriptor) -> Shape:
    """The fields of a message type; an extension counts as a field that is called by its last name."""
    fields = [*message.fields]
    if message.is_extendable:
        fields += message.file.pool.FindAllExtensions(message)
    return Shape({field.number: field for field in fields}, {field.name: field for field in fields})


def message_of(field: FieldDescriptor) -> Descriptor:
    """The message type of a message field, of a group or of a map (its entry)."""
    assert field.message_type is not None, field.full_name
    return field.message_type


def home_of(field: FieldDescriptor) -> Descriptor:
    """The message that the field belongs to; for an extension the one that it extends."""
    assert field.containing_type is not None, field.full_name
    return field.containing_type


def in_entry(field: FieldDescriptor) -> bool:
    """Whether the field is a half of a map entry."""
    return bool(home_of(field).GetOptions().map_entry)


def is_message(field: FieldDescriptor) -> bool:
    """Whether its values are messages or groups."""
    return field.type in _SINGLE_MESSAGE


def is_map(field: FieldDescriptor) -> bool:
    """Whether it is a map, which is a list of entries on the wire."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def writable(field: FieldDescriptor) -> bool:
    """Whether the field can be set at all: not if its message never ends, because it requires itself."""
    held = field.message_type
    if is_map(field):
        held = message_of(field).fields_by_name["value"].message_type
    return held is None or not endless(held)


@lru_cache(maxsize=4096)
def endless(message: Descriptor) -> bool:
    """Whether no finite message of this type exists: its required fields lead back to themselves."""
    needs: dict[str, set[str]] = {}
    pending = [message]
    while pending:
        here = pending.pop()
        if here.full_name not in needs:
            inner = [field.message_type for field in here.fields if field.is_required and field.message_type]
            needs[here.full_name] = {each.full_name for each in inner}
            pending += inner
    ended: set[str] = set()
    while more := {name for name, inner in needs.items() if name not in ended and inner <= ended}:
        ended |= more
    return message.full_name not in ended


def in_oneof(field: FieldDescriptor) -> str:
    """The name of the oneof that it is a member of; empty for proto3 ``optional``, which is none."""
    oneof = field.containing_oneof
    if oneof is None or (len(oneof.fields) == 1 and oneof.name == f"_{field.name}"):
        return ""
    return str(oneof.name)


def same_field(writer: FieldDescriptor, reader: FieldDescriptor) -> bool:
    """Whether two fields with one number are one field, and not a number that was given away.

    They are if the names are equal. A rename is told from a reuse by its words: all words of one name are in the
    other (``name`` and ``full_name``, ``userId`` and ``user_id``), and neither name lives on under another number.
    The halves of a map entry have no names of their own.
    """
    if writer.name == reader.name:
        return True
    if in_entry(writer) or in_entry(reader):
        return True
    if writer.name in shape(home_of(reader)).by_name or reader.name in shape(home_of(writer)).by_name:
        return False
    before, after = words(writer.name), words(reader.name)
    return "".join(before) == "".join(after) or set(before) <= set(after) or set(after) <= set(before)


def words(name: str) -> list[str]:
    """The words of a name in snake or camel case, in lower case."""
    return [word.lower() for word in _WORDS.findall(name)]


def same_constant(number: int, writer: EnumDescriptor, reader: EnumDescriptor) -> bool:
    """Whether a number means the same in two enums, as far as both of them name it.

    One common alias is enough. The words of the enum's own name, a usual prefix, do not count.
    """
    before, after = _constant_names(writer), _constant_names(reader)
    if number not in before or number not in after:
        return True
    return not before[number].isdisjoint(after[number])


@lru_cache(maxsize=4096)
def _constant_names(enum: EnumDescriptor) -> dict[int, set[str]]:
    prefix = "".join(words(enum.name))
    names: dict[int, set[str]] = {}
    for value in enum.values:
        plain = "".join(words(value.name))
        names.setdefault(value.number, set()).add(plain.removeprefix(prefix) or plain)
    return names


@dataclass(frozen=True, slots=True)
class Loss:
    """A value that did not survive: the fields from the root to it (as the writer knows them), and what happened."""

    path: tuple[int, ...]
    why: str


def loss(writer: Message, reader: Message, path: tuple[int, ...] = ()) -> Loss | None:
    """The first value of ``writer`` that ``reader``, parsed from its bytes, does not show; None if all survived.

    A field that the reader does not have under any number is no loss: it is kept among the unknown fields, and the
    reader never asked for it. This looks at values only and knows none of the rules, so that it can refute them.
    """
    theirs = shape(reader.DESCRIPTOR)
    for number, field in shape(writer.DESCRIPTOR).by_number.items():
        written = wrote(writer, field)
        other = theirs.by_number.get(number)
        place = (*path, number)
        namesake = theirs.by_name.get(field.name)
        if written and namesake is not None and namesake.number != number and not in_entry(field):
            return Loss(place, f"{field.name} has number {namesake.number} there")
        if other is None:
            continue
        if written and not same_field(field, other) and wrote(reader, other):
            return Loss(place, f"{field.name} appears as {other.name}")
        found = _field_loss(writer, field, reader, other, place)
        if found is not None:
            return found
    return None


def wrote(message: Message, field: FieldDescriptor) -> bool:
    """Whether the field is on the wire."""
    value = value_of(message, field)
    if field.is_repeated:
        return len(value) > 0
    if field.has_presence:
        return _has(message, field)
    # -0.0 equals 0.0, and is written all the same.
    return bool(value) or (isinstance(value, float) and math.copysign(1.0, value) < 0)


def _has(message: Message, field: FieldDescriptor) -> bool:
    if field.is_extension:
        return bool(message.HasExtension(cast(Any, field)))
    return message.HasField(field.name)


def value_of(message: Message, field: FieldDescriptor) -> Any:
    """The value of a field or extension; its default where it is unset."""
    return message.Extensions[cast(Any, field)] if field.is_extension else getattr(message, field.name)


def _field_loss(
    writer: Message, field: FieldDescriptor, reader: Message, other: FieldDescriptor, place: tuple[int, ...]
) -> Loss | None:
    if field.is_repeated or other.is_repeated:
        return _list_loss(_elements(writer, field), field, _elements(reader, other), other, place)
    if not wrote(writer, field):
        return None if is_message(field) or in_oneof(field) else _default_loss(writer, field, reader, other, place)
    if is_message(other) and not wrote(reader, other):
        return Loss(place, "the message is not there")
    return _value_loss(value_of(writer, field), field, value_of(reader, other), other, place)


def _default_loss(
    writer: Message, field: FieldDescriptor, reader: Message, other: FieldDescriptor, place: tuple[int, ...]
) -> Loss | None:
    mine, theirs = value_of(writer, field), value_of(reader, other)
    enums = field.enum_type, other.enum_type
    if is_message(other) or (not mine and not theirs and None in enums):
        return None
    found = _value_loss(mine, field, theirs, other, place)
    return found and Loss(place, f"the default {mine!r} is {theirs!r} there")


def _elements(message: Message, field: FieldDescriptor) -> list[Any]:
    if is_map(field):
        return sorted(value_of(message, field).items(), key=lambda entry: repr(entry[0]))
    if field.is_repeated:
        return list(value_of(message, field))
    return [value_of(message, field)] if wrote(message, field) else []


def _list_loss(
    mine: list[Any], field: FieldDescriptor, theirs: list[Any], other: FieldDescriptor, place: tuple[int, ...]
) -> Loss | None:
    if is_map(field) != is_map(other) and is_message(field) and is_message(other):
        mine, theirs = list(_entries(mine, field)), list(_entries(theirs, other))
        mine.sort(key=lambda entry: repr(entry[0]))
        theirs.sort(key=lambda entry: repr(entry[0]))
        return _entries_loss(mine, field, theirs, other, place)
    if len(mine) == 1 and not theirs and not other.is_repeated and not other.has_presence:
        theirs = [0] if not is_message(field) and not mine[0] else theirs
        if theirs:
            return None
    if len(mine) != len(theirs):
        return Loss(place, f"{len(mine)} elements became {len(theirs)}")
    if is_map(field) and is_map(other):
        return _entries_loss(mine, field, theirs, other, place)
    for left, right in zip(mine, theirs, strict=True):
        found = _value_loss(left, field, right, other, place)
        if found is not None:
            return found
    return None


def _entries(elements: list[Any], field: FieldDescriptor) -> Iterator[tuple[Any, Any]]:
    """Map entries as (key, value), whether they come from a map or from the list of messages that it replaces."""
    for element in elements:
        if isinstance(element, tuple):
            yield element
        else:
            numbers = shape(element.DESCRIPTOR).by_number
            parts = [value_of(element, numbers[number]) if number in numbers else None for number in (1, 2)]
            yield parts[0], parts[1]
    del field


def _entries_loss(
    mine: list[Any], field: FieldDescriptor, theirs: list[Any], other: FieldDescriptor, place: tuple[int, ...]
) -> Loss | None:
    if len(mine) != len(theirs):
        return Loss(place, f"{len(mine)} entries became {len(theirs)}")
    ours, others = shape(message_of(field)).by_number, shape(message_of(other)).by_number
    for left, right in zip(mine, theirs, strict=True):
        for at, number in enumerate((1, 2)):
            if number in ours and number in others:
                found = _value_loss(left[at], ours[number], right[at], others[number], (*place, number))
                if found is not None:
                    return found
    return None


def _value_loss(
    mine: Any, field: FieldDescriptor, theirs: Any, other: FieldDescriptor, place: tuple[int, ...]
) -> Loss | None:
    if isinstance(mine, Message) and isinstance(theirs, Message):
        return loss(mine, theirs, place)
    if isinstance(mine, Message) or isinstance(theirs, Message):
        return Loss(place, "a message and a plain value are not the same")
    if isinstance(mine, (str, bytes)) != isinstance(theirs, (str, bytes)):
        return Loss(place, f"{mine!r} reads as {theirs!r}")
    if isinstance(mine, (str, bytes)):
        text = other.type == FieldDescriptor.TYPE_STRING
        if _bytes(mine) != _bytes(theirs) or (text and isinstance(theirs, bytes)):
            return Loss(place, f"{mine!r} reads as {theirs!r}")
        return None
    if mine != theirs and not (mine != mine and theirs != theirs):  # only NaN differs from itself
        return Loss(place, f"{mine!r} reads as {theirs!r}")
    enums = field.enum_type, other.enum_type
    if enums[0] is not None and enums[1] is not None and not same_constant(mine, enums[0], enums[1]):
        return Loss(place, f"the constant {mine} has another name there")
    return None


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
