"""Turns compiled descriptors into the element tree: for schemas sent as base64, and for the files everyone has."""

from __future__ import annotations

import base64
import binascii
import importlib
from functools import cache

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.message import DecodeError

from stream_contracts.schema.protobuf_text import read_text
from stream_contracts.schema.protobuf_tree import Enum, Field, File, Message, Oneof

_LABELS = {
    FieldDescriptorProto.LABEL_OPTIONAL: "optional",
    FieldDescriptorProto.LABEL_REQUIRED: "required",
    FieldDescriptorProto.LABEL_REPEATED: "repeated",
}
_MODULES = {
    "google.protobuf": "any api descriptor duration empty field_mask source_context struct timestamp type wrappers",
    "google.type": "calendar_period color date datetime dayofweek decimal expr fraction interval latlng "
    "localized_text money month phone_number postal_address quaternion timeofday",
}

#: What Confluent's own serializers bring along: tags for fields, and the decimal type of its connectors.
CONFLUENT_FILES = {
    "confluent/meta.proto": """syntax = "proto3";
package confluent;
import "google/protobuf/descriptor.proto";
message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
extend google.protobuf.FileOptions { Meta file_meta = 1088; }
extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }
""",
    "confluent/type/decimal.proto": """syntax = "proto3";
package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
""",
}


@cache
def built_in_files() -> dict[str, File]:
    """The files that a registry knows without being told, by import name."""
    files = {name: read_text(text) for name, text in CONFLUENT_FILES.items()}
    for package, modules in _MODULES.items():
        for module in modules.split():
            serialized = importlib.import_module(f"{package}.{module}_pb2").DESCRIPTOR.serialized_pb
            proto = FileDescriptorProto.FromString(serialized)
            files[proto.name] = file_of(proto)
    return files


def descriptor_in(text: str) -> FileDescriptorProto | None:
    """The ``FileDescriptorProto`` that ``text`` holds in base64, or None where it holds none."""
    try:
        proto = FileDescriptorProto.FromString(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError, DecodeError):
        return None
    return proto if proto.message_type or proto.enum_type else None


def file_of(proto: FileDescriptorProto) -> File:
    """The element tree of a compiled file."""
    proto3 = proto.syntax == "proto3"
    return File(
        proto.package if proto.HasField("package") else None,
        tuple(_message(message, proto3=proto3) for message in proto.message_type),
        tuple(_enum(enum) for enum in proto.enum_type),
        tuple(proto.dependency),
    )


def _message(proto: DescriptorProto, *, proto3: bool) -> Message:
    groups = {field.type_name.rsplit(".", 1)[-1] for field in proto.field if field.type == field.TYPE_GROUP}
    synthetic = {field.oneof_index for field in proto.field if field.proto3_optional}
    fields: list[Field] = []
    members: list[list[Field]] = [[] for _ in proto.oneof_decl]
    for field in proto.field:
        if field.type == field.TYPE_GROUP:
            continue
        if field.HasField("oneof_index") and not field.proto3_optional and field.oneof_index < len(members):
            members[field.oneof_index].append(_field(field, proto3=proto3, member=True))
        else:
            fields.append(_field(field, proto3=proto3))
    return Message(
        proto.name,
        tuple(fields),
        tuple(Oneof(o.name, tuple(members[at])) for at, o in enumerate(proto.oneof_decl) if at not in synthetic),
        tuple(_message(nested, proto3=proto3) for nested in proto.nested_type if nested.name not in groups),
        tuple(_enum(enum) for enum in proto.enum_type),
        proto.options.map_entry,
    )


def _field(proto: FieldDescriptorProto, *, proto3: bool, member: bool = False) -> Field:
    label = _LABELS[proto.label]
    if member or (proto3 and label == "optional" and not proto.proto3_optional):
        label = ""
    type_ = proto.type_name or FieldDescriptorProto.Type.Name(proto.type).removeprefix("TYPE_").lower()
    return Field(label, type_, proto.name, proto.number)


def _enum(proto: EnumDescriptorProto) -> Enum:
    return Enum(proto.name, tuple((value.number, value.name) for value in proto.value))
