"""The 26 kinds of difference between two Protobuf schemas, and which of them a registry allows."""

from __future__ import annotations

from stream_contracts.schema.format import Edition

#: Every kind with what it says. ``{0}`` and ``{1}`` are the old and the new side of the place, where there are two.
SENTENCES = {
    "PACKAGE_CHANGED": "the package was {0} and is {1}",
    "MESSAGE_ADDED": "message {1} is new",
    "MESSAGE_REMOVED": "message {0} is gone",
    "MESSAGE_MOVED": "message {0} stands at another place of its scope",
    "ENUM_ADDED": "enum {1} is new",
    "ENUM_REMOVED": "enum {0} is gone",
    "ENUM_CONST_ADDED": "enum constant {1} is new",
    "ENUM_CONST_CHANGED": "the enum constant was called {0} and is called {1}",
    "ENUM_CONST_REMOVED": "enum constant {0} is gone",
    "FIELD_KIND_CHANGED": "the field was {0} and is {1}: scalar, map and message do not mix",
    "FIELD_SCALAR_KIND_CHANGED": "the field was {0} and is {1}: their encodings differ",
    "FIELD_NAMED_TYPE_CHANGED": "the field was of type {0} and is of type {1}",
    "FIELD_NUMERIC_LABEL_CHANGED": "the number was {0} and is {1}",
    "FIELD_STRING_OR_BYTES_LABEL_CHANGED": "the string or bytes was {0} and is {1}",
    "FIELD_NAME_CHANGED": "the field was called {0} and is called {1}",
    "FIELD_ADDED": "field {1} is new",
    "FIELD_REMOVED": "field {0} is gone",
    "REQUIRED_FIELD_ADDED": "required field {1} is new",
    "REQUIRED_FIELD_REMOVED": "required field {0} is gone",
    "ONEOF_ADDED": "oneof {1} is new",
    "ONEOF_REMOVED": "oneof {0} is gone",
    "ONEOF_FIELD_ADDED": "field {1} is new in its oneof",
    "ONEOF_FIELD_REMOVED": "field {0} is gone from its oneof",
    "ONEOF_FIELD_MOVED_TO_TOP_LEVEL": "field {0} has left its oneof",
    "FIELD_MOVED_TO_EXISTING_ONEOF": "fields that could be set together now share oneof {1}",
    "MULTIPLE_FIELDS_MOVED_TO_ONEOF": "several fields that could be set together moved into oneof {1}",
}

_RELEASED = frozenset(
    {
        "MESSAGE_ADDED",
        "MESSAGE_MOVED",
        "ENUM_ADDED",
        "ENUM_REMOVED",
        "ENUM_CONST_ADDED",
        "ENUM_CONST_CHANGED",
        "ENUM_CONST_REMOVED",
        "FIELD_ADDED",
        "FIELD_REMOVED",
        "FIELD_NAME_CHANGED",
        "FIELD_STRING_OR_BYTES_LABEL_CHANGED",
        "ONEOF_ADDED",
        "ONEOF_REMOVED",
        "ONEOF_FIELD_ADDED",
    }
)

#: What each edition lets pass; every other kind is incompatible.
ALLOWED = {
    Edition.CONFLUENT_7_4: _RELEASED | {"PACKAGE_CHANGED"},
    Edition.CONFLUENT_8_3: _RELEASED,
    Edition.CONFLUENT_NEXT: _RELEASED | {"ONEOF_FIELD_MOVED_TO_TOP_LEVEL"},
}

#: Kinds that an edition does not have.
ABSENT = {
    Edition.CONFLUENT_7_4: frozenset({"ONEOF_FIELD_MOVED_TO_TOP_LEVEL", "FIELD_MOVED_TO_EXISTING_ONEOF"}),
    Edition.CONFLUENT_8_3: frozenset({"ONEOF_FIELD_MOVED_TO_TOP_LEVEL"}),
    Edition.CONFLUENT_NEXT: frozenset[str](),
}
