"""Protobuf schemas that come as a compiled descriptor: their .proto text, and what makes two schemas the same one.

Confluent's Python client registers a ``FileDescriptorProto`` in base64 and asks for one with ``format=serialized``; its
Java and Go clients send and read text. The registry keeps text, and tells schemas apart by what they compile to.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any, cast

from google.protobuf import text_encoding, text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from stream_contracts.errors import SchemaError
from stream_contracts.registry.judge import Reading
from stream_contracts.schema.format import Source
from stream_contracts.schema.protobuf_descriptor import descriptor_in
from stream_contracts.schema.protobuf_protoc import compiled

_SCALARS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in FieldDescriptorProto.Type.items()
    if name not in ("TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP")
}
_LABELS = {
    FieldDescriptorProto.LABEL_OPTIONAL: "optional ",
    FieldDescriptorProto.LABEL_REQUIRED: "required ",
    FieldDescriptorProto.LABEL_REPEATED: "repeated ",
}
_LAST_NUMBER = 2**29 - 1


def reading(source: Source) -> Reading:
    """Text to keep and identity of a schema that the registry accepts; one that protoc refuses is known by its text."""
    file = _file_of(source)
    if file is None:
        return Reading(source.text, source.text)
    kept = source.text if descriptor_in(source.text) is None else text(file)
    return Reading(kept, identity(file))


def serialized(source: Source) -> str:
    """The schema as a ``FileDescriptorProto`` in base64; the text itself where protoc refuses it."""
    file = _file_of(source)
    return source.text if file is None else base64.b64encode(file.SerializeToString()).decode()


def _file_of(source: Source) -> FileDescriptorProto | None:
    """The compiled file, read with the options that its own imports define."""
    try:
        linked = compiled(source)
    except SchemaError:
        return None
    name = "google.protobuf.FileDescriptorProto"
    try:
        known = GetMessageClass(linked.pool.FindMessageTypeByName(name))
    except KeyError:
        return FileDescriptorProto.FromString(linked.file.serialized_pb)
    # Another class of the same shape: that of the pool, which knows the options that the imports define.
    return cast("FileDescriptorProto", known.FromString(linked.file.serialized_pb))


def identity(file: FileDescriptorProto) -> str:
    """Equal for files that compile to the same thing: the file's name, comments and implied JSON names left out."""
    bare = FileDescriptorProto.FromString(file.SerializeToString())
    bare.ClearField("name")
    bare.ClearField("source_code_info")
    if bare.syntax == "proto2":
        bare.ClearField("syntax")
    for field in [*bare.extension, *(each for message in bare.message_type for each in _fields(message))]:
        if field.json_name == _json_name(field.name):
            field.ClearField("json_name")
    return base64.b64encode(bare.SerializeToString(deterministic=True)).decode()


def _fields(message: DescriptorProto) -> Iterator[FieldDescriptorProto]:
    yield from message.field
    yield from message.extension
    for nested in message.nested_type:
        yield from _fields(nested)


def _json_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def text(file: FileDescriptorProto) -> str:
    """The .proto text of a descriptor; compiled again it gives the same descriptor, but for comments."""
    return "\n".join(_file(file)) + "\n"


def _file(file: FileDescriptorProto) -> Iterator[str]:
    proto3 = file.syntax == "proto3"
    yield f'syntax = "{file.syntax or "proto2"}";'
    if file.package:
        yield f"package {file.package};"
    yield ""
    for index, name in enumerate(file.dependency):
        how = "public " if index in file.public_dependency else "weak " if index in file.weak_dependency else ""
        yield f'import {how}"{name}";'
    yield from _options(file.options, "")
    for message in file.message_type:
        yield ""
        yield from _message(message, "", proto3)
    for enum in file.enum_type:
        yield ""
        yield from _enum(enum, "")
    yield from _extensions(file.extension, file.message_type, "", proto3)
    for service in file.service:
        yield f"service {service.name} {{"
        yield from _options(service.options, "  ")
        for method in service.method:
            sent = "stream " if method.client_streaming else ""
            back = "stream " if method.server_streaming else ""
            yield f"  rpc {method.name}({sent}{method.input_type}) returns ({back}{method.output_type}) {{"
            yield from _options(method.options, "    ")
            yield "  }"
        yield "}"


def _message(message: DescriptorProto, pad: str, proto3: bool, head: str = "") -> Iterator[str]:
    """A message; a group brings its own ``head``."""
    inner = f"{pad}  "
    maps = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
    groups = {_last(field.type_name) for field in _fields(message) if field.type == field.TYPE_GROUP}
    yield f"{pad}{head or f'message {message.name}'} {{"
    yield from _options(message.options, inner)
    yield from _reserved(message.reserved_range, message.reserved_name, inner, 1)
    for extensible in message.extension_range:
        yield f"{inner}extensions {_range(extensible.start, extensible.end - 1, _LAST_NUMBER)};"
    opened = -1
    for field in message.field:
        member = field.oneof_index if field.HasField("oneof_index") and not field.proto3_optional else -1
        if opened != member and opened >= 0:
            yield f"{inner}}}"
        if opened != member and member >= 0:
            yield f"{inner}oneof {message.oneof_decl[member].name} {{"
            yield from _options(message.oneof_decl[member].options, f"{inner}  ")
        opened = member
        deeper = f"{inner}  " if member >= 0 else inner
        yield from _field(field, deeper, proto3, maps, message.nested_type, bare=member >= 0)
    if opened >= 0:
        yield f"{inner}}}"
    for nested in message.nested_type:
        if nested.name not in maps and nested.name not in groups:
            yield from _message(nested, inner, proto3)
    for enum in message.enum_type:
        yield from _enum(enum, inner)
    yield from _extensions(message.extension, message.nested_type, inner, proto3)
    yield f"{pad}}}"


def _field(
    field: FieldDescriptorProto,
    pad: str,
    proto3: bool,
    maps: dict[str, DescriptorProto],
    nested: Iterable[DescriptorProto],
    *,
    bare: bool,
) -> Iterator[str]:
    entry = maps.get(_last(field.type_name)) if field.type == field.TYPE_MESSAGE else None
    implied = proto3 and field.label == field.LABEL_OPTIONAL and not field.proto3_optional
    label = "" if bare or implied or entry else _LABELS[field.label]
    if field.type == field.TYPE_GROUP:
        group = next(each for each in nested if each.name == _last(field.type_name))
        yield from _message(group, pad, proto3, f"{label}group {group.name} = {field.number}")
        return
    kind = f"map<{_type(entry.field[0])}, {_type(entry.field[1])}>" if entry else _type(field)
    bracket = ", ".join(_bracket(field))
    yield f"{pad}{label}{kind} {field.name} = {field.number}{f' [{bracket}]' if bracket else ''};"


def _type(field: FieldDescriptorProto) -> str:
    return _SCALARS.get(field.type) or field.type_name


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _bracket(field: FieldDescriptorProto) -> Iterator[str]:
    if field.HasField("default_value"):
        quoted = field.type in (field.TYPE_STRING, field.TYPE_BYTES)
        value = field.default_value
        if field.type == field.TYPE_STRING:
            value = text_encoding.CEscape(value.encode(), as_utf8=True)
        yield f'default = "{value}"' if quoted else f"default = {value}"
    if field.json_name and field.json_name != _json_name(field.name):
        yield f'json_name = "{text_encoding.CEscape(field.json_name.encode(), as_utf8=True)}"'
    yield from (f"{name} = {value}" for name, value in _said(field.options))


def _enum(enum: EnumDescriptorProto, pad: str) -> Iterator[str]:
    yield f"{pad}enum {enum.name} {{"
    yield from _options(enum.options, f"{pad}  ")
    yield from _reserved(enum.reserved_range, enum.reserved_name, f"{pad}  ", 0)
    for value in enum.value:
        bracket = ", ".join(f"{name} = {said}" for name, said in _said(value.options))
        yield f"{pad}  {value.name} = {value.number}{f' [{bracket}]' if bracket else ''};"
    yield f"{pad}}}"


def _extensions(
    fields: Iterable[FieldDescriptorProto], nested: Iterable[DescriptorProto], pad: str, proto3: bool
) -> Iterator[str]:
    for field in fields:
        yield f"{pad}extend {field.extendee} {{"
        yield from _field(field, f"{pad}  ", proto3, {}, nested, bare=False)
        yield f"{pad}}}"


def _reserved(ranges: Iterable[Any], names: Iterable[str], pad: str, exclusive: int) -> Iterator[str]:
    """The end of a range is not part of it in messages (``exclusive`` 1), and is in enums (0)."""
    largest = _LAST_NUMBER if exclusive else 2**31 - 1
    for each in ranges:
        yield f"{pad}reserved {_range(each.start, each.end - exclusive, largest)};"
    for name in names:
        yield f'{pad}reserved "{name}";'


def _range(first: int, last: int, largest: int) -> str:
    if first == last:
        return str(first)
    return f"{first} to {'max' if last >= largest else last}"


def _options(options: Message, pad: str) -> Iterator[str]:
    for name, value in _said(options):
        if name != "map_entry":
            yield f"{pad}option {name} = {value};"


def _said(options: Message) -> Iterator[tuple[str, str]]:
    """Every option that is set, an extension as ``(full.name)``; unknown ones cannot be spelled and are left out."""
    for field, value in options.ListFields():
        name = f"({field.full_name})" if field.is_extension else field.name
        for each in value if field.is_repeated else [value]:
            yield name, _value(field, each)


def _value(field: Any, value: Any) -> str:
    if field.type == field.TYPE_MESSAGE:
        return f"{{ {text_format.MessageToString(value, as_one_line=True)} }}"
    if field.type == field.TYPE_ENUM:
        return str(field.enum_type.values_by_number[value].name)
    if field.type == field.TYPE_BOOL:
        return str(value).lower()
    if field.type in (field.TYPE_STRING, field.TYPE_BYTES):
        return f'"{text_encoding.CEscape(value, as_utf8=field.type == field.TYPE_STRING)}"'
    return str(value)
