"""What a JSON Schema says, without notes and without the order of what has none: equal texts accept the same values."""

from __future__ import annotations

import json
import re
from typing import Any

_NOTES = frozenset({"title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly"})
_NAMED = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies", "dependentRequired"}
)
_DATA = frozenset({"enum", "const"})
_UNORDERED = frozenset({"anyOf", "oneOf", "allOf", "required", "enum", "type"})
_INTO_LISTS = re.compile(r'"\$ref": "[^"]*/(?:anyOf|oneOf|allOf|enum|title|default|examples)\b')


def essence(root: Any, others: tuple[tuple[str, Any], ...]) -> str:
    """One text for a schema and its references; where a reference leads into a list, everything counts."""
    text = json.dumps([root, others], sort_keys=True)
    if _INTO_LISTS.search(text):
        return text
    return json.dumps([_schema(root), [(name, _schema(other)) for name, other in others]], sort_keys=True)


def _schema(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {word: _value(word, value) for word, value in schema.items() if word not in _NOTES}


def _value(word: str, value: Any) -> Any:
    if word in _NAMED and isinstance(value, dict):
        value = {name: _schema(held) for name, held in value.items()}
    elif word not in _DATA:
        value = _schema(value)
    if word in _UNORDERED and isinstance(value, list):
        return sorted(value, key=lambda each: json.dumps(each, sort_keys=True))
    return value
