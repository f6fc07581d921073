"""Protobuf: when does google.protobuf not read, or read something else than, what was written?

A rule looks at one pair of fields with the same number, or at one pair of messages, and yields hits: the number it is
about, what happens, and how the data reads. One function and one row each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from stream_contracts.schema.format import Reads
from stream_contracts.schema.protobuf_meaning import (
    home_of,
    in_oneof,
    is_map,
    is_message,
    same_constant,
    same_field,
    shape,
    writable,
)
from stream_contracts.schema.protobuf_numbers import (
    LENGTH,
    NAMES,
    VARINT,
    ZIGZAG,
    edges,
    may_be_packed,
    packs,
    reread,
    wire_type,
)

_STRING, _BYTES = FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES


class Hit(NamedTuple):
    """What a rule found: the field number, what happens, and how the data reads."""

    number: int
    message: str
    reads: Reads


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A rule about a field of the writer and the field of the reader that has its number."""

    id: str
    check: Callable[[FieldDescriptor, FieldDescriptor], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class MessageRule:
    """A rule about a message of the writer and the message that the reader parses it as."""

    id: str
    check: Callable[[Descriptor, Descriptor], Iterator[Hit]]


def arrives(writer: FieldDescriptor, reader: FieldDescriptor) -> bool:
    """Whether the reader's parser takes the writer's wire type for this field at all."""
    sent = LENGTH if packs(writer) else wire_type(writer)
    return sent == wire_type(reader) or (sent == LENGTH and may_be_packed(reader))


def _content(field: FieldDescriptor) -> str:
    """What is inside of a length-delimited piece of this field."""
    if wire_type(field) != LENGTH:
        return f"packed {wire_type(field)}"
    return {_STRING: "string", _BYTES: "bytes"}.get(field.type, "message")


def _comparable(writer: FieldDescriptor, reader: FieldDescriptor) -> bool:
    """Whether values arrive as numbers of one wire type, so that only their interpretation can differ."""
    return arrives(writer, reader) and wire_type(writer) == wire_type(reader) and writer.type in NUMBERS


NUMBERS = frozenset(range(1, 19)) - {_STRING, _BYTES, FieldDescriptor.TYPE_MESSAGE, FieldDescriptor.TYPE_GROUP}


def wire_type_differs(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """A parser sets aside what does not have the wire type of its field."""
    if not arrives(writer, reader):
        sent = "packed" if packs(writer) else wire_type(writer)
        reads = Reads.FAILS if reader.is_required else Reads.CHANGES
        why = f"{writer.name} is written {sent} ({_type(writer)}) and read {wire_type(reader)} ({_type(reader)})"
        yield Hit(writer.number, f"{why}: the value is lost", reads)


def other_content(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """Text, bytes, messages and packed lists share a wire type and nothing else."""
    if not arrives(writer, reader) or (not packs(writer) and wire_type(writer) != LENGTH):
        return
    sent, read = _content(writer), _content(reader)
    if sent == read or {sent, read} == {"string", "bytes"}:
        return
    harmless = read == "bytes" or (read == "string" and not checks_text(reader))
    why = f"{writer.name} holds {sent} and is read as {read}"
    yield Hit(writer.number, why, Reads.CHANGES if harmless else Reads.FAILS)


def invalid_text(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """Bytes need not be UTF-8; a string must be, and proto3 parsers insist on it."""
    if reader.type != _STRING or writer.type != _BYTES:
        return
    what, reads = ("refused", Reads.FAILS) if checks_text(reader) else ("no text", Reads.CHANGES)
    yield Hit(writer.number, f"{writer.name}: bytes that are not UTF-8 are {what}", reads)


def number_range(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """A smaller type cuts numbers off, an unsigned one turns negatives over, a bool keeps only zero or not."""
    if _comparable(writer, reader) and not _re_encoded(writer, reader):
        yield from _misread(writer, reader)


def number_encoding(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """Zigzag and plain varints, floats and fixed integers: the same bytes are another number."""
    if _comparable(writer, reader) and _re_encoded(writer, reader):
        yield from _misread(writer, reader)


def _misread(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """The first boundary number that the reader sees as another one."""
    for number in edges(writer):
        read = reread(number, writer, reader)
        if read != number:
            why = f"{writer.name}: {number} ({_type(writer)}) reads as {read} ({_type(reader)})"
            yield Hit(writer.number, why, Reads.CHANGES)
            return


def _re_encoded(writer: FieldDescriptor, reader: FieldDescriptor) -> bool:
    if wire_type(writer) == VARINT:
        return (writer.type in ZIGZAG) != (reader.type in ZIGZAG)
    floats = (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE)
    return (writer.type in floats) != (reader.type in floats)


def closed_enum(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """A closed enum drops a number that it does not name; the field then reads as unset."""
    if not _comparable(writer, reader) or reader.enum_type is None or not reader.enum_type.is_closed:
        return
    known = {value.number for value in reader.enum_type.values}
    lost = [int(number) for number in edges(writer) if reread(number, writer, reader) not in known]
    if lost:
        why = f"{writer.name}: {_numbers(lost)} is unknown to the closed enum {reader.enum_type.name} and dropped"
        yield Hit(writer.number, why, Reads.FAILS if reader.is_required else Reads.CHANGES)


def enum_renamed(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """A number with another name has another meaning; both sides must know it for that."""
    if not _comparable(writer, reader) or writer.enum_type is None or reader.enum_type is None:
        return
    changed = [
        value.number
        for value in writer.enum_type.values
        if not same_constant(value.number, writer.enum_type, reader.enum_type)
    ]
    if changed:
        why = f"{writer.name}: {_numbers(changed)} has another name in {reader.enum_type.name}"
        yield Hit(writer.number, why, Reads.CHANGES)


def repeated_to_single(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """Of several values the last one wins, and messages are merged."""
    if writer.is_repeated and not reader.is_repeated and arrives(writer, reader) and not packs(writer):
        yield Hit(writer.number, f"{writer.name} is a list, and only one value is read", Reads.CHANGES)


def map_collapses(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """A list of entries may hold a key twice, a map may not."""
    if is_map(reader) and writer.is_repeated and is_message(writer) and not is_map(writer) and arrives(writer, reader):
        yield Hit(writer.number, f"{writer.name}: entries with an equal key become one", Reads.CHANGES)


def number_reused(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """The number is the field; under another name the old value appears as something else."""
    if not same_field(writer, reader) and arrives(writer, reader):
        why = f"number {writer.number} was {writer.name} and is {reader.name}: old values appear under the new name"
        yield Hit(writer.number, why, Reads.CHANGES)


def default_changed(writer: FieldDescriptor, reader: FieldDescriptor) -> Iterator[Hit]:
    """Defaults are not written; each side fills in its own."""
    if writer.is_repeated or reader.is_repeated or is_message(writer) or is_message(reader):
        return
    if writer.is_required or reader.is_required or in_oneof(writer):
        return
    mine, theirs = _default(writer), _default(reader)
    # repr: a default may be NaN, which differs from itself and not from the other side's.
    if mine != theirs and (mine or theirs) and repr(mine) != repr(theirs):
        why = f"{writer.name}: an unwritten value means {writer.default_value!r} and reads as {reader.default_value!r}"
        yield Hit(writer.number, why, Reads.CHANGES)


def _default(field: FieldDescriptor) -> object:
    value = field.default_value
    return value.encode() if isinstance(value, str) else value


def required_missing(writer: Descriptor, reader: Descriptor) -> Iterator[Hit]:
    """Parsers refuse a message that lacks a required field, and a writer may leave it out."""
    theirs = shape(writer).by_number
    for number, field in shape(reader).by_number.items():
        if field.is_required and (number not in theirs or not theirs[number].is_required):
            why = "never writes it" if number not in theirs else "need not write it"
            yield Hit(number, f"{field.name} is required, and the writer {why}", Reads.FAILS)


def renumbered(writer: Descriptor, reader: Descriptor) -> Iterator[Hit]:
    """A field is found by number: under a new one it is another field."""
    if writer.GetOptions().map_entry or reader.GetOptions().map_entry:
        return
    theirs = shape(reader).by_name
    for name, field in shape(writer).by_name.items():
        if name in theirs and theirs[name].number != field.number and writable(field):
            why = f"{name} had number {field.number} and has {theirs[name].number}: its value is lost under its name"
            yield Hit(field.number, why, Reads.CHANGES)


def oneof_clobbered(writer: Descriptor, reader: Descriptor) -> Iterator[Hit]:
    """Members of a oneof exclude each other; fields that a writer may set together must not end up there."""
    theirs = shape(writer).by_number
    for oneof in reader.oneofs:
        members = [field for field in oneof.fields if field.number in theirs and in_oneof(field)]
        sources: dict[str, FieldDescriptor] = {}
        for field in members:
            source = theirs[field.number]
            if arrives(source, field) and writable(source):
                sources[in_oneof(source) or f"#{source.number}"] = source
        if len(sources) > 1:
            names = ", ".join(source.name for source in sources.values())
            why = f"{names} can be set together, and in oneof {oneof.name} only the last one is left"
            yield Hit(next(iter(sources.values())).number, why, Reads.CHANGES)


def entry_set_aside(writer: Descriptor, reader: Descriptor) -> Iterator[Hit]:
    """A map has no place for more than a key and a value: google.protobuf sets an entry that holds more aside whole."""
    if reader.GetOptions().map_entry:
        for number, field in shape(writer).by_number.items():
            if number not in shape(reader).by_number and writable(field):
                why = f"{field.name} is neither key nor value: an entry that has it is not in the map"
                yield Hit(number, why, Reads.CHANGES)


FIELD_RULES = (
    FieldRule("protobuf-wire-type", wire_type_differs),
    FieldRule("protobuf-other-content", other_content),
    FieldRule("protobuf-invalid-text", invalid_text),
    FieldRule("protobuf-number-range", number_range),
    FieldRule("protobuf-number-encoding", number_encoding),
    FieldRule("protobuf-closed-enum", closed_enum),
    FieldRule("protobuf-enum-renamed", enum_renamed),
    FieldRule("protobuf-repeated-to-single", repeated_to_single),
    FieldRule("protobuf-map-collapses", map_collapses),
    FieldRule("protobuf-number-reused", number_reused),
    FieldRule("protobuf-default-changed", default_changed),
)
MESSAGE_RULES = (
    MessageRule("protobuf-required-missing", required_missing),
    MessageRule("protobuf-renumbered", renumbered),
    MessageRule("protobuf-oneof-clobbered", oneof_clobbered),
    MessageRule("protobuf-entry-set-aside", entry_set_aside),
)


@lru_cache(maxsize=4096)
def checks_text(field: FieldDescriptor) -> bool:
    """Whether this very parser refuses text that is not UTF-8 in the field. It is asked, because editions decide it."""
    tag, invalid = (field.number << 3) | 2, b"\x01\xff"
    data = bytearray()
    while tag > 127:
        data.append(tag & 127 | 128)
        tag >>= 7
    try:
        GetMessageClass(home_of(field)).FromString(bytes([*data, tag]) + invalid)
    except DecodeError:
        return True
    return False


def _type(field: FieldDescriptor) -> str:
    named = field.enum_type or field.message_type
    return f"{NAMES[field.type]} {named.name}" if named is not None else NAMES[field.type]


def _numbers(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:5])
    return shown if len(numbers) <= 5 else f"{shown} and {len(numbers) - 5} more"
