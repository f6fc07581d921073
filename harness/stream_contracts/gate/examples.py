"""Changes of schemas that show a difference kind: each is judged in the tests, and gives that very kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Example(NamedTuple):
    """A schema before and after, and the level at which the registry refuses the change for that reason."""

    before: str
    after: str
    level: str = "BACKWARD"


_ORDER = '{"type": "record", "name": "Order", "fields": [%s]}'
_ID = '{"name": "id", "type": "string"}'
_STATE = '{"type": "enum", "name": "State", "symbols": [%s]}'
_FIXED = '{"type": "fixed", "name": "Hash", "size": %s}'
_OBJECT = '{"type": "object", "additionalProperties": false, "properties": {%s}}'
_PAY = 'syntax = "proto3"; message Pay { %s }'


EXAMPLES: Final[Mapping[tuple[str, str], Example]] = {
    ("AVRO", "READER_FIELD_MISSING_DEFAULT_VALUE"): Example(
        _ORDER % _ID, _ORDER % f'{_ID}, {{"name": "size", "type": "int"}}'
    ),
    ("AVRO", "TYPE_MISMATCH"): Example(_ORDER % _ID, _ORDER % '{"name": "id", "type": "int"}'),
    ("AVRO", "NAME_MISMATCH"): Example(_STATE % '"NEW"', (_STATE % '"NEW"').replace("State", "Status")),
    ("AVRO", "MISSING_ENUM_SYMBOLS"): Example(_STATE % '"NEW", "PAID"', _STATE % '"NEW"'),
    ("AVRO", "FIXED_SIZE_MISMATCH"): Example(_FIXED % 16, _FIXED % 32),
    ("AVRO", "MISSING_UNION_BRANCH"): Example('["null", "string", "int"]', '["null", "string"]'),
    ("JSON", "TYPE_CHANGED"): Example(_OBJECT % '"id": {"type": "string"}', _OBJECT % '"id": {"type": "integer"}'),
    ("JSON", "REQUIRED_ATTRIBUTE_ADDED"): Example(
        '{"type": "object", "properties": {"id": {"type": "string"}}}',
        '{"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}',
    ),
    ("JSON", "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"): Example(
        _OBJECT % '"id": {"type": "string"}, "size": {"type": "integer"}', _OBJECT % '"id": {"type": "string"}'
    ),
    ("JSON", "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"): Example(
        '{"type": "object", "properties": {"id": {"type": "string"}}}',
        '{"type": "object", "properties": {"id": {"type": "string"}, "size": {"type": "integer"}}}',
    ),
    ("JSON", "ENUM_ARRAY_NARROWED"): Example('{"enum": ["NEW", "PAID"]}', '{"enum": ["NEW"]}'),
    ("JSON", "MAX_LENGTH_DECREASED"): Example(
        '{"type": "string", "maxLength": 20}', '{"type": "string", "maxLength": 10}'
    ),
    ("PROTOBUF", "FIELD_SCALAR_KIND_CHANGED"): Example(_PAY % "int32 amount = 1;", _PAY % "string amount = 1;"),
    ("PROTOBUF", "MESSAGE_REMOVED"): Example(
        _PAY % "int32 amount = 1;" + " message Refund { int32 amount = 1; }", _PAY % "int32 amount = 1;"
    ),
    ("PROTOBUF", "REQUIRED_FIELD_ADDED"): Example(
        'syntax = "proto2"; message Pay { optional int32 amount = 1; }',
        'syntax = "proto2"; message Pay { optional int32 amount = 1; required string currency = 2; }',
    ),
}
"""(Format, kind) → the example."""
